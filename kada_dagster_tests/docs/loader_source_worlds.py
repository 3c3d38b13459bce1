"""The worlds of the pages on what the loader reads: databases, files, APIs, projects of dapu."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import openpyxl

from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster.sandbox.web import Answer, Request
from kada_dagster.sandbox.web.answers import in_json
from kada_dagster_tests.docs.loader_world import pair
from kada_dagster_tests.docs.world import World
from kada_dagster_tests.loader.dapu import projects
from kada_dagster_tests.loader.source.shop_api import SECRET, ShopApi

_LAKE = """
CREATE TABLE sales
    (id integer PRIMARY KEY, amount decimal(10, 2), note varchar, changed timestamptz);
COMMENT ON TABLE sales IS 'What was sold';
INSERT INTO sales SELECT i, i % 100, 'sale ' || i,
    timestamptz '2026-01-01 00:00:00+00' + to_seconds(i) FROM range(1, 100001) r(i)"""
_ORDERS = """\
CREATE SCHEMA IF NOT EXISTS shop;
CREATE TABLE shop.orders (id int, placed date, amount numeric, note text);
"""
_FILES = {
    "routes/drop/route.yaml": "source: drop\ndefaults: {target: {ddl: auto}}\n",
    "routes/drop/shop/orders/ver/001_create.sql": _ORDERS,
    "routes/drop/shop/prices/task.yaml": "mode: file\nsource: {files: {pattern: prices.xlsx}}\n",
    "routes/drop/shop/events/task.yaml": (
        "mode: file\nsource: {files: {pattern: 'e.*', rows: items}}\n"
    ),
    "drop/orders_1.csv": "id;placed;amount;note\n1;03.02.2026;10;a\n2;04.02.2026;20;b\n",
    "drop/orders_2.csv": "id;placed;amount;note\n3;05.02.2026;30;c\n",
    "drop/e.json": '{"total": 2, "items": [{"id": 1, "what": "seen"}, {"id": 2, "what": "sold"}]}',
}  # fmt: skip
_HEAD = "id;placed;amount;note\n"
_BAD_ORDERS = (
    f"{_HEAD}4;06.02.2026;40;d\n5;06.02.2026;much;e\n",
    f"{_HEAD}4;06.02.2026;40;d\n5;06.02.2026;50\n",
    f'{_HEAD}4;06.02.2026;40;a "5" pipe\n',
    f"{_HEAD}4;06.02.2026;40;caf\xe9\n",
)
_HTTP = {
    "routes/shop/route.yaml": "source: shop\n",
    "routes/shop/geo/parcels/task.yaml": """\
        mode: http
        source:
          http:
            path: /parcels
            format: xml
            rows: member/order
            paging: {type: wfs, size: 100}
        target: {ddl: auto}
        """,
}
_DAPU = {
    "conf/sql.yaml": (
        "target: {driver: pg, host: dwh.example, database: dwh, username: me, password: pl4in}\n"
        'erp: {driver: pg, host: erp.example, database: erp, username: reader, password: "%ERP%",'
        " debug: true}\n"
    ),
    "conf/file.yaml": "sheets: {path: /data/sheets}\n",
    "conf/conf.yaml": "APP_NAME: dwh\n",
    "ver/changes.yaml": "- 001.sql\n",
    "routes/erp/route.yaml": "name: The ERP\ntype: sql\nalias: erp\n",
    "routes/erp/dwh/customer/input.sql": "SELECT id, name, changed_at FROM customer\n",
    "routes/plan/route.yaml": "name: Plans\ntype: file\nalias: sheets\n",
    "routes/plan/dwh/budget/haulwork.yaml": """\
        actions:
          - do: excel
            source: {name: budget.xlsx, sheet: 1}
            delete: month
            delete_date_column: day
            insert: simple
            cols:
              - {name: day, from: A, transform: to_date}
              - {name: pin, from: B, transform: to_hash}
        """,
    "routes/calc/route.yaml": "name: What is computed\ntype: sql\n",
    "routes/calc/mart/by_city/haulwork.yaml": """\
        depends: [erp.dwh.customer]
        actions:
          - do: shadow
            input: build.sql
            pkcol: [city]
            afternew: index.sql
        """,
    "routes/calc/mart/by_city/build.sql": (
        "SELECT city, count(*) AS customers FROM dwh.customer GROUP BY 1\n"
    ),
    "routes/calc/mart/by_city/index.sql": (
        "CREATE INDEX ON {{target_schema}}.{{target_table}} (city)\n"
    ),
}


class _Api(ShopApi):
    """The shop's API with the names of the page."""

    _orders = ShopApi._cursor
    _parcels = ShopApi._wfs

    def _token(self, request: Request, authorization: str) -> Answer:
        answer = super()._token(request, authorization)
        return answer if answer.status == 200 else in_json(401, {"error": "invalid_client"})


