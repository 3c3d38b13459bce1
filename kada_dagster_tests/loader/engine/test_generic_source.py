"""Modes over a source by way of SQLAlchemy: marks, ranges and keys are values of its columns."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from kada_dagster.loader.engine.run import LoadResult, run_task
from kada_dagster.loader.engine.split import Part
from kada_dagster_tests.loader.databases import Ends

duckdb = pytest.importorskip("duckdb")
pytest.importorskip("duckdb_engine")


def at_source(ends: Ends, *statements: str) -> None:
    ends.folder.mkdir(parents=True, exist_ok=True)
    with closing(duckdb.connect(str(ends.folder / "shop.duckdb"))) as raw:
        for statement in statements:
            raw.execute(statement)


def load(ends: Ends, task: str, part: Part | None = None) -> LoadResult:
    target = f"host: 127.0.0.1, port: {ends.server.port}, database: {ends.target}"
    files = {
        "connections.yaml": (
            f"target: {{type: postgres, {target}, username: postgres}}\n"
            f"shop: {{type: sqlalchemy, url: 'duckdb:///{ends.folder}/shop.duckdb'}}\n"
        ),
        "routes/shop/route.yaml": "source: shop\n",
        "routes/shop/public/t/task.yaml": task,
        "routes/shop/public/t/all.sql": "SELECT * FROM t WHERE name LIKE '%r%'",
    }
    project = ends.read(files)
    return run_task(project.tasks["public.t"], project, part=part)


def rows(ends: Ends) -> list[tuple[Any, ...]]:
    return ends.at_target("SELECT id, name FROM t ORDER BY 1")


TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR, changed TIMESTAMPTZ NOT NULL)"
FIRST = (
    "INSERT INTO t VALUES (1, 'order 1', '2026-01-01 10:00:00.123456+02'), "
    "(2, 'order 2', '2026-01-02 10:00:00.654321+02')"
)
AUTO = "target: {ddl: auto}\n"


def test_a_load_goes_on_from_its_mark(ends: Ends) -> None:
    at_source(ends, TABLE, FIRST)
    task = (
        "mode: incremental\nsource: {query: all.sql}\nkey: id\ncursor: changed\nlag: 1 hour\n"
        f"{AUTO}"
    )
    assert load(ends, task).counts.read == 2
    at_source(
        ends,
        "UPDATE t SET name = 'order 2b', changed = '2026-01-02 10:30:00+02' WHERE id = 2",
        "INSERT INTO t VALUES (3, 'order 3', '2026-01-02 09:30:00.654321+02')",
        "DELETE FROM t WHERE id = 1",
    )
    result = load(ends, task)
    assert (result.counts.read, result.counts.inserted, result.counts.updated) == (2, 1, 1)
    assert result.mark_before == "2026-01-02 08:00:00.654321+00"
    assert result.mark_after == "2026-01-02 08:30:00+00"
    assert rows(ends) == [(1, "order 1"), (2, "order 2b"), (3, "order 3")]


def test_a_range_of_time_is_loaded_alone(ends: Ends) -> None:
    at_source(ends, TABLE, FIRST)
    task = (
        "mode: full\nsource: {table: t}\n"
        "split: {by: changed, every: day, start: '2026-01-01'}\n" + AUTO
    )
    part = Part("2026-01-02", "2026-01-02 00:00:00", "2026-01-03 00:00:00")
    assert load(ends, task, part).counts.read == 1
    assert rows(ends) == [(2, "order 2")]


def test_differences_are_written_and_what_is_gone_is_deleted(ends: Ends) -> None:
    at_source(ends, TABLE, FIRST)
    task = f"mode: diff\nsource: {{table: t}}\nkey: id\n{AUTO}"
    load(ends, task)
    at_source(ends, "DELETE FROM t WHERE id = 1", "UPDATE t SET name = 'changed'")
    counts = load(ends, task).counts
    assert (counts.updated, counts.deleted) == (1, 1)
    assert rows(ends) == [(2, "changed")]
