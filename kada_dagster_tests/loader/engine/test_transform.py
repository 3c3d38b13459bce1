"""Mode sql: a SELECT of the target makes the table, whole or not at all."""

from __future__ import annotations

import pytest

from kada_dagster.loader.errors import EmptySourceError, SchemaMismatchError, TargetError
from kada_dagster_tests.loader.databases import Ends

SQL = "mode: sql\nsql: build.sql\n"


def make(ends: Ends) -> None:
    ends.at_target("CREATE TABLE base (id int, n int); INSERT INTO base VALUES (1, 10), (2, 20)")
    ends.at_target("CREATE TABLE t (id int PRIMARY KEY, n bigint); INSERT INTO t VALUES (9, 9)")


def content(ends: Ends) -> list[tuple[object, ...]]:
    return ends.at_target("SELECT * FROM t ORDER BY 1")


@pytest.mark.parametrize("swap", ["auto", "delete", "truncate"])
def test_the_rows_of_the_select_take_the_place_of_the_old_ones(ends: Ends, swap: str) -> None:
    make(ends)
    task = f"{SQL}target: {{swap: {swap}}}\n"
    result = ends.load(task, build__sql="SELECT id, n * 2 AS n FROM base -- doubled;")
    assert content(ends) == [(1, 20), (2, 40)]
    assert result.counts.inserted == 2
    assert ends.at_target("SELECT conname FROM pg_constraint WHERE conname = 't_pkey'")


def test_a_view_on_the_table_goes_on_and_the_select_may_read_the_table_itself(ends: Ends) -> None:
    make(ends)
    ends.at_target("CREATE VIEW v AS SELECT sum(n) FROM t")
    build = "SELECT id, n::bigint FROM base UNION ALL SELECT id, n + 1 FROM t"
    result = ends.load(SQL, build__sql=build)
    assert content(ends) == [(1, 10), (2, 20), (9, 10)]
    assert "view v" in result.notes["no_rename"]
    assert ends.at_target("SELECT * FROM v") == [(40,)]


@pytest.mark.parametrize("view", ["", "CREATE VIEW v AS SELECT n FROM t"])
def test_a_result_that_is_the_same_changes_nothing_where_the_task_compares(
    ends: Ends, view: str
) -> None:
    make(ends)
    ends.at_target("DELETE FROM t; INSERT INTO t VALUES (1, 10), (2, NULL)")
    ends.at_target(view or "SELECT 1")
    before = ends.at_target("SELECT 't'::regclass::oid, xmin::text, ctid::text, * FROM t")
    same = "SELECT id, nullif(n, 20) AS n FROM base ORDER BY id DESC"
    result = ends.load(f"{SQL}compare: true\n", build__sql=same)
    assert (result.counts.unchanged, result.notes["swap"]) == (2, "none")
    now = ends.at_target("SELECT 't'::regclass::oid, xmin::text, ctid::text, * FROM t")
    assert now == before
    other = "SELECT id, nullif(n, 10) AS n FROM base"
    assert ends.load(f"{SQL}compare: true\n", build__sql=other).counts.inserted == 2
    assert content(ends) == [(1, None), (2, 20)]


def test_columns_of_other_types_are_named_all_at_once(ends: Ends) -> None:
    make(ends)
    build = "SELECT id::numeric AS id, 'x' AS n FROM base"
    with pytest.raises(SchemaMismatchError) as caught:
        ends.load(SQL, build__sql=build)
    assert "id is numeric, in the table integer" in str(caught.value)
    assert "n is text, in the table bigint" in str(caught.value)
    assert content(ends) == [(9, 9)]


def test_an_empty_result_is_an_error_unless_the_task_says_what_it_means(ends: Ends) -> None:
    make(ends)
    nothing = "SELECT id, n FROM base WHERE false"
    with pytest.raises(EmptySourceError):
        ends.load(SQL, build__sql=nothing)
    assert content(ends) == [(9, 9)]
    ends.load(f"{SQL}empty: keep\n", build__sql=nothing)
    assert content(ends) == [(9, 9)]
    ends.load(f"{SQL}empty: replace\n", build__sql=nothing)
    assert content(ends) == []


def test_files_run_before_and_after_are_part_of_the_load(ends: Ends) -> None:
    make(ends)
    task = f"{SQL}before: [a.sql]\nafter: [z.sql]\n"
    files = {
        "a__sql": "CREATE TEMP TABLE extra AS SELECT 3 AS id; INSERT INTO extra VALUES (4)",
        "build__sql": "SELECT id, 100 AS n FROM extra",
        "z__sql": "UPDATE t SET n = n + 1 WHERE id = 4; -- 100%",
    }
    ends.load(task, **files)
    assert content(ends) == [(3, 100), (4, 101)]
    with pytest.raises(TargetError, match=r"z\.sql.*nowhere"):
        ends.load(task, **{**files, "z__sql": "DELETE FROM t; SELECT * FROM nowhere"})
    assert content(ends) == [(3, 100), (4, 101)]


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK", "BEGIN", "DELETE FROM t; COMMIT"])
def test_no_file_can_end_the_transaction_of_the_load(ends: Ends, end: str) -> None:
    make(ends)
    with pytest.raises(TargetError, match=r"a\.sql.*transaction commands"):
        ends.load(f"{SQL}before: a.sql\n", a__sql=end, build__sql="SELECT id, n FROM base")
    assert content(ends) == [(9, 9)]


def test_a_task_of_files_alone_runs_them(ends: Ends) -> None:
    make(ends)
    ends.load("mode: sql\nbefore: [a.sql]\n", a__sql="UPDATE t SET n = 1")
    assert content(ends) == [(9, 1)]


def test_the_table_is_made_from_the_select(ends: Ends) -> None:
    make(ends)
    ends.at_target("DROP TABLE t")
    build = "SELECT id, n::numeric / 3 AS third, 'x' AS word FROM base"
    ends.load(f"{SQL}key: id\ntarget: {{ddl: auto}}\n", build__sql=build)
    assert ends.at_target("SELECT id, round(third, 1)::text, word FROM t ORDER BY 1") == [
        (1, "3.3", "x"),
        (2, "6.7", "x"),
    ]
    assert ends.at_target(
        "SELECT 't'::regclass::oid, conname FROM pg_constraint "
        "WHERE conrelid = 't'::regclass AND contype = 'p'"
    )
