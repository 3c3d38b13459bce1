"""Faults people had with dapu, each with what happens here instead.

Those of scheduling are not here: claiming a job twice, cycles of dependencies, a dependent that
runs after one of its prerequisites, loads that are declared stalled, removed folders, pauses.
"""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from typing import Any

import pytest
from openpyxl import Workbook

from kada_dagster.errors import ConfigError, ConnectionFailedError
from kada_dagster.loader.engine.run import run_task
from kada_dagster.loader.errors import (
    EmptySourceError,
    SourceReadError,
    TargetError,
)
from kada_dagster_tests.loader import file_project
from kada_dagster_tests.loader.databases import Ends

FULL = "mode: full\nsource: {table: public.t}\n"
QUERY = "mode: full\nsource: {query: q.sql}\n"
UPSERT = "mode: upsert\nsource: {table: public.t}\nkey: [id]\n"


def make(ends: Ends, columns: str = "id int PRIMARY KEY, name text") -> None:
    ends.at_source(f"CREATE TABLE t ({columns})")
    ends.at_target(f"CREATE TABLE t ({columns})")


def test_sql_that_fails_fails_the_task(ends: Ends) -> None:
    make(ends)
    files = {"a__sql": "UPDATE nowhere SET x = 1", "q__sql": "SELECT 1 AS id, 'a' AS name"}
    with pytest.raises(TargetError, match=r"a\.sql.*nowhere"):
        ends.load(f"{QUERY}after: a.sql\n", **files)
    assert ends.at_target("SELECT id FROM t") == []


def test_a_query_with_an_error_is_no_load_of_nothing(ends: Ends) -> None:
    make(ends)
    ends.at_target("INSERT INTO t VALUES (1, 'old')")
    with pytest.raises(SourceReadError, match="nowhere"):
        ends.load(f"{QUERY}empty: replace\n", q__sql="SELECT id, name FROM nowhere")
    assert ends.at_target("SELECT id FROM t") == [(1,)]


def test_a_source_that_cannot_be_reached_is_no_load_of_nothing(ends: Ends) -> None:
    make(ends)
    ends.at_target("INSERT INTO t VALUES (1, 'old')")
    away = dataclasses.replace(ends, source="not_there")
    with pytest.raises(Exception, match="not_there") as caught:
        away.load(f"{FULL}empty: replace\n")
    assert getattr(caught.value, "exit_code", 0) > 0
    project = ends.read(
        {
            "routes/erp/route.yaml": "source: gone\n",
            "routes/erp/public/t/task.yaml": FULL,
            "connections.yaml": (
                f"target: {{type: postgres, host: 127.0.0.1, port: {ends.server.port}, "
                f"database: {ends.target}, username: postgres}}\n"
                "gone: {type: postgres, host: 127.0.0.1, port: 1, database: x, username: x}\n"
            ),
        }
    )
    with pytest.raises(ConnectionFailedError):
        run_task(project.tasks["public.t"], project)
    assert ends.at_target("SELECT id FROM t") == [(1,)]


@pytest.mark.parametrize("task", [FULL, UPSERT])
def test_a_row_that_breaks_a_constraint_is_not_dropped_in_silence(ends: Ends, task: str) -> None:
    ends.at_source("CREATE TABLE t (id int, name text)")
    ends.at_target("CREATE TABLE t (id int PRIMARY KEY, name text CHECK (name <> 'bad'))")
    ends.at_source(
        "INSERT INTO t SELECT i, CASE i WHEN 500 THEN 'bad' ELSE 'x' END "
        "FROM generate_series(1, 1000) i"
    )
    with pytest.raises(TargetError, match="t_name_check"):
        ends.load(task)
    assert ends.at_target("SELECT count(*) FROM t") == [(0,)]


def test_a_version_file_that_fails_is_not_taken_as_applied(ends: Ends) -> None:
    ends.at_source("CREATE TABLE t (id int); INSERT INTO t VALUES (1)")
    files = {"public/t/task.yaml": FULL, "public/t/ver/001.sql": "CREATE TABLE t (id nothing)"}
    project = ends.project(**files)
    with pytest.raises(TargetError, match=r"001\.sql.*nothing"):
        run_task(project.tasks["public.t"], project)
    assert ends.at_target("SELECT number FROM kada_loader.versions") == []
    project = ends.project(**{**files, "public/t/ver/001.sql": "CREATE TABLE t (id int)"})
    assert run_task(project.tasks["public.t"], project).counts.inserted == 1


