"""The four actions, and taking a snapshot, as ops of one account.

Each is a thin face: it reads its configuration, calls the plain layer, and reports.
"""

# No `from __future__ import annotations` here: Dagster looks at the annotations of ops.

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import dagster as dg

from kada_dagster.fivetran import actions
from kada_dagster.fivetran.account_assets import AccountAssets
from kada_dagster.fivetran.reporting import note_failure, note_start, report_sync
from kada_dagster.fivetran.resource import FivetranResource
from kada_dagster.fivetran.run_config import (
    ConnectionConfig,
    ResyncConfig,
    SnapshotConfig,
    SyncConfig,
    with_defaults,
)
from kada_dagster.fivetran.snapshot import refresh
from kada_dagster.fivetran.step_errors import action_errors
from kada_dagster.fivetran.sync_facts import dashboard, snapshot_facts, sync_facts, test_facts

if TYPE_CHECKING:
    from kada_dagster.fivetran.actions import SyncOutcome


def status_op(assets: AccountAssets) -> dg.OpDefinition:
    """Reads a connection; its output is what the API says of it, without secrets."""
    settings = assets.settings

    @dg.op(
        name=_name(assets, "status"),
        description="What Fivetran says of a connection, without its configuration.",
        required_resource_keys={settings.resource_key},
    )
    def status(context: dg.OpExecutionContext, config: ConnectionConfig) -> dict[str, Any]:
        connection_id = config.connection_id
        with (
            action_errors(context, settings, connection_id),
            _resource(context, assets).client() as client,
        ):
            found = actions.status(client, connection_id)
        facts = {"status": dg.MetadataValue.json(found), "dashboard": dashboard(connection_id)}
        context.add_output_metadata(facts)
        return found

    return status


def start_op(assets: AccountAssets) -> dg.OpDefinition:
    """Syncs a connection and waits; reports its asset, and those of its tables."""

    def start(context: dg.OpExecutionContext, config: SyncConfig) -> dict[str, Any]:
        options = config.options()
        action = partial(actions.start, options=options)
        again = {"repeatable": True, "forces": options.on_running == "force"}
        return _synced(context, assets, config.connection_id, action, **again)

    return _sync_op(assets, "start", start, SyncConfig, "Starts a sync and waits for its end.")


def resync_op(assets: AccountAssets) -> dg.OpDefinition:
    """Has tables read again from the beginning. Never done twice: it is not tried again."""

    def resync(context: dg.OpExecutionContext, config: ResyncConfig) -> dict[str, Any]:
        with action_errors(context, assets.settings, config.connection_id):
            config.require_clear()
        action = partial(actions.resync_everything, options=config.options())
        if config.scope:
            action = partial(actions.force_resync, scope=config.scope, options=config.options())
        return _synced(context, assets, config.connection_id, action, repeatable=False)

    text = "Re-syncs single tables, or on express demand the whole connection, and waits."
    return _sync_op(assets, "resync", resync, ResyncConfig, text)


def test_op(assets: AccountAssets) -> dg.OpDefinition:
    """Runs the setup tests of a connection; fails when one of them does."""
    settings = assets.settings

    @dg.op(
        name=_name(assets, "test"),
        description="Runs the setup tests of a connection.",
        required_resource_keys={settings.resource_key},
    )
    def test(context: dg.OpExecutionContext, config: ConnectionConfig) -> None:
        connection_id = config.connection_id
        with (
            action_errors(context, settings, connection_id),
            _resource(context, assets).client() as client,
        ):
            outcome = actions.test(client, connection_id)
        facts = test_facts(connection_id, outcome)
        if not outcome.ok:
            failed = "; ".join(f"{title}: {message}" for title, message in outcome.failed)
            text = f"{connection_id}: setup tests failed: {failed}"
            raise dg.Failure(text, metadata=facts, allow_retries=False)
        context.add_output_metadata(facts)

    return test


def snapshot_op(assets: AccountAssets) -> dg.OpDefinition:
    """Brings the file up to date that assets are made of when the code location loads."""
    settings = assets.settings

    @dg.op(
        name=_name(assets, "snapshot"),
        description="Reads what the account looks like into the file of its snapshot.",
        required_resource_keys={settings.resource_key},
    )
    def snapshot(context: dg.OpExecutionContext, config: SnapshotConfig) -> None:
        with action_errors(context, settings), _resource(context, assets).client() as client:
            report = refresh(
                settings, everything=config.everything, report=context.log.info, client=client
            )
        for warning in report.warnings:
            context.log.warning(warning)
        context.add_output_metadata(snapshot_facts(report))

    return snapshot


def _sync_op(
    assets: AccountAssets,
    action: str,
    compute: Callable[..., dict[str, Any]],
    kind: type[SyncConfig],
    text: str,
) -> dg.OpDefinition:
    """An op whose configuration has the account's defaults."""
    compute.__annotations__["config"] = with_defaults(kind, assets.settings.start)
    decorate = dg.op(
        name=_name(assets, action),
        description=text,
        required_resource_keys={assets.settings.resource_key},
        pool=assets.settings.pool,
    )
    return decorate(compute)


def _synced(
    context: dg.OpExecutionContext,
    assets: AccountAssets,
    connection_id: str,
    action: Callable[..., "SyncOutcome"],
    *,
    repeatable: bool,
    forces: bool = False,
) -> dict[str, Any]:
    settings, keys = assets.settings, assets.keys(connection_id)
    with (
        action_errors(context, settings, connection_id, repeatable=repeatable, forces=forces),
        note_failure(context, keys[0]),
    ):
        note_start(context, connection_id)
        resource = _resource(context, assets)
        with resource.client() as client:
            outcome = action(client, connection_id, report=context.log.info, clock=resource.clock())
    report_sync(context, keys if settings.sensor.report_tables else keys[:1], outcome)
    context.add_output_metadata(sync_facts(outcome))
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(outcome).items()
    }


def _resource(context: dg.OpExecutionContext, assets: AccountAssets) -> FivetranResource:
    return getattr(context.resources, assets.settings.resource_key)


def _name(assets: AccountAssets, action: str) -> str:
    return f"{assets.settings.name}_{action}"
