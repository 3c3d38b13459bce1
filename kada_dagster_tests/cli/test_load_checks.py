"""`kada load run` makes the checks of a task behind its last load."""

from __future__ import annotations

import pytest

from kada_dagster_tests.cli.load_project import Load, tables

TASK = "mode: full\nsource: {table: public.a}\ntarget: {ddl: auto}\n"
PASSES = "checks: {row_count: {}, not_null: [id]}\n"
FAILS = "checks: {not_null: [note], BLOCKING}\n"


def chain(load: Load, checks: str, more: str = "") -> Load:
    """A task with checks, and one that waits for it."""
    load.ends.at_source(tables("a") + "INSERT INTO a VALUES (4, NULL)")
    load.write(
        {
            "erp/route.yaml": "source: erp\n",
            "erp/dwh/a/task.yaml": TASK + checks + more,
            "erp/dwh/b/task.yaml": TASK + "depends: [dwh.a]\n",
        }
    )
    return load


def statuses(load: Load, *arguments: str) -> tuple[int, list[str]]:
    said = load("run", "--all", "--json", *arguments)
    return said.code, [line["status"] for line in said.lines]


def test_checks_that_pass_are_told_in_json_and_say_nothing_else(load: Load) -> None:
    said = chain(load, PASSES)("run", "--all", "--json")
    assert said.code == 0, said.err
    line = said.lines[1]
    assert (line["task"], line["status"]) == ("dwh.a", "checked")
    assert {check["name"]: check["passed"] for check in line["checks"]} == {
        "row_count": True,
        "not_null": True,
    }
    assert "checks of dwh.a: checked" in said.err


@pytest.mark.parametrize(
    ("blocking", "last"), [("blocking: false", "loaded"), ("blocking: true", "not run")]
)
def test_a_check_that_fails_ends_with_1_and_stops_what_waits_only_where_that_is_said(
    load: Load, blocking: str, last: str
) -> None:
    chain(load, FAILS.replace("BLOCKING", blocking))
    assert statuses(load) == (1, ["loaded", "failed", last])
    said = load("run", "dwh.a")
    assert said.code == 1
    assert "check failed: dwh.a: not_null: rows without a value: note: 1" in said.err
    assert [row[0] for row in said.cells()] == ["task", "dwh.a"]  # what was loaded is loaded


def test_checks_can_be_left_out(load: Load) -> None:
    chain(load, FAILS.replace("BLOCKING", "blocking: true"))
    assert statuses(load, "--no-checks") == (0, ["loaded", "loaded"])


def test_ranges_are_checked_behind_the_last_of_them_and_only_the_rows_in_them(load: Load) -> None:
    chain(load, "checks: {row_count: {}}\n", "split: {by: id, size: 2, start: 1, end: 5}\n")
    said = load("run", "dwh.a", "--json", "--jobs", "2")
    assert [line["status"] for line in said.lines] == ["loaded", "loaded", "checked"]
    said = load("run", "dwh.a", "--json", "--part", "3")
    assert said.lines[-1]["checks"][0]["facts"]["target_rows"] == 2


def test_where_a_load_failed_nothing_is_checked(load: Load) -> None:
    chain(load, PASSES)
    load.ends.at_source("DROP TABLE a")
    assert statuses(load) == (1, ["failed", "not run", "not run"])