def test_a_select_that_is_broken_drops_neither_the_table_nor_the_views_on_it(ends: Ends) -> None:
    ends.at_target("CREATE TABLE t (id int); INSERT INTO t VALUES (7)")
    ends.at_target("CREATE VIEW report AS SELECT id FROM t")
    with pytest.raises(TargetError, match="nowhere"):
        ends.load("mode: sql\nsql: b.sql\n", b__sql="SELECT id FROM nowhere")
    assert ends.at_target("SELECT id FROM report") == [(7,)]
    ends.load("mode: sql\nsql: b.sql\n", b__sql="SELECT 8 AS id")
    assert ends.at_target("SELECT id FROM report") == [(8,)]


def test_a_table_of_keys_alone_is_loaded(ends: Ends) -> None:
    make(ends, "a int, b int, PRIMARY KEY (a, b)")
    ends.at_source("INSERT INTO t VALUES (1, 1), (1, 2)")
    task = UPSERT.replace("[id]", "[a, b]")
    assert ends.load(task).counts.inserted == 2
    assert ends.load(task).counts.unchanged == 2


def test_a_load_that_fails_midway_leaves_no_part_of_itself(ends: Ends) -> None:
    make(ends)
    ends.at_target("INSERT INTO t VALUES (7, 'old')")
    query = "SELECT i AS id, (1 / (500 - i))::text AS name FROM generate_series(1, 1000) i"
    with pytest.raises(SourceReadError, match="division by zero"):
        ends.load(QUERY, q__sql=query)
    assert ends.at_target("SELECT * FROM t") == [(7, "old")]


def test_an_empty_source_is_an_error_and_not_a_stale_table(ends: Ends) -> None:
    make(ends)
    ends.at_target("INSERT INTO t VALUES (7, 'old')")
    with pytest.raises(EmptySourceError):
        ends.load(FULL)
    ends.load(f"{FULL}empty: replace\n")
    assert ends.at_target("SELECT id FROM t") == []


@pytest.mark.parametrize("value", ["ends in $xx", "$xx$", "'", "\\", "\\N", "", "a\tb\nc", "%s"])
def test_no_text_breaks_the_statement_or_becomes_another_one(ends: Ends, value: str) -> None:
    make(ends)
    ends.at_source("INSERT INTO t VALUES (1, %s)", value)
    for task in (FULL, UPSERT):
        ends.load(task)
        assert ends.at_target("SELECT name FROM t") == [(value,)]


def test_bytes_arrays_and_numbers_that_are_none_arrive_as_they_are(ends: Ends) -> None:
    make(ends, "id int PRIMARY KEY, b bytea, a int[], f float8, n numeric, d date")
    ends.at_source(
        "INSERT INTO t VALUES (1, '\\x00ff', '{1,NULL,3}', 'NaN', 'NaN', 'infinity'), "
        "(2, '', '{}', '-infinity', 0.10, '-infinity')"
    )
    ends.load(FULL)
    everything = "SELECT t::text FROM t ORDER BY id"
    assert ends.at_target(everything) == ends.at_source(everything)


def test_microseconds_count_and_many_rows_of_one_second_are_no_loop(ends: Ends) -> None:
    make(ends, "id int PRIMARY KEY, at timestamptz")
    ends.at_source(
        "INSERT INTO t SELECT i, '2026-01-01Z'::timestamptz + i * interval '1 microsecond' "
        "FROM generate_series(1, 4000) i"
    )
    task = "mode: incremental\nsource: {table: public.t}\nkey: [id]\ncursor: at\n"
    assert ends.load(task).mark_after == "2026-01-01 00:00:00.004+00"
    again = ends.load(task)
    assert (again.counts.read, again.counts.unchanged) == (1, 1)


def test_a_row_without_a_moment_does_not_end_the_load(ends: Ends) -> None:
    make(ends, "id int PRIMARY KEY, at timestamptz")
    ends.at_source("INSERT INTO t VALUES (1, '2026-01-01Z'), (2, NULL), (3, '2026-01-02Z')")
    task = "mode: incremental\nsource: {table: public.t}\nkey: [id]\ncursor: at\n"
    assert ends.load(task).counts.inserted == 3


def test_rows_deleted_at_the_source_do_not_stay_for_ever(ends: Ends) -> None:
    make(ends)
    ends.at_source("INSERT INTO t VALUES (1, 'a')")
    ends.at_target("INSERT INTO t VALUES (1, 'a'), (2, 'gone')")
    assert ends.load(f"{UPSERT}deletes: hard\n").counts.deleted == 1
    assert ends.at_target("SELECT id FROM t") == [(1,)]