@contextmanager
def databases_world(server: PostgresServer, folder: Path) -> Generator[World]:
    """A file of DuckDB, and a target."""
    with pair(server, folder, "source", "") as made:
        with duckdb.connect(str(folder / "lake.duckdb")) as lake:
            lake.execute(_LAKE)
        lake_profile = {"type": "sqlalchemy", "url": "duckdb:///lake.duckdb"}
        driver = "Driver={ODBC Driver 18 for SQL Server};Server=old"
        old = {"type": "odbc", "connection_string": driver}
        files = {
            "connections.yaml": made.profiles(lake=lake_profile, old=old),
            "routes/lake/route.yaml": "source: lake\n",
            "routes/old/route.yaml": "source: old\n",
            "routes/old/crm/items/task.yaml": "mode: full\nsource: {table: items}\n",
        }
        made.project(files)
        world = made.world()
        world.copied = False  # a process that has loaded DuckDB has threads and cannot be copied
        yield world


@contextmanager
def files_world(server: PostgresServer, folder: Path) -> Generator[World]:
    """A folder of files in each format; the task of the orders is the page's own."""
    with pair(server, folder, "source", "") as made:
        profile = {"type": "folder", "path": "drop"}
        made.project({"connections.yaml": made.profiles(drop=profile), **_FILES})
        _workbook(folder, ("a", 1), ("b", 2))
        world = made.world()
        world.steps = {**world.steps, "what is refused": lambda: _refusals(world)}
        yield world


@contextmanager
def http_world(server: PostgresServer, folder: Path) -> Generator[World]:
    """An API that wants a token; the task of the orders is the page's own."""
    with pair(server, folder, "source", "") as made, _Api(250) as api:
        auth = {"type": "oauth2", "token_url": f"{api.url}/token", "client_id": "loader"}
        profile = {
            "type": "http",
            "url": f"{api.url}/private",
            "auth": {**auth, "client_secret": "${SHOP_SECRET}"},
        }
        made.project({"connections.yaml": made.profiles(shop=profile), **_HTTP})
        world = made.world()
        world.variables = {"SHOP_SECRET": SECRET}
        yield world


@contextmanager
def dapu_world(_server: PostgresServer, folder: Path) -> Generator[World]:
    """An old project; the task of the customers is the page's own."""
    projects.write(folder / "old", _DAPU)
    yield World(folder)


def _refusals(world: World) -> str:
    """What is said of files that are wrong, each in one way."""
    said: list[str] = []
    orders = world.folder / "drop" / "orders_3.csv"
    for text in _BAD_ORDERS:
        orders.write_bytes(text.encode("latin-1"))
        said.append(_error(world, "shop.orders"))
    orders.unlink()
    said.append(_error(world, "shop.orders"))
    _workbook(world.folder, ("a", 1), ("b", "=1+1"), ("c", "=B2"))
    said.append(_error(world, "shop.prices"))
    task = world.folder / "routes/drop/shop/events/task.yaml"
    good = task.read_text(encoding="utf-8")
    task.write_text(good.replace("items", "itemz"), encoding="utf-8")
    said.append(_error(world, "shop.events"))
    task.write_text(good.replace(", rows: items", ""), encoding="utf-8")
    (world.folder / "drop" / "e.json").unlink()
    (world.folder / "drop" / "e.xml").write_text("<!DOCTYPE e><e><i>1</i></e>", encoding="utf-8")
    return "".join([*said, _error(world, "shop.events")])


def _error(world: World, task: str) -> str:
    printed = world.run(f"kada load run -p . --no-checks {task}")[1]
    return "".join(f"{line}\n" for line in printed.splitlines() if line.startswith("error: "))


def _workbook(folder: Path, *rows: tuple[str, object]) -> None:
    book = openpyxl.Workbook()
    sheet: Any = book.worksheets[0]
    sheet.title = "2026"
    for row in (("name", "price"), *rows):
        sheet.append(row)
    book.save(folder / "drop" / "prices.xlsx")
