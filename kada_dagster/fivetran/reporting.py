"""What a run that syncs a connection tells Dagster: that it will, what came of it, what failed.

The sensor sees the same sync; the names of `watch.names` let it leave to the run what the run
reports.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import dagster as dg

from kada_dagster.fivetran.errors import SyncFailedError
from kada_dagster.fivetran.sync_facts import error_facts, sync_facts, table_facts
from kada_dagster.fivetran.watch.names import CHECK_NAME, starting_tag

if TYPE_CHECKING:
    from kada_dagster.fivetran.actions import SyncOutcome

SKIPPED = "skipped"


def note_start(context: dg.OpExecutionContext, connection_id: str) -> None:
    """Say, before anything is sent, that this run will report a sync of the connection."""
    context.instance.add_run_tags(context.run_id, {starting_tag(connection_id): "1"})


@contextmanager
def note_failure(context: dg.OpExecutionContext, key: dg.AssetKey) -> Generator[None]:
    """Let the connection's check fail when its sync does; the error goes on.

    For an op that is no asset's. It is told to the instance, since what a step has logged is lost
    when it fails.
    """
    try:
        yield
    except SyncFailedError as error:
        evaluation = _evaluation(key, False, error_facts(error))
        context.instance.report_runless_asset_event(evaluation)
        raise


def failed_check(key: dg.AssetKey, error: SyncFailedError) -> dg.AssetCheckResult:
    """The check of a connection whose sync has failed, from the step of its asset."""
    return dg.AssetCheckResult(
        passed=False, asset_key=key, check_name=CHECK_NAME, metadata=error_facts(error)
    )


def results(
    context: dg.AssetExecutionContext,
    keys: Sequence[dg.AssetKey],
    outcome: SyncOutcome,
    report_tables: bool,
) -> Iterator[Any]:
    """The results of an asset step. What was synced and not selected is reported as well.

    Args:
        context: of the step.
        keys: the connection's, then those of its tables.
        outcome: of the sync; of one that was skipped nothing is reported.
        report_tables: report tables that were not selected.
    """
    op = context.op_execution_context
    if outcome.status == SKIPPED:
        context.log.warning(f"{outcome.connection_id}: not synced, so nothing is materialized")
        return
    rest: list[dg.AssetKey] = []
    for key in keys:
        if key in context.selected_asset_keys:
            facts = _facts(key, keys, outcome)
            yield dg.MaterializeResult(asset_key=key, metadata=facts)
        elif key == keys[0] or report_tables:
            rest.append(key)
    _log_materializations(op, rest, keys, outcome)
    if context.selected_asset_check_keys:
        yield dg.AssetCheckResult(
            passed=True, asset_key=keys[0], check_name=CHECK_NAME, metadata=table_facts(outcome)
        )
    else:
        _log_check(op, keys[0], outcome)


def report_sync(
    context: dg.OpExecutionContext, keys: Sequence[dg.AssetKey], outcome: SyncOutcome
) -> None:
    """Report a sync from an op that is no asset's.

    Args:
        context: of the step.
        keys: the connection's, then those of its tables that are to be reported.
        outcome: of the sync; of one that was skipped nothing is reported.
    """
    if outcome.status != SKIPPED:
        _log_materializations(context, keys, keys, outcome)
        _log_check(context, keys[0], outcome)


def _log_materializations(
    context: dg.OpExecutionContext,
    some: Sequence[dg.AssetKey],
    keys: Sequence[dg.AssetKey],
    outcome: SyncOutcome,
) -> None:
    for key in some:
        context.log_event(dg.AssetMaterialization(key, metadata=_facts(key, keys, outcome)))


def _facts(key: dg.AssetKey, keys: Sequence[dg.AssetKey], outcome: SyncOutcome) -> dict[str, Any]:
    return sync_facts(outcome) if key == keys[0] else table_facts(outcome)


def _log_check(context: dg.OpExecutionContext, key: dg.AssetKey, outcome: SyncOutcome) -> None:
    evaluation: Any = _evaluation(key, True, table_facts(outcome))
    context.log_event(evaluation)  # which it takes, whatever its annotation says


def _evaluation(key: dg.AssetKey, passed: bool, facts: dict[str, Any]) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=key, check_name=CHECK_NAME, passed=passed, metadata=facts
    )
