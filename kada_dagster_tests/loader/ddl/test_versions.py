"""Version files: once, in order, whole or not at all, and never changed behind anyone's back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError

import pytest

from kada_dagster.loader.ddl.versions import accept, migrate, pending
from kada_dagster.loader.definition.project import Project
from kada_dagster.loader.engine.commits import load_lock
from kada_dagster.loader.engine.run import run_task, target_server
from kada_dagster.loader.engine.state import StateTables
from kada_dagster.loader.engine.target import transaction
from kada_dagster.loader.errors import SchemaMismatchError, TargetError
from kada_dagster_tests.loader.databases import Ends

TASK = "mode: incremental\nsource: {query: q.sql}\nkey: id\ncursor: id\n"
TABLES = StateTables()


def project(ends: Ends, **files: str) -> Project:
    named = {f"new/t/ver/{name[1:]}.sql": text for name, text in files.items()}
    query = "SELECT i AS id FROM generate_series(1, 3) i"
    return ends.project(**{"new/t/task.yaml": TASK, "new/t/q.sql": query, **named})


def test_files_are_applied_once_in_the_order_of_their_numbers(ends: Ends) -> None:
    made = project(
        ends,
        _10_more="ALTER TABLE new.t ADD n int",
        _9_make="CREATE TABLE new.t (id int PRIMARY KEY)",
    )
    task, server = made.tasks["new.t"], target_server(made, "target")
    result = run_task(task, made)
    assert result.notes["versions"] == "9_make.sql, 10_more.sql"
    assert ends.at_target("SELECT id, n FROM new.t ORDER BY 1") == [(i, None) for i in (1, 2, 3)]
    assert "versions" not in run_task(task, made).notes
    assert pending(task, server, TABLES) == migrate(task, server, TABLES) == []


def test_a_file_that_fails_leaves_nothing_and_is_tried_again(ends: Ends) -> None:
    first = "CREATE TABLE new.t (id int PRIMARY KEY)"
    made = project(ends, _1=first, _2="ALTER TABLE new.t ADD a int; ALTER TABLE nowhere ADD b int")
    with pytest.raises(TargetError, match=r"2\.sql.*nowhere"):
        run_task(made.tasks["new.t"], made)
    assert ends.at_target("SELECT attname FROM pg_attribute WHERE attname = 'a'") == []
    assert ends.at_target("SELECT number FROM kada_loader.versions") == [(1,)]
    made = project(ends, _1=first, _2="ALTER TABLE new.t ADD a int")
    assert run_task(made.tasks["new.t"], made).notes["versions"] == "2.sql"


def test_a_file_that_changed_after_it_was_applied_is_an_error_until_it_is_accepted(
    ends: Ends,
) -> None:
    text = "CREATE TABLE new.t (id int PRIMARY KEY)"
    made = project(ends, _1=text)
    run_task(made.tasks["new.t"], made)
    changed = project(ends, _1=f"{text}; -- now with a comment")
    task, server = changed.tasks["new.t"], target_server(changed, "target")
    with pytest.raises(SchemaMismatchError, match=r"1\.sql: has changed.*--accept new\.t"):
        run_task(task, changed)
    assert accept(task, server, TABLES) == ["1.sql"]
    assert accept(task, server, TABLES) == []
    assert run_task(task, changed).counts.read > 0


def test_a_file_numbered_below_those_that_were_applied_is_an_error(ends: Ends) -> None:
    made = project(ends, _5="CREATE TABLE new.t (id int PRIMARY KEY)")
    run_task(made.tasks["new.t"], made)
    made = project(ends, _5="CREATE TABLE new.t (id int PRIMARY KEY)", _4="SELECT 1")
    with pytest.raises(SchemaMismatchError, match=r"4\.sql: number 5 was applied already"):
        run_task(made.tasks["new.t"], made)


@pytest.mark.parametrize(("line", "read"), [("-- kada: reload", 3), ("-- nothing", 1)])
def test_a_file_can_say_that_all_rows_must_come_again(ends: Ends, line: str, read: int) -> None:
    make = "CREATE TABLE new.t (id int PRIMARY KEY)"
    made = project(ends, _1=make)
    run_task(made.tasks["new.t"], made)
    made = project(ends, _1=make, _2=f"ALTER TABLE new.t ADD n int;\n{line}\n")
    assert run_task(made.tasks["new.t"], made).counts.read == read


def test_a_reload_waits_for_a_load_at_work_which_would_write_its_mark_behind_it(
    ends: Ends,
) -> None:
    make = "CREATE TABLE new.t (id int PRIMARY KEY)"
    made = project(ends, _1=make)
    run_task(made.tasks["new.t"], made)
    made = project(ends, _1=make, _2="-- kada: reload\nALTER TABLE new.t ADD n int")
    task, server = made.tasks["new.t"], target_server(made, "target")
    with ThreadPoolExecutor(1) as pool:
        with transaction(server) as at_work:
            at_work.lock(load_lock(task), 0)
            applied = pool.submit(migrate, task, server, TABLES)
            with pytest.raises(FutureTimeoutError):
                applied.result(1)
            assert ends.at_target("SELECT count(*) FROM kada_loader.state") == [(1,)]
        assert applied.result(30) == ["2.sql"]
    assert ends.at_target("SELECT count(*) FROM kada_loader.state") == [(0,)]
