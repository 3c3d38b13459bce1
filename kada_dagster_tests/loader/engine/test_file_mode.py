"""Mode file: files become rows once, and go when their rows are there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import fsspec
import pytest
import yaml

from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.project import read_project
from kada_dagster.loader.engine.run import run_task
from kada_dagster.loader.engine.state import StateTables
from kada_dagster.loader.errors import (
    EmptySourceError,
    FileChangedError,
    FilesLeftError,
    SchemaMismatchError,
    SourceReadError,
    TargetError,
)
from kada_dagster.loader.quality import check_task
from kada_dagster.loader.source.csv_blocks import CsvBlocks
from kada_dagster_tests.loader.databases import Ends
from kada_dagster_tests.loader.file_project import load, names, project, put, rows

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


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("é" * 32, "longer than 63 bytes"),
        ("", "the name is empty"),
        (r"a\ud800", "no Unicode text"),
        (r"a\u0000b", "or a NUL"),
    ],
)
@pytest.mark.parametrize("more", [AUTO, ""])
def test_a_name_that_no_column_can_have_is_told_with_the_cure(
    ends: Ends, name: str, reason: str, more: str
) -> None:
    ends.at_target("SELECT 1" if more else "CREATE TABLE t (id int)")
    put(ends, "a.json", f'[{{"id": 1, "{name}": 2}}]')
    with pytest.raises(SchemaMismatchError, match=f"{reason}.*Name the columns below `columns`"):
        load(ends, "pattern: a.json", more)
    assert load(ends, "pattern: a.json", f"{more}columns: {{id: id}}\n").counts.inserted == 1


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


def test_a_file_whose_name_is_no_utf8_is_one_as_any_other(ends: Ends) -> None:
    folder = put(ends, "a.csv", "id\n1\n").parent
    odd = os.path.join(os.fsencode(folder), b"M\xfcller.csv")  # noqa: PTH118 - bytes
    with open(odd, "wb") as file:  # noqa: PTH123
        file.write(b"id\n2\n")
    once = "pattern: '*.csv', once: true"
    assert load(ends, once, f"write: append\n{AUTO}").counts.inserted == 2
    assert load(ends, once, f"write: append\n{AUTO}").counts.inserted == 0
    with open(odd, "wb") as file:  # noqa: PTH123
        file.write(b"id\n\xff\n")
    with pytest.raises(SourceReadError, match=r"M\\xfcller\.csv, line 2: this is not UTF-8"):
        load(ends, once, f"write: append\n{AUTO}")
    with open(odd, "wb") as file:  # noqa: PTH123
        file.write(b"id\n3\n")
    load(ends, f"{once}, after: move, move_to: done", f"write: append\n{AUTO}")
    assert names(ends) == ["done/M\\xfcller.csv", "done/a.csv"]
    assert rows(ends) == [("1",), ("2",), ("3",)]


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


ONCE = "pattern: '*.csv', once: true"
APPEND = "write: append\n"


def test_once_a_file_is_loaded_once_unless_it_changes(ends: Ends) -> None:
    ends.at_target("CREATE TABLE t (id int)")
    put(ends, "a.csv", "id\n1\n")
    put(ends, "b.csv", "id\n2\n")
    first = load(ends, ONCE, APPEND)
    assert (first.counts.read, first.notes["files"]) == (2, "2 of 2 read")
    again = load(ends, ONCE, APPEND)
    assert (again.counts.read, again.notes["files"]) == (0, "0 of 2 read")
    put(ends, "b.csv", "id\n3\n")
    put(ends, "c.csv", "id\n4\n")
    assert load(ends, ONCE, APPEND).counts.read == 2
    assert rows(ends) == [(1,), (2,), (3,), (4,)]


@pytest.mark.parametrize(("more", "is_told"), [("once: true", True), ("once: false", False)])
def test_a_store_that_tells_only_sizes_is_named_where_that_matters(
    ends: Ends, more: str, is_told: bool
) -> None:
    fsspec.filesystem("memory").pipe("/drop/a.csv", b"id\n1\n")
    project(ends, f"mode: file\nsource: {{files: {{pattern: a.csv, {more}}}}}\n{AUTO}")
    target = yaml.safe_load((ends.folder / "connections.yaml").read_text())["target"]
    profiles = {"target": target, "drop": {"type": "folder", "url": "memory://drop"}}
    (ends.folder / "connections.yaml").write_text(yaml.safe_dump(profiles))
    made = read_project(ends.folder)
    assert ("unmarked" in run_task(made.tasks["public.t"], made).notes) == is_told


def test_a_load_that_fails_leaves_its_files_to_the_next(ends: Ends) -> None:
    ends.at_target("CREATE TABLE t (id int)")
    put(ends, "a.csv", "id\n1\n")
    put(ends, "b.csv", "id\nx\n")
    moved = f"{ONCE}, after: move, move_to: done"
    with pytest.raises(TargetError):
        load(ends, moved, APPEND)
    assert names(ends) == ["a.csv", "b.csv"]
    put(ends, "b.csv", "id\n2\n")
    assert load(ends, moved, APPEND).counts.read == 2
    assert names(ends) == ["done/a.csv", "done/b.csv"]


def test_once_and_full_load_all_files_again_when_one_changes_or_goes(ends: Ends) -> None:
    ends.at_target("CREATE TABLE t (id int)")
    put(ends, "a.csv", "id\n1\n")
    two = put(ends, "b.csv", "id\n2\n")
    assert load(ends, ONCE).counts.read == 2
    assert load(ends, ONCE).counts.read == 0
    assert rows(ends) == [(1,), (2,)]
    put(ends, "a.csv", "id\n5\n")
    assert load(ends, ONCE).counts.read == 2
    two.unlink()
    assert load(ends, ONCE).counts.read == 1
    assert rows(ends) == [(5,)]


def test_once_with_deletes_reads_all_files_when_one_changes(ends: Ends) -> None:
    ends.at_target("CREATE TABLE t (id int PRIMARY KEY)")
    put(ends, "a.csv", "id\n1\n")
    put(ends, "b.csv", "id\n2\n")
    more = "write: upsert\nkey: id\ndeletes: hard\n"
    load(ends, ONCE, more)
    put(ends, "b.csv", "id\n3\n")
    counts = load(ends, ONCE, more).counts
    assert (counts.read, counts.inserted, counts.deleted) == (2, 1, 1)
    assert rows(ends) == [(1,), (3,)]


@pytest.mark.parametrize("after", ["delete", "move, move_to: done/old"])
def test_files_go_when_their_rows_are_committed(ends: Ends, after: str) -> None:
    ends.at_target("CREATE TABLE t (id int)")
    put(ends, "2026/a.csv", "id\n1\n")
    put(ends, "done/old/2026/a.csv", "before")
    load(ends, f"pattern: '2026/**', after: {after}", APPEND)
    assert rows(ends) == [(1,)]
    kept = ["done/old/2026/a.csv"]
    assert names(ends) == (kept if after == "delete" else ["done/old/2026/a.1.csv", *kept])


def test_a_file_that_was_written_again_since_it_was_read_stays(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends.at_target("CREATE TABLE t (id int)")
    put(ends, "a.csv", "id\n1\n")
    write = StateTables.write

    def and_put(*values: Any) -> None:
        write(*values)
        put(ends, "a.csv", "id\n2\n")

    monkeypatch.setattr(StateTables, "write", and_put)
    load(ends, f"{ONCE}, after: delete", APPEND)
    assert names(ends) == ["a.csv"]
    monkeypatch.setattr(StateTables, "write", write)
    load(ends, f"{ONCE}, after: delete", APPEND)
    assert (rows(ends), names(ends)) == ([(1,), (2,)], [])


@pytest.mark.parametrize("once", [True, False])
def test_a_crash_between_the_commit_and_the_move_loads_nothing_twice_with_once(
    ends: Ends, once: bool
) -> None:
    ends.at_target("CREATE TABLE t (id int)")
    put(ends, "a.csv", "id\n1\n")
    files = f"pattern: '*.csv', once: {str(once).lower()}, after: move, move_to: done"
    project(ends, f"mode: file\nsource: {{files: {{{files}}}}}\n{APPEND}")
    killed = subprocess.run([sys.executable, "-c", KILLED, str(ends.folder)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (rows(ends), names(ends)) == ([(1,)], ["a.csv"])
    result = load(ends, files, APPEND)
    assert result.counts.read == (0 if once else 1)
    assert names(ends) == ["done/a.csv"]
    assert rows(ends) == [(1,)] * (1 if once else 2)


KILLED = """
import os, signal, sys
from pathlib import Path
from kada_dagster.loader.definition.project import read_project
from kada_dagster.loader.engine.run import run_task
from kada_dagster.loader.source.files import source

