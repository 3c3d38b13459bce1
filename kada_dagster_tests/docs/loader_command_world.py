"""The world of the page on `kada load`: a shop that is loaded into a warehouse."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.docs.loader_world import pair
from kada_dagster_tests.docs.world import World

_SHOP = """
CREATE TABLE customer (id int PRIMARY KEY, name text NOT NULL);
COMMENT ON TABLE customer IS 'Who buys';
INSERT INTO customer SELECT i, 'customer ' || i FROM generate_series(1, 500) i;
CREATE TABLE orders (id int PRIMARY KEY, customer_id int, placed_on date, note text);
INSERT INTO orders SELECT i, i % 500 + 1, date '2026-01-01' + i % 139, 'order ' || i
    FROM generate_series(1, 20000) i;
CREATE TABLE order_lines
    (order_id int, line int, price numeric(10,2), PRIMARY KEY (order_id, line));
INSERT INTO order_lines
    SELECT o, l, o % 100 + l FROM generate_series(1, 20000) o, generate_series(1, 3) l;
CREATE TABLE events (id int PRIMARY KEY, at timestamp NOT NULL);
INSERT INTO events
    SELECT i, timestamp '2026-01-01' + i * interval '1 hour' FROM generate_series(1, 4000) i;
ANALYZE"""
_EVENTS = """\
mode: full
source: {table: public.events}
split: {by: at, every: month, start: "2026-01-01", end: "2026-06-01"}
"""
_CONFIG = """
loader:
  - {name: warehouse, project: warehouse}
"""
_PROJECT = {
    "routes/shop/route.yaml": "source: shop\ndefaults: {target: {ddl: auto}}\n",
    "routes/shop/sales/customer/task.yaml": "mode: full\nsource: {table: public.customer}\n",
    "routes/shop/sales/order_lines/task.yaml": "mode: full\nsource: {table: public.order_lines}\n",
    "routes/shop/sales/orders/task.yaml": """\
        mode: incremental
        source: {table: public.orders}
        key: id
        cursor: id
        checks: {unique: true, not_null: [note]}
        """,
    "routes/mart/route.yaml": "description: What is computed\n",
    "routes/mart/sales/by_day/task.yaml": """\
        mode: sql
        sql: build.sql
        depends: [sales.orders, sales.order_lines]
        """,
    "routes/mart/sales/by_day/build.sql": """\
        SELECT o.placed_on AS day, sum(l.price) AS total
        FROM sales.orders o JOIN sales.order_lines l ON l.order_id = o.id GROUP BY 1
        """,
    "routes/mart/sales/by_day/ver/001_create.sql": """\
        CREATE SCHEMA IF NOT EXISTS sales;
        CREATE TABLE sales.by_day (day date PRIMARY KEY, total numeric);
        """,
}


@contextmanager
def loader_command_world(server: PostgresServer, folder: Path) -> Generator[World]:
    """A shop of a few tables, and the project `warehouse` with a task for each."""
    with pair(server, folder, "shop", _SHOP) as made:
        made.project({"connections.yaml": made.profiles(), **_PROJECT}, "warehouse")
        (folder / "kada.yaml").write_text(_CONFIG, encoding="utf-8")
        (folder / "events.yaml").write_text(_EVENTS, encoding="utf-8")
        yield made.world({
            "an order without a note": ["UPDATE orders SET note = NULL WHERE id = 20000"],
            "order_lines is gone": ["ALTER TABLE order_lines RENAME TO lines"],
            "order_lines is back": ["ALTER TABLE lines RENAME TO order_lines"],
        })  # fmt: skip
