"""Asking for a re-sync: never beside a sync that runs, never for more than what was named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from kada_dagster.api.errors import ApiCallError, ApiError
from kada_dagster.fivetran.asking import CONFLICT, Ask, Asked, surely
from kada_dagster.fivetran.errors import ResyncUnsupportedError, SchemaConfigMissingError
from kada_dagster.fivetran.readiness import make_ready
from kada_dagster.fivetran.run import Run, waits
from kada_dagster.fivetran.tables import resolve
from kada_dagster.fivetran.verdicts import Baseline

_LOOKING = 30.0
"""Seconds to look for a re-sync whose answer was lost: behind a gateway that gave up it begins
later than others, and to do it twice may cost days."""


def ask_for_tables(run: Run, scope: Mapping[str, Sequence[str]]) -> Asked:
    """Ask for a re-sync of some tables.

    Args:
        run: the action.
        scope: tables by schema, by any of their names; see `tables.resolve`.

    Raises:
        ResyncUnsupportedError: the connection cannot, or not these, or only one at a time.
        KadaError: see `resolve` and `make_ready`.
    """
    found = _resolved(run, scope)

    def post(within: float) -> datetime | None:
        try:
            return run.client.resync_tables(run.connection_id, found, within=within)
        except ApiError as error:
            if error.status != 400:
                raise
            refusal = error
        raise _unsupported(run, refusal)

    return _asked(run, post)


def ask_for_everything(run: Run) -> Asked:
    """Ask for a re-sync of all tables.

    Raises:
        KadaError: see `make_ready` and `FivetranClient.resync`.
    """
    return _asked(run, lambda within: run.client.resync(run.connection_id, within=within))


def _resolved(run: Run, scope: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    config = run.client.schemas(run.connection_id)
    if config is None:
        raise SchemaConfigMissingError(
            f"{run.connection_id}: there is no schema configuration yet, so no table can be found; "
            "sync it once, or reload its schema in Fivetran",
            connection_id=run.connection_id,
        )
    found = resolve(config, scope, run.connection_id)
    listed = "; ".join(f"{schema}: {', '.join(tables)}" for schema, tables in found.items())
    run.report(f"{run.connection_id}: tables to re-sync: {listed}")
    return found


def _asked(run: Run, post: Ask) -> Asked:
    """Ask once no sync runs; where Fivetran says that one does, wait and try again."""
    pauses = waits()
    while True:
        before = make_ready(run, waits_for_running=True)
        try:
            answered = surely(run, before, post, looking=_LOOKING)
        except ApiCallError as error:
            if error.status != CONFLICT:
                raise
            conflict = error
        else:
            run.report(f"{before.name}: a re-sync was asked for")
            return Asked(Baseline.of(before), before.seen_at, answered)
        run.report(f"{conflict}; trying again")
        run.sleep(next(pauses))
        if not run.left:
            raise run.timed_out("a sync that runs keeps the re-sync from being asked for")


def _unsupported(run: Run, refusal: ApiError) -> ResyncUnsupportedError:
    return ResyncUnsupportedError(
        f"{run.name}: Fivetran does not re-sync single tables of this connection "
        f"({refusal.reason or refusal.status}); re-sync all of it, if that is wanted",
        connection_id=run.connection_id,
    )
