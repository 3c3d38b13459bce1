"""The world of the page on the loader in Dagster: an ERP whose tables are assets."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.docs.loader_world import pair
from kada_dagster_tests.docs.world import World

_ERP = """
CREATE SCHEMA shop;
CREATE TABLE shop.customers (id int PRIMARY KEY, note text);
INSERT INTO shop.customers SELECT i, NULLIF(i % 10, 0)::text FROM generate_series(1, 500) i;
CREATE TABLE shop.orders (id int PRIMARY KEY, customer int, total numeric(10, 2));
INSERT INTO shop.orders SELECT i, i % 500 + 1, i FROM generate_series(1, 5000) i;
CREATE TABLE shop.events (id int PRIMARY KEY, at timestamp NOT NULL);
INSERT INTO shop.events
    SELECT i, timestamp '2026-11-17' + i * interval '1 hour' FROM generate_series(1, 300) i;
"""
_PROJECT = {
    "routes/erp/route.yaml": "source: erp\nmax_concurrent: 2\ndefaults: {target: {ddl: auto}}\n",
    "routes/erp/shop/customers/task.yaml": """\
        mode: full
        source: {table: shop.customers}
        checks: {not_null: [note]}
        """,
    "routes/erp/shop/events/task.yaml": """\
        mode: full
        source: {table: shop.events}
        split: {by: at, every: day, start: "2026-11-17", end: "2026-11-30"}
        run: {cron: "*/2 * * * *"}
        """,
    "routes/erp/shop/orders/task.yaml": """\
        mode: upsert
        source: {table: shop.orders}
        key: [id]
        run: {cron: "*/2 * * * *", priority: 5, time_limit: 10 minutes}
        checks: {row_count: {}, unique: true}
        """,
    "routes/marts/route.yaml": "description: What is computed\n",
    "routes/marts/mart/revenue/task.yaml": """\
        mode: sql
        sql: build.sql
        depends: [shop.orders, shop.customers]
        """,
    "routes/marts/mart/revenue/build.sql": """\
        SELECT customer, sum(total) AS revenue FROM shop.orders GROUP BY 1
        """,
}
_INSTANCE = "telemetry: {enabled: false}\nconcurrency: {pools: {default_limit: 1}}\n"


@contextmanager
def loader_face_world(server: PostgresServer, folder: Path) -> Generator[World]:
    """An ERP, the project `load` with a task for each of its tables, and a Dagster instance."""
    with pair(server, folder, "erp", _ERP) as made:
        made.project({"connections.yaml": made.profiles(), **_PROJECT}, "load")
        (folder / "kada.yaml").write_text("loader: [{name: dwh, project: load}]\n")
        home = folder / "home"
        home.mkdir()
        (home / "dagster.yaml").write_text(_INSTANCE, encoding="utf-8")
        world = made.world()
        world.variables = {"DAGSTER_HOME": str(home)}
        yield world
