"""A year of history: what runs would have stored, without running them.

One window of an asset is told Dagster as any program may tell it; the rows that come of it are
copied for the others in SQL, for it would take hours otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing

import dagster as dg

from bench.big_instance.locations import STEPS
from kada_dagster.sandbox.postgres_server import PostgresServer

_COPY = """
    INSERT INTO event_logs
        (run_id, event, dagster_event_type, timestamp, step_key, asset_key, partition)
    SELECT
        run_id, replace(replace(event, %(path)s, name.path), %(key)s, window_.key),
        dagster_event_type, timestamp, step_key, name.asset_key, window_.key
    FROM event_logs,
        unnest(%(paths)s, %(asset_keys)s) AS name (path, asset_key),
        unnest(%(keys)s) AS window_ (key)
    WHERE id = %(id)s
    ORDER BY window_.key
"""


def add_history(
    server: PostgresServer,
    database: str,
    instance: dg.DagsterInstance,
    sources: Sequence[str],
    keys: Sequence[str],
) -> None:
    """Let all three assets of some sources be materialized for all windows.

    Args:
        server: holds the database.
        database: of Dagster.
        instance: stores there.
        sources: their names.
        keys: of the windows.
    """
    assets = [dg.AssetKey([name, step]) for name in sources for step in STEPS]
    for asset in assets:  # what the list of assets knows of each comes of this
        event = dg.AssetMaterialization(asset, partition=keys[-1])
        instance.report_runless_asset_event(event)
    paths = [json.dumps(list(asset.path)) for asset in assets]
    with closing(server.connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM event_logs WHERE partition IS NOT NULL")
        (number,) = cursor.fetchone() or (None,)
        values = {"path": paths[-1], "key": keys[-1], "id": number, "keys": list(keys[:-1])}
        asset_keys = [asset.to_string() for asset in assets]
        cursor.execute(_COPY, {**values, "paths": paths, "asset_keys": asset_keys})
        cursor.execute("ANALYZE event_logs")
