"""Connections and their tables as assets that can be materialized: that syncs the connection.

One op for each connection, with the connection and all its tables as outputs. What they look
like is in `account_assets`; how a sync is started and waited for is in `actions`.
"""

# No `from __future__ import annotations` here: Dagster compares the annotation of `context`
# with its classes, and does not resolve text.

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from kada_dagster.config import FivetranAccountSettings
from kada_dagster.fivetran.account_assets import AccountAssets, ConnectionAssets
from kada_dagster.fivetran.actions import SyncOutcome, start
from kada_dagster.fivetran.errors import SyncFailedError
from kada_dagster.fivetran.orchestration import start_options
from kada_dagster.fivetran.reporting import failed_check, note_start, results
from kada_dagster.fivetran.step_errors import action_errors
from kada_dagster.fivetran.watch.names import CHECK_NAME

if TYPE_CHECKING:
    from kada_dagster.fivetran.resource import FivetranResource

_NO_NAME = re.compile(r"[^A-Za-z0-9_]")


def build_assets(assets: AccountAssets) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """All assets of an account."""
    return [
        *(build_connection(assets.settings, found) for found in assets.connections.values()),
        *assets.sources,
    ]


def build_connection(
    settings: FivetranAccountSettings, assets: ConnectionAssets
) -> dg.AssetsDefinition:
    """A connection and its tables; whichever is materialized, the whole connection is synced."""
    connection_id = assets.connection.id

    @dg.multi_asset(
        name=_op_name(settings.name, connection_id),
        can_subset=True,
        check_specs=[_check(assets.spec.key)],
        required_resource_keys={settings.resource_key},
        pool=settings.pool,
        **_ports([assets.spec, *assets.tables]),
    )
    def connection(context: dg.AssetExecutionContext) -> Iterator[Any]:
        op = context.op_execution_context
        forces = settings.start.on_running == "force"
        with action_errors(op, settings, connection_id, forces=forces):
            try:
                outcome = _started(op, settings, connection_id)
            except SyncFailedError as error:
                yield failed_check(assets.spec.key, error)
                raise
        yield from results(context, assets.keys, outcome, settings.sensor.report_tables)

    return connection


def _started(
    context: dg.OpExecutionContext, settings: FivetranAccountSettings, connection_id: str
) -> SyncOutcome:
    resource: FivetranResource = getattr(context.resources, settings.resource_key)
    note_start(context, connection_id)
    with resource.client() as client:
        return start(
            client,
            connection_id,
            start_options(settings.start),
            report=context.log.info,
            clock=resource.clock(),
        )


def _check(key: dg.AssetKey) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        CHECK_NAME, asset=key, description="Whether the last sync of the connection succeeded."
    )


def _ports(specs: Sequence[dg.AssetSpec]) -> dict[str, Any]:
    """Inputs and outputs of a connection's op.

    Dagster names them after their keys, so that the tables `a.b` and `a_b` have one name, and
    `order items` and `größe` none. Where that happens they get names of their own, which takes
    Dagster twice as long to load.
    """
    keys = {spec.key for spec in specs}
    upstream = {d.asset_key: d for s in specs for d in s.deps if d.asset_key not in keys}
    outputs = {spec.key.to_python_identifier() for spec in specs}
    inputs = {re.sub("[.-]", "_", "_".join(key.path)) for key in upstream}
    is_each_apart = len(outputs) == len(keys) and len(inputs) == len(upstream)
    if is_each_apart and all(map(_is_name, outputs | inputs)):
        return {"specs": specs}
    own = {f"asset_{place}": spec for place, spec in enumerate(specs)}
    return {
        "ins": {f"upstream_{place}": _in(dep) for place, dep in enumerate(upstream.values())},
        "outs": {name: _out(spec) for name, spec in own.items()},
        "internal_asset_deps": {n: {d.asset_key for d in s.deps} for n, s in own.items()},
    }


def _is_name(text: str) -> bool:
    return _NO_NAME.search(text) is None


def _in(dep: dg.AssetDep) -> dg.AssetIn:
    return dg.AssetIn(
        dep.asset_key, partition_mapping=dep.partition_mapping, dagster_type=dg.Nothing
    )


def _out(spec: dg.AssetSpec) -> dg.AssetOut:
    bare = spec.replace_attributes(deps=[])  # pyright: ignore[reportUnknownMemberType]
    return dg.AssetOut.from_spec(bare, is_required=False, dagster_type=dg.Nothing)


def _op_name(account: str, connection_id: str) -> str:
    return f"{account}__{_NO_NAME.sub('_', connection_id)}"
