"""Translated projects, run: the target comes to what dapu would have made of it, and no worse."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from kada_dagster.loader.engine.run import LoadResult, run_task
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.loader.dapu.projects import Translated, translated
from kada_dagster_tests.loader.databases import Ends, two_databases
from kada_dagster_tests.loader.source.shop_api import shop

SHOP = """
CREATE TABLE customer (id int PRIMARY KEY, n text, at timestamp);
INSERT INTO customer VALUES (1, 'Anu', '2026-01-01 10:00:00.25'), (2, 'Jaan', '2026-01-02');
"""


@pytest.fixture
def ends(postgres: PostgresServer, tmp_path: Path) -> Iterator[Ends]:
    with two_databases(postgres, tmp_path / "unused") as made:
        made.at_source(SHOP)
        yield made


def run(made: Translated) -> dict[str, LoadResult]:
    """All tasks, in their order."""
    project = made.project
    return {name: run_task(project.tasks[name], project) for name in project.order()}


def profile(ends: Ends, database: str) -> str:
    return (
        f"driver: pg, host: 127.0.0.1, port: {ends.server.port}, database: {database}, "
        "username: postgres"
    )


def of_002(ends: Ends) -> dict[str, str]:
    return {
        "sql.yaml": f"- {{name: dapu, {profile(ends, ends.target)}}}\n"
        f"- {{name: shop, {profile(ends, ends.source)}}}\n",
        "pull/shop/route.yaml": "alias: shop\n",
        "pull/shop/dwh/customer/haulwork.yaml": "actions: [{do: stream, file: q.sql}]\n",
        "pull/shop/dwh/customer/q.sql": "SELECT id, n AS name FROM customer",
        "pull/shop/dwh/customer/ver/001_make.sql": "CREATE TABLE dwh.customer (id int, name text)",
        "pull/calc/route.yaml": "alias: dapu\n",
        "pull/calc/mart/names/haulwork.yaml": "depends: [shop.dwh.customer]\n"
        "actions: [{do: runsql, file: build.sql}]\n",
        "pull/calc/mart/names/build.sql": "TRUNCATE {{target_schema}}.{{target_table}};"
        "INSERT INTO {{target_schema}}.{{target_table}} SELECT string_agg(name, ',' ORDER BY id) "
        "FROM dwh.customer",
        "pull/calc/mart/names/ver/001.sql": "CREATE TABLE mart.names (names text)",
    }


def of_08(ends: Ends) -> dict[str, str]:
    """Three ways to load: by moments, by a shadow, and with history."""
    return {
        "conf/sql.yaml": f"target: {{{profile(ends, ends.target)}}}\n"
        f"shop: {{{profile(ends, ends.source)}}}\n",
        "routes/shop/route.yaml": "alias: shop\n",
        "routes/shop/dwh/customer/haulwork.yaml": "actions: [{do: export, file: q.sql, "
        "cols: [id, name, at], pkcols: [id], changedetection: ts, ts_col: at}]\n",
        "routes/shop/dwh/customer/q.sql": "SELECT id, n, at FROM customer "
        "WHERE at >= '{{last_ts_value}}' ORDER BY at",
        "routes/shop/dwh/customer/ver/001.sql": "CREATE TABLE dwh.customer (id int CONSTRAINT "
        "ak_customer_4_uniq UNIQUE, name text, at timestamp)",
        "routes/calc/route.yaml": "alias: target\n",
        "routes/calc/dwh/initials/haulwork.yaml": "depends: [shop.dwh.customer]\n"
        "actions: [{do: shadow, input: s.sql, pkcol: [id], afternew: i.sql}]\n",
        "routes/calc/dwh/initials/i.sql": "CREATE INDEX ON dwh.initials (initial)",
        "routes/calc/dwh/initials/s.sql": "SELECT id, left(name, 1) AS initial FROM dwh.customer",
        "routes/calc/dwh/customer_scd/haulwork.yaml": "depends: [shop.dwh.customer]\n"
        "actions: [{do: history, imp: dwh.customer, key_columns: [id], "
        "data_columns: [name, at]}]\n",
        "routes/calc/dwh/customer_scd/ver/001.sql": "CREATE TABLE dwh.customer_scd (id int, "
        "name text, at timestamp, dwh_effective_current boolean, dwh_effective_from timestamptz, "
        "dwh_effective_to timestamptz, dwh_reason_start text)",
    }


def test_a_project_of_002_loads(ends: Ends, tmp_path: Path) -> None:
    run(translated(tmp_path, of_002(ends)))
    assert ends.at_target("SELECT * FROM dwh.customer ORDER BY 1") == [(1, "Anu"), (2, "Jaan")]
    assert ends.at_target("SELECT * FROM mart.names") == [("Anu,Jaan",)]


def test_a_project_of_08_loads_and_goes_on_from_its_marks(ends: Ends, tmp_path: Path) -> None:
    made = translated(tmp_path, of_08(ends))
    assert made.said.drafts == ()
    assert run(made)["dwh.customer"].counts.inserted == 2
    assert ends.at_target("SELECT name FROM dwh.customer ORDER BY id") == [("Anu",), ("Jaan",)]
    assert ends.at_target("SELECT initial FROM dwh.initials ORDER BY id") == [("A",), ("J",)]
    ends.at_source(
        "UPDATE customer SET n = 'Juhan', at = '2026-01-03' WHERE id = 2;"
        "INSERT INTO customer VALUES (3, 'Mari', '2026-01-04')"
    )
    second = run(made)
    assert second["dwh.customer"].counts.read == 2
    assert second["dwh.initials"].counts.inserted == 3
    versions = "SELECT name, dwh_effective_current FROM dwh.customer_scd ORDER BY id, 2"
    assert ends.at_target(versions) == [
        ("Anu", True),
        ("Jaan", False),
        ("Juhan", True),
        ("Mari", True),
    ]
    assert run(made)["dwh.initials"].notes["swap"] == "none"
    index = "SELECT count(*) FROM pg_indexes WHERE tablename = 'initials'"
    assert ends.at_target(index) == [(1,)]


def test_what_dapu_has_done_is_adopted_and_not_done_again(ends: Ends, tmp_path: Path) -> None:
    made = translated(tmp_path, of_08(ends))
    ends.at_target(
        "CREATE SCHEMA dwh; CREATE TABLE dwh.customer (id int UNIQUE, name text, at timestamp);"
        "INSERT INTO dwh.customer VALUES (1, 'Anu', '2026-01-01 10:00:00.25');"
        "CREATE TABLE dwh.initials AS SELECT 1 AS id, 'A' AS initial;"
        "CREATE INDEX ON dwh.initials (initial); CREATE SCHEMA meta;"
        "CREATE TABLE meta.registry (task_id text, table_version int, synced_until_ts timestamp);"
        "INSERT INTO meta.registry VALUES ('shop.dwh.customer', 1, '2026-01-02'), "
        "('calc.dwh.customer_scd', 0, NULL)"
    )
    for _ in range(2):
        ends.at_target(made.text("adopt.sql").replace("%", "%%"))
    found = run(made)
    assert "versions" not in found["dwh.customer"].notes
    assert found["dwh.customer"].mark_before == "2026-01-02 00:00:00"
    assert found["dwh.customer"].counts.read == 1
    assert found["dwh.customer_scd"].notes["versions"] == "001.sql"
    assert "versions" not in found["dwh.initials"].notes
    assert ends.at_target("SELECT count(*) FROM dwh.customer") == [(2,)]


def test_a_sheet_of_dapu_loads_its_dates_and_is_taken_once(ends: Ends, tmp_path: Path) -> None:
    sheets = tmp_path / "sheets"
    sheets.mkdir()
    book = Workbook()
    for row in (["Plan"], ["no", "day"], [1, date(2026, 1, 5)], [2, date(2026, 12, 31)]):
        book.active.append(row)  # type: ignore[union-attr]
    book.save(sheets / "plan.xlsx")
    made = translated(
        tmp_path,
        {
            "conf/sql.yaml": f"target: {{{profile(ends, ends.target)}}}\n",
            "conf/file.yaml": f"sheets: {{path: {sheets}}}\n",
            "routes/plan/route.yaml": "type: file\nalias: sheets\n",
            "routes/plan/dwh/plan/haulwork.yaml": "actions: [{do: excel, source: {name: plan.xlsx, "
            "sheet: 1, start_row: 3}, management: hash, delete: none, cols: [{name: id, from: A}, "
            "{name: day, from: B, transform: to_date}]}]\n",
            "routes/plan/dwh/plan/ver/001.sql": "CREATE TABLE dwh.plan (id int, day date)",
        },
    )
    for _ in range(2):
        run(made)
        assert ends.at_target("SELECT * FROM dwh.plan ORDER BY 1") == [
            (1, date(2026, 1, 5)),
            (2, date(2026, 12, 31)),
        ]


def test_an_api_of_dapu_loads_with_its_jmespath(ends: Ends, tmp_path: Path) -> None:
    with shop(3) as api:
        made = translated(
            tmp_path,
            {
                "conf/sql.yaml": f"target: {{{profile(ends, ends.target)}}}\n",
                "routes/shop/route.yaml": f"type: http\nshop: {{url: '{api.url}'}}\n",
                "routes/shop/dwh/orders/haulwork.yaml": "actions: [{do: restapi, api_source: "
                "{api: shop, path: /all}}, {do: json, origin: {type: task}, pkcols: [id], "
                "extract: '[?id > `1`]', cols: [{name: id, from: extract, data: id}, "
                "{name: label, from: extract, data: name, type: text}]}]\n",
                "routes/shop/dwh/orders/ver/001.sql": "CREATE TABLE dwh.orders "
                "(id int PRIMARY KEY, label text)",
            },
        )
        run(made)
    assert ends.at_target("SELECT * FROM dwh.orders ORDER BY 1") == [(2, "order 2"), (3, "order 3")]
