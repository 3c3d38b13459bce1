"""Old rows that a trigger or a rule keeps fail the load: they are never there with the new ones."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from kada_dagster.loader.engine.run import run_task
from kada_dagster.loader.errors import TargetError
from kada_dagster_tests.loader.databases import Ends

RULE = "CREATE RULE keep AS ON DELETE TO t DO INSTEAD NOTHING"
TRIGGER = """
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN {}; END';
CREATE TRIGGER keep BEFORE DELETE ON t FOR EACH ROW EXECUTE FUNCTION f()
"""
TASKS = [
    "mode: full\nsource: {table: public.t}\n",
    "mode: incremental\nsource: {table: public.t}\ncursor: id\n",
    "mode: sql\nsql: q.sql\n",
]
SELECT = "SELECT generate_series(1, 2) AS id"


def make(ends: Ends, more: str) -> None:
    ends.at_source("CREATE TABLE t (id int); INSERT INTO t VALUES (1), (2)")
    ends.at_target(f"CREATE TABLE t (id int); {more}")


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("kept", [RULE, TRIGGER.format("NULL")])
def test_rows_that_stay_fail_the_load(ends: Ends, task: str, kept: str) -> None:
    make(ends, kept)
    ends.load(task, q__sql=SELECT)  # nothing is there to be deleted
    with pytest.raises(TargetError, match=r"old rows are still there.*keep.*mode: upsert"):
        ends.load(task, q__sql=SELECT)
    assert ends.at_target("SELECT id FROM t ORDER BY id") == [(1,), (2,)]


@pytest.mark.parametrize("task", TASKS)
def test_a_trigger_that_lets_them_go_is_no_matter(ends: Ends, task: str) -> None:
    make(ends, TRIGGER.format("OLD"))
    ends.load(task, q__sql=SELECT)
    assert ends.load(task, q__sql=SELECT).counts.deleted > 0
    assert ends.at_target("SELECT id FROM t ORDER BY id") == [(1,), (2,)]


def test_texts_that_the_source_orders_otherwise_are_not_there_twice(ends: Ends) -> None:
    """There `a` is not less than `B`, as in most databases of MySQL; here it may be."""
    ends.folder.mkdir(parents=True)
    with closing(sqlite3.connect(ends.folder / "till.db")) as raw, raw:
        raw.execute("CREATE TABLE t (code TEXT COLLATE NOCASE)")
        raw.execute("INSERT INTO t VALUES ('B'), ('a')")
    ends.at_target('CREATE TABLE t (code text COLLATE "C")')
    target = f"host: 127.0.0.1, port: {ends.server.port}, database: {ends.target}"
    project = ends.read(
        {
            "connections.yaml": f"target: {{type: postgres, {target}, username: postgres}}\n"
            f"till: {{type: sqlite, path: '{ends.folder}/till.db'}}\n",
            "routes/till/route.yaml": "source: till\n",
            "routes/till/public/t/task.yaml": "mode: incremental\nsource: {table: t}\n"
            "cursor: code\n",
        }
    )
    run_task(project.tasks["public.t"], project)
    result = run_task(project.tasks["public.t"], project)
    assert (result.counts.inserted, result.counts.deleted, result.mark_after) == (2, 2, "a")
    assert ends.at_target("SELECT code FROM t ORDER BY 1") == [("B",), ("a",)]
