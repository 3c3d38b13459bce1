"""Rows that a trigger or a rule of the target keeps out fail the load: none is lost in silence."""

from __future__ import annotations

import pytest

from kada_dagster.loader.errors import TargetError
from kada_dagster_tests.loader.databases import Ends

SOURCE = "source: {table: public.t}\n"
KEYED = f"{SOURCE}key: [id]\n"
TASKS = {
    "full": f"mode: full\n{SOURCE}",
    "incremental": f"mode: incremental\n{SOURCE}cursor: id\n",
    "by key": f"mode: incremental\n{KEYED}cursor: id\n",
    "upsert": f"mode: upsert\n{KEYED}",
    "diff": f"mode: diff\n{KEYED}",
    "history": f"mode: history\n{KEYED}",
    "sql": "mode: sql\nsql: q.sql\n",
}
SELECT = "SELECT i AS id, 'n' || i AS name FROM generate_series(1, 3) AS i"
TRIGGER = """
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {} RETURN NEW; END$$;
CREATE TRIGGER guard BEFORE {} ON t FOR EACH ROW EXECUTE FUNCTION f()
"""
SWALLOWS = "IF NEW.id = 2 THEN RETURN NULL; END IF;"
RULE = "CREATE RULE guard AS ON INSERT TO t WHERE new.id = 2 DO INSTEAD NOTHING"


def make(ends: Ends, mode: str, more: str) -> None:
    """Three rows at the source, and the first of them, older, in a target with a trigger."""
    ends.at_source(f"CREATE TABLE t AS {SELECT}")
    history = ", valid_from timestamptz, valid_to timestamptz, is_current bool"
    key = "" if mode == "history" else " PRIMARY KEY"
    ends.at_target(f"CREATE TABLE t (id int{key}, name text{'' if key else history})")
    ends.at_target(f"INSERT INTO t VALUES (1, 'old'{'' if key else ', now(), NULL, true'})")
    ends.at_target(more)


@pytest.mark.parametrize("mode", TASKS)
def test_rows_that_a_trigger_swallows_fail_the_load(ends: Ends, mode: str) -> None:
    make(ends, mode, TRIGGER.format(SWALLOWS, "INSERT"))
    with pytest.raises(TargetError, match=r"trigger.*Let it take the rows.*or leave them out"):
        ends.load(TASKS[mode], q__sql=SELECT)
    assert ends.at_target("SELECT id, name FROM t") == [(1, "old")]


@pytest.mark.parametrize("mode", ["incremental", "history", "sql"])
def test_so_do_those_a_rule_swallows(ends: Ends, mode: str) -> None:
    make(ends, mode, RULE)
    with pytest.raises(TargetError, match=r"1 rows that were read did not come in.*rule guard"):
        ends.load(TASKS[mode], q__sql=SELECT)
    assert ends.at_target("SELECT id, name FROM t") == [(1, "old")]


def test_versions_that_a_trigger_keeps_open_fail_the_load(ends: Ends) -> None:
    make(ends, "history", TRIGGER.format("RETURN NULL;", "UPDATE"))
    with pytest.raises(TargetError, match=r"1 versions were not closed, because of trigger guard"):
        ends.load(TASKS["history"])
    assert ends.at_target("SELECT id, name FROM t") == [(1, "old")]


@pytest.mark.parametrize("mode", [mode for mode in TASKS if mode != "full"])
def test_a_trigger_that_lets_them_in_is_no_matter(ends: Ends, mode: str) -> None:
    make(ends, mode, TRIGGER.format("", "INSERT OR UPDATE"))
    for _ in range(2):
        ends.load(TASKS[mode], q__sql=SELECT)
    found = ends.at_target("SELECT name FROM t WHERE name <> 'old' ORDER BY id")
    assert found == [("n1",), ("n2",), ("n3",)]


def test_a_trigger_may_put_rows_into_heirs_of_the_table(ends: Ends) -> None:
    """As tables were divided before they could be partitioned."""
    make(ends, "incremental", "CREATE TABLE heir () INHERITS (t)")
    ends.at_target(TRIGGER.format("INSERT INTO heir VALUES (NEW.*); RETURN NULL;", "INSERT"))
    for _ in range(2):
        assert ends.load(TASKS["incremental"]).counts.inserted > 0
    assert ends.at_target("SELECT id FROM ONLY heir ORDER BY 1") == [(1,), (2,), (3,)]


def test_a_trigger_may_write_keys_in_its_own_way(ends: Ends) -> None:
    make(ends, "upsert", TRIGGER.format("NEW.id := NEW.id + 10;", "INSERT"))
    for _ in range(2):
        ends.load(TASKS["upsert"])
    assert ends.at_target("SELECT id FROM t ORDER BY 1") == [(1,), (11,), (12,), (13,)]