def test_a_change_of_the_table_can_have_all_rows_come_again(ends: Ends) -> None:
    ends.at_source("CREATE TABLE t (id int, n int); INSERT INTO t VALUES (1, 10), (2, 20)")
    task = "mode: incremental\nsource: {table: public.t}\nkey: [id]\ncursor: id\n"
    first = {
        "public/t/task.yaml": f"{task}columns: {{id: id}}\n",
        "public/t/ver/1.sql": "CREATE TABLE t (id int PRIMARY KEY)",
    }
    project = ends.project(**first)
    run_task(project.tasks["public.t"], project)
    second = {"public/t/ver/2.sql": "-- kada: reload\nALTER TABLE t ADD n int"}
    project = ends.project(**{**first, **second, "public/t/task.yaml": task})
    run_task(project.tasks["public.t"], project)
    assert ends.at_target("SELECT n FROM t ORDER BY id") == [(10,), (20,)]


def test_what_is_the_same_is_not_written_again(ends: Ends) -> None:
    make(ends)
    ends.at_source("INSERT INTO t VALUES (1, 'a')")
    ends.load(UPSERT)
    before = ends.at_target("SELECT xmin::text, ctid::text FROM t")
    ends.load(UPSERT)
    assert ends.at_target("SELECT xmin::text, ctid::text FROM t") == before


def test_no_date_of_a_sheet_is_lost_behind_one_that_is_written_in_another_way(ends: Ends) -> None:
    ends.at_target("CREATE TABLE t (id int, day date)")
    days: list[Any] = ["01.02.2026", date(2026, 2, 2), "2026-02-03", "04.02.2026", "2026/02/05"]
    book = Workbook()
    for row in [["id", "day"], *enumerate(days, 1)]:
        book.active.append(list(row))
    book.save(file_project.put(ends, "a.xlsx", ""))
    file_project.load(ends, "pattern: a.xlsx, dates: dmy")
    assert file_project.rows(ends) == [(day, date(2026, 2, day)) for day in range(1, 6)]


def test_a_missing_file_is_no_success(ends: Ends) -> None:
    ends.at_target("CREATE TABLE t (id int)")
    with pytest.raises(SourceReadError, match=r"no file is like a\.xlsx"):
        file_project.load(ends, "pattern: a.xlsx", "empty: replace\n")


def test_a_key_that_means_nothing_is_told_and_not_left_out(ends: Ends) -> None:
    with pytest.raises(ConfigError, match=r"task\.yaml:2: source\.files\.fixed"):
        file_project.load(ends, "pattern: a.xlsx, fixed: 5")


@pytest.mark.parametrize("value", ["'); DROP TABLE t; --", "now()", "\\x41", "{1}", "NULL"])
def test_values_of_documents_are_never_sql(ends: Ends, value: str) -> None:
    ends.at_target("CREATE TABLE t (a text, b text)")
    file_project.put(ends, "a.json", json.dumps([{"a": value, "b": [value]}]))
    file_project.load(ends, "pattern: a.json")
    assert file_project.rows(ends) == [(value, json.dumps([value]))]


def test_no_definition_reads_or_deletes_files_outside_of_its_folder(ends: Ends) -> None:
    outside = ends.folder / "secret.csv"
    file_project.put(ends, "a.csv", "id\n1\n")
    outside.write_text("id\n1\n")
    for files in ("pattern: ../secret.csv, after: delete", f"pattern: {outside}, after: delete"):
        with pytest.raises(ConfigError, match="below the profile's folder"):
            file_project.load(ends, files)
    assert outside.exists()
    with pytest.raises(ConfigError, match="below the profile's folder"):
        file_project.load(ends, "pattern: a.csv, after: move, move_to: ../..")


def test_a_row_of_a_file_that_is_refused_is_not_dropped_and_the_file_stays(ends: Ends) -> None:
    ends.at_target("CREATE TABLE t (id int CHECK (id <> 500))")
    file_project.put(ends, "a.csv", "id\n" + "".join(f"{number}\n" for number in range(1000)))
    with pytest.raises(TargetError, match=r"t_id_check.*\(a\.csv, line 502\)"):
        file_project.load(ends, "pattern: a.csv, after: delete")
    assert (file_project.rows(ends), file_project.names(ends)) == ([], ["a.csv"])