source.clear_away = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
project = read_project(Path(sys.argv[1]))
run_task(project.tasks["public.t"], project)
"""


def test_files_that_cannot_be_cleared_away_fail_the_run_that_loaded_them(ends: Ends) -> None:
    ends.at_target("CREATE TABLE t (id int)")
    put(ends, "a.csv", "id\n1\n")
    put(ends, "done", "a file where the folder should be")
    with pytest.raises(FilesLeftError, match=r"1 files stay.*committed: drop .*done/a\.csv: Not"):
        load(ends, f"{ONCE}, after: move, move_to: done", APPEND)
    assert rows(ends) == [(1,)]
    assert not FilesLeftError.transient


def test_a_folder_whose_files_would_be_read_again_is_refused(ends: Ends) -> None:
    put(ends, "a.csv", "id\n1\n")
    with pytest.raises(ConfigError, match=r"move_to: done: `pattern` has done/a\.csv, too"):
        load(ends, "pattern: '**/*.csv', after: move, move_to: done", AUTO)
    with pytest.raises(ConfigError, match="after: move and move_to need each other"):
        load(ends, "pattern: '*.csv', after: move", AUTO)


def test_a_file_that_is_away_for_a_while_is_not_loaded_again(ends: Ends) -> None:
    ends.at_target("CREATE TABLE t (id int)")
    file = put(ends, "a.csv", "id\n1\n")
    load(ends, ONCE, APPEND)
    away = file.rename(ends.folder / "away.csv")
    load(ends, f"{ONCE}, missing: empty", APPEND)
    away.rename(file)
    assert load(ends, ONCE, APPEND).counts.read == 0


def test_a_file_that_changes_while_it_is_read_fails_the_load(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends.at_target("CREATE TABLE t (id int)")
    file = put(ends, "a.csv", "id\n1\n")
    read = CsvBlocks.first_row

    def and_grow(*values: Any, **named: Any) -> Any:
        with file.open("a") as more:
            more.write("2\n")
        return read(*values, **named)

    monkeypatch.setattr(CsvBlocks, "first_row", and_grow)
    with pytest.raises(FileChangedError, match=r"a\.csv changed while it was read"):
        load(ends, "pattern: a.csv", "columns: {id: id}\n")
    assert rows(ends) == []


def test_columns_can_be_renamed_and_left_out(ends: Ends) -> None:
    ends.at_target("CREATE TABLE t (id int, name text)")
    put(ends, "a.csv", "Name of it,x,No\none,y,1\n")
    load(ends, "pattern: a.csv", "columns: {id: 'No', name: Name of it}\n")
    assert rows(ends) == [(1, "one")]


def test_rows_meet_those_that_are_there_by_key(ends: Ends) -> None:
    put(ends, "a.jsonl", '{"id": 1, "n": 1.50}\n{"id": 2, "tags": ["x"]}\n')
    more = f"write: upsert\nkey: id\n{AUTO}"
    load(ends, "pattern: '*.jsonl'", more)
    put(ends, "a.jsonl", '{"id": 2, "n": 3}\n{"id": 3, "at": "2026-01-01T00:00:00Z"}\n')
    counts = load(ends, "pattern: '*.jsonl'", more).counts
    assert (counts.inserted, counts.updated) == (1, 1)
    assert rows(ends, "id, n::text, tags::text, at::date::text") == [
        (1, "1.50", None, None),
        (2, "3", '["x"]', None),
        (3, None, None, "2026-01-01"),
    ]


def test_history_can_be_kept_of_files(ends: Ends) -> None:
    put(ends, "a.csv", "id,name\n1,one\n2,two\n")
    task = f"mode: history\nsource: {{files: {{{ONCE}}}}}\nkey: id\n{AUTO}"
    for text in ("id,name\n1,one\n2,two\n", "id,name\n1,uno\n"):
        put(ends, "a.csv", text)
        made = project(ends, task)
        run_task(made.tasks["public.t"], made)
    assert rows(ends, "id, name, is_current") == [
        ("1", "one", False),
        ("1", "uno", True),
        ("2", "two", False),
    ]


@pytest.mark.parametrize(
    ("order", "text"), [("dmy", "03.02.2026"), ("mdy", "2/3/2026"), ("ymd", "2026/02/03")]
)
def test_dates_are_read_in_the_order_the_task_says(ends: Ends, order: str, text: str) -> None:
    ends.at_target("CREATE TABLE t (day date, seen timestamptz)")
    put(ends, "a.csv", f"day,seen\n{text},{text} 10:00\n")
    load(ends, f"pattern: a.csv, dates: {order}")
    assert rows(ends, "day::text, (seen AT TIME ZONE 'UTC')::text") == [
        ("2026-02-03", "2026-02-03 10:00:00")
    ]


@pytest.mark.parametrize("text", ["03.02.2026", "2/3/2026", "13/02/2026"])
@pytest.mark.parametrize("name", ["a.csv", "a.json"])
def test_a_date_that_may_be_another_one_is_an_error(ends: Ends, text: str, name: str) -> None:
    ends.at_target("CREATE TABLE t (day date)")
    put(ends, name, f"day\n{text}\n" if name == "a.csv" else f'[{{"day": "{text}"}}]')
    with pytest.raises(
        TargetError, match=r"out of range.*\(a\..*column day\).*write source\.files\.dates"
    ):
        load(ends, f"pattern: {name}")


def test_files_that_are_as_before_are_counted_for_the_check_of_rows(ends: Ends) -> None:
    ends.at_target("CREATE TABLE t (id int)")
    put(ends, "a.csv", "id\n1\n2\n")
    task = f"mode: file\nsource: {{files: {{{ONCE}}}}}\nchecks: {{row_count: {{}}}}\n"
    made = project(ends, task)
    for read in (2, 0):
        result = run_task(made.tasks["public.t"], made)
        assert result.counts.read == read
        (found,) = check_task(made.tasks["public.t"], made, ["row_count"], read=read)
        assert found.passed
        assert found.facts["source_rows"] == 2
