"""Mode file: files become rows once, and go when their rows are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from kada_dagster.loader.definition.project import Project
from kada_dagster.loader.engine.run import LoadResult, run_task
from kada_dagster.loader.errors import (
    EmptySourceError,
    SchemaMismatchError,
    SourceReadError,
    TargetError,
)
from kada_dagster_tests.loader.databases import Ends


def project(ends: Ends, task: str) -> Project:
    """A project whose one task reads the folder `in` beside it."""
    (ends.folder / "in").mkdir(parents=True, exist_ok=True)
    target = f"host: 127.0.0.1, port: {ends.server.port}, database: {ends.target}"
    connections = (
        f"target: {{type: postgres, {target}, username: postgres}}\n"
        f"drop: {{type: folder, path: {ends.folder / 'in'}}}\n"
    )
    files = {
        "connections.yaml": connections,
        "routes/files/route.yaml": "source: drop\n",
        "routes/files/public/t/task.yaml": task,
    }
    return ends.read(files)


def load(ends: Ends, files: str, more: str = "") -> LoadResult:
    """Load what `source.files` says."""
    made = project(ends, f"mode: file\nsource: {{files: {{{files}}}}}\n{more}")
    return run_task(made.tasks["public.t"], made)


def put(ends: Ends, name: str, text: str | bytes) -> Path:
    path = ends.folder / "in" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def rows(ends: Ends, columns: str = "*") -> list[tuple[object, ...]]:
    return ends.at_target(f"SELECT {columns} FROM t ORDER BY 1")


AUTO = "target: {ddl: auto}\n"


def test_all_files_of_a_pattern_become_the_rows_of_a_new_table(ends: Ends) -> None:
    put(ends, "b.csv", 'id,name\n2,"two\nlines"\n')
    put(ends, "a.csv", "name,id\none,1\n")
    result = load(ends, "pattern: '*.csv'", AUTO)
    assert rows(ends) == [("one", "1"), ("two\nlines", "2")]
    assert (result.counts.read, result.counts.inserted) == (2, 2)
    put(ends, "a.csv", "name,id\nuno,1\n")
    assert load(ends, "pattern: a.csv", AUTO).counts.inserted == 1
    assert rows(ends) == [("uno", "1")]


def test_a_row_the_target_refuses_is_told_with_file_line_and_column(ends: Ends) -> None:
    ends.at_target("CREATE TABLE t (id int, day date)")
    put(ends, "a.csv", "id,day\n1,2026-01-01\n")
    put(ends, "b.csv", 'id,day\n2,"2026-01-02"\n3,soon\n')
    with pytest.raises(TargetError, match=r"\(b\.csv, line 3, column day\)") as caught:
        load(ends, "pattern: '*.csv'")
    assert "soon" not in str(caught.value)
    assert rows(ends) == []


def test_a_json_value_the_target_refuses_is_told_with_file_row_and_column(ends: Ends) -> None:
    ends.at_target("CREATE TABLE t (id int)")
    put(ends, "a.json", '[{"id": 1}]')
    put(ends, "b.json", '[{"id": 2}, {"id": "x1"}]')
    with pytest.raises(TargetError, match=r"\(b\.json, row 2, column id\)"):
        load(ends, "pattern: '*.json'")


@pytest.mark.parametrize("text", ["id,name\n1\n", "id,name\n1,a,b\n", "id,name\n\n1,a\n"])
def test_a_row_that_is_not_as_wide_as_the_others_is_told(ends: Ends, text: str) -> None:
    ends.at_target("CREATE TABLE t (id int, name text)")
    put(ends, "a.csv", text)
    with pytest.raises(TargetError, match=r"\(a\.csv, line 2\)"):
        load(ends, "pattern: a.csv")
    with pytest.raises(SourceReadError, match=r"a\.csv, line 2: the row has"):
        load(ends, "pattern: a.csv", "columns: {name: name, id: id}\n")


def test_no_file_is_an_error_unless_the_task_says_otherwise(ends: Ends) -> None:
    ends.at_target("CREATE TABLE t (id int); INSERT INTO t VALUES (7)")
    with pytest.raises(SourceReadError, match=r"no file is like \*\.csv.*missing: empty"):
        load(ends, "pattern: '*.csv'", "empty: replace\n")
    with pytest.raises(EmptySourceError):
        load(ends, "pattern: '*.csv', missing: empty")
    load(ends, "pattern: '*.csv', missing: empty", f"empty: keep\n{AUTO}")
    assert rows(ends) == [(7,)]
    load(ends, "pattern: '*.csv', missing: empty", "empty: replace\n")
    assert rows(ends) == []


def test_a_document_without_rows_changes_no_column(ends: Ends) -> None:
    ends.at_target("CREATE TABLE t (id int NOT NULL); INSERT INTO t VALUES (7)")
    put(ends, "a.json", "[]")
    load(ends, "pattern: a.json", "empty: keep\ntarget: {ddl: auto, alter: any}\n")
    assert rows(ends) == [(7,)]
    with pytest.raises(EmptySourceError):
        load(ends, "pattern: a.json")


def test_a_new_table_needs_to_know_its_columns(ends: Ends) -> None:
    put(ends, "a.json", "[]")
    with pytest.raises(SchemaMismatchError, match="no columns"):
        load(ends, "pattern: a.json", AUTO)
