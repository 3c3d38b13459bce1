"""The checks of a task against real tables: what passes, what fails, what cannot be said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from kada_dagster.config.problems import ConfigFileError
from kada_dagster.loader.engine.run import run_task
from kada_dagster.loader.engine.split import Part, parts_of
from kada_dagster.loader.quality import Quality, check_task, unchecked
from kada_dagster.loader.source.base import Selection
from kada_dagster.loader.source.postgres import PostgresSource
from kada_dagster_tests.loader.databases import Ends
from kada_dagster_tests.loader.engine.test_split import NOW

FULL = "mode: full\nsource: {table: public.s}\n"
UPSERT = "mode: upsert\nkey: [id]\nsource: {table: public.s}\n"
ROW_COUNT = "checks: {row_count: {}}\n"


def tables(ends: Ends, columns: str = "id int PRIMARY KEY, name text", rows: int = 10) -> None:
    """`s` at the source with rows, and the same table, empty, in the target."""
    ends.at_source(f"CREATE TABLE s ({columns})")
    ends.at_source(f"INSERT INTO s SELECT n, 'n' || n FROM generate_series(1, {rows}) n")
    ends.at_target(f"CREATE TABLE t ({columns})")


def checked(ends: Ends, task: str, *, loads: bool = True, **given: Any) -> dict[str, Quality]:
    """The results of a task's checks, by name, after a load."""
    if loads:
        ends.load(task)
    project = ends.project(**{"public/t/task.yaml": task})
    found = project.tasks["public.t"]
    names: Sequence[str] = given.pop("names", found.definition.checks.wanted)
    return {one.name: one for one in check_task(found, project, names, **given)}


def test_after_a_good_load_every_check_passes_with_its_numbers(ends: Ends) -> None:
    tables(ends)
    task = UPSERT + "checks: {row_count: {}, unique: true, not_null: [id, name], freshness: 1 hour"
    found = checked(ends, task + ", schema_drift: true}\n")
    assert all(one.passed and one.is_certain for one in found.values())
    assert list(found) == ["row_count", "unique", "not_null", "schema_drift", "freshness"]
    assert found["row_count"].facts == {"source_rows": 10, "target_rows": 10, "missing_rows": 0}
    assert found["row_count"].message == "10 rows, as many as 10 of the source"
    assert found["unique"].facts == {"repeated_keys": 0, "rows_of_repeated_keys": 0}
    assert found["not_null"].facts == {"missing/id": 0, "missing/name": 0}
    assert found["schema_drift"].facts == {"differences": 0}
    assert found["freshness"].facts["age_seconds"] in range(60)


def test_rows_that_are_missing_fail_beyond_the_tolerance(ends: Ends) -> None:
    tables(ends)
    ends.load(FULL)
    ends.at_target("DELETE FROM t WHERE id = 7")
    found = checked(ends, FULL + ROW_COUNT, loads=False)["row_count"]
    assert not found.passed
    assert found.facts["missing_rows"] == 1
    tolerant = FULL + "checks: {row_count: {tolerance: 0.1}}\n"
    assert checked(ends, tolerant, loads=False)["row_count"].passed


def test_rows_the_source_does_not_have_fail_where_the_target_is_its_mirror(ends: Ends) -> None:
    tables(ends)
    ends.load(UPSERT)
    ends.at_target("INSERT INTO t VALUES (70, 'x')")
    assert not checked(ends, FULL + ROW_COUNT, loads=False)["row_count"].passed
    assert checked(ends, UPSERT + ROW_COUNT, loads=False)["row_count"].passed
    mirror = UPSERT + "deletes: hard\n" + ROW_COUNT
    assert not checked(ends, mirror, loads=False)["row_count"].passed


def test_rows_that_are_marked_as_gone_are_not_counted(ends: Ends) -> None:
    tables(ends)
    ends.at_target("ALTER TABLE t ADD gone timestamptz")
    task = UPSERT + "deletes: {column: gone}\n" + ROW_COUNT
    ends.load(task)
    ends.at_source("DELETE FROM s WHERE id > 6")
    found = checked(ends, task)["row_count"]
    assert found.passed
    assert (found.facts["target_rows"], ends.at_target("SELECT count(*) FROM t")) == (6, [(10,)])


def test_of_a_history_the_current_versions_are_counted_and_unique(ends: Ends) -> None:
    ends.at_source("CREATE TABLE s AS SELECT 1 AS id, 'a' AS name")
    task = "mode: history\nkey: [id]\nsource: {table: public.s}\ntarget: {ddl: auto}\n"
    task += "checks: {row_count: {}, unique: true}\n"
    ends.load(task)
    ends.at_source("UPDATE s SET name = 'b'")
    found = checked(ends, task)
    assert all(one.passed for one in found.values())
    assert ends.at_target("SELECT count(*) FROM t") == [(2,)]
    assert found["row_count"].facts["target_rows"] == 1


def test_of_a_select_that_reads_its_own_table_the_rows_it_gave_are_counted(ends: Ends) -> None:
    ends.at_target("CREATE TABLE t (n int); INSERT INTO t VALUES (1)")
    task = "mode: sql\nsql: q.sql\ntarget: {swap: delete}\n" + ROW_COUNT
    files = {"public/t/q.sql": "SELECT n FROM t UNION ALL SELECT max(n) + 1 FROM t"}
    project = ends.project(**{"public/t/task.yaml": task, **files})
    found = project.tasks["public.t"]
    read = run_task(found, project).counts.read
    (row_count,) = check_task(found, project, ["row_count"], read=read)
    assert (row_count.passed, row_count.facts["source_rows"]) == (True, 2)


def test_the_rows_of_a_select_are_counted_where_it_runs(ends: Ends) -> None:
    ends.at_target("CREATE TABLE t (n int)")
    task = "mode: sql\nsql: q.sql\n" + ROW_COUNT
    files = {"public/t/q.sql": "SELECT n FROM generate_series(1, 5) n -- a comment"}
    project = ends.project(**{"public/t/task.yaml": task, **files})
    found = project.tasks["public.t"]
    run_task(found, project)
    (row_count,) = check_task(found, project, ["row_count"])
    assert row_count.facts == {"source_rows": 5, "target_rows": 5, "missing_rows": 0}


def test_rows_of_ranges_are_counted_in_these_ranges(ends: Ends) -> None:
    tables(ends, rows=100)
    task = FULL + "columns: {key: id, name: name}\n" + ROW_COUNT
    task += "split: {by: id, size: 10, start: 1, end: 101}\n"
    ends.at_target("ALTER TABLE t RENAME id TO key")
    project = ends.project(**{"public/t/task.yaml": task})
    found = project.tasks["public.t"]
    assert found.definition.split is not None
    parts = parts_of(found.definition.split, NOW)
    chosen = [*parts[:3], parts[6]]
    for part in chosen:
        run_task(found, project, part=part)
    (row_count,) = check_task(found, project, ["row_count"], parts=chosen)
    assert row_count.facts == {"source_rows": 40, "target_rows": 40, "missing_rows": 0}
    (whole,) = check_task(found, project, ["row_count"])
    assert whole.facts["missing_rows"] == 60


@pytest.mark.parametrize(
    ("kind", "split", "outside"),
    [
        ("int", "{by: at, size: 10, start: 0, end: 20}", "-1"),
        ("date", "{by: at, every: year, start: '2020-01-01'}", "'2019-12-31'"),
        ("date", "{by: at, every: year, start: '2020-01-01'}", "'9999-01-01'"),
    ],
)
def test_rows_outside_of_all_ranges_are_none_that_are_missing(
    ends: Ends, kind: str, split: str, outside: str
) -> None:
    ends.at_source(f"CREATE TABLE s (at {kind}); INSERT INTO s VALUES ({outside}), (NULL)")
    ends.at_target(f"CREATE TABLE t (at {kind}); INSERT INTO t VALUES (NULL)")
    (row_count,) = checked(ends, f"{FULL}{ROW_COUNT}split: {split}\n", loads=False).values()
    assert row_count.facts == {"source_rows": 1, "target_rows": 1, "missing_rows": 0}


def test_ranges_that_follow_each_other_are_counted_by_one_query(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables(ends, rows=100)
    task = FULL + ROW_COUNT + "split: {by: id, size: 10, start: 1, end: 101}\n"
    project = ends.project(**{"public/t/task.yaml": task})
    found, asked = project.tasks["public.t"], list[Any]()
    count = PostgresSource.count

    def counted(source: PostgresSource, selection: Selection) -> int:
        asked.append(1)
        return count(source, selection)

    monkeypatch.setattr(PostgresSource, "count", counted)
    parts = [Part(str(n), n, n + 10) for n in range(1, 91, 10)]
    (row_count,) = check_task(found, project, ["row_count"], parts=parts)
    assert row_count.facts["source_rows"] == 90
    assert len(asked) == 1


def test_keys_that_come_twice_fail_and_are_not_named(ends: Ends) -> None:
    tables(ends, "id int, name text")
    ends.at_source("INSERT INTO s VALUES (7, 'pl4nted'), (7, 'pl4nted'), (8, 'x')")
    task = FULL + "key: [id]\nchecks: {unique: true}\n"
    found = checked(ends, task)["unique"]
    assert not found.passed
    assert found.facts == {"repeated_keys": 2, "rows_of_repeated_keys": 5}
    assert found.message == "2 keys (id) come more than once"


def test_rows_without_a_value_fail_by_column(ends: Ends) -> None:
    tables(ends)
    ends.at_source("UPDATE s SET name = NULL WHERE id < 4")
    found = checked(ends, FULL + "checks: {not_null: [id, name]}\n")["not_null"]
    assert not found.passed
    assert found.message == "rows without a value: name: 3"
    assert found.facts == {"missing/id": 0, "missing/name": 3}


def test_columns_that_differ_are_named_with_their_types(ends: Ends) -> None:
    tables(ends)
    ends.load(FULL)
    ends.at_source("ALTER TABLE s ADD born date, ALTER name TYPE varchar(20)")
    ends.at_target("ALTER TABLE t ADD loaded_by text, ALTER id TYPE smallint")
    found = checked(ends, FULL + "checks: {schema_drift: true}\n", loads=False)["schema_drift"]
    assert not found.passed
    assert found.message.split("; ") == [
        "born is not in the target",
        "id is smallint, at the source integer",
        "loaded_by is not in the source",
    ]
    mapped = FULL + "columns: {id: id, name: name}\nchecks: {schema_drift: true}\n"
    assert checked(ends, mapped, loads=False)["schema_drift"].message == (
        "id is smallint, at the source integer"
    )


def test_a_mapped_column_that_is_gone_at_the_source_is_drift(ends: Ends) -> None:
    tables(ends)
    task = FULL + "columns: {id: id, name: nick}\nchecks: {schema_drift: true}\n"
    found = checked(ends, task, loads=False)["schema_drift"]
    assert not found.passed
    assert found.is_certain
    assert "nick" in found.message


def test_a_load_that_is_too_long_ago_fails(ends: Ends) -> None:
    tables(ends)
    task = FULL + "checks: {freshness: 2 hours}\n"
    ends.load(task)
    ends.at_target("UPDATE kada_loader.state SET finished_at = now() - interval '3 hours'")
    assert not checked(ends, task, loads=False)["freshness"].passed
    ends.at_target("DELETE FROM kada_loader.state")
    found = checked(ends, task, loads=False)["freshness"]
    assert (found.passed, found.message) == (False, "never loaded")


def test_a_check_that_cannot_be_made_says_why_and_leaves_the_others_alone(ends: Ends) -> None:
    tables(ends)
    ends.load(FULL)
    ends.at_source("DROP TABLE s")
    task = FULL + "checks: {row_count: {}, not_null: [id, nick]}\n"
    found = checked(ends, task, loads=False)
    assert not any(one.passed or one.is_certain for one in found.values())
    assert found["row_count"].message.startswith("not checked: ")
    assert "has no column nick" in found["not_null"].message
    fine = checked(ends, FULL + "checks: {row_count: {}, not_null: [id]}\n", loads=False)
    assert (fine["row_count"].is_certain, fine["not_null"].passed) == (False, True)


def test_files_are_counted_by_what_was_read(ends: Ends) -> None:
    ends.at_target("CREATE TABLE t AS SELECT 1 AS id")
    ends.project()
    profiles = (ends.folder / "connections.yaml").read_text() + "drop: {type: folder, path: .}\n"
    task = "mode: file\nsource: {connection: drop, files: {pattern: a.csv}}\n" + ROW_COUNT
    files = {"connections.yaml": profiles, "routes/erp/public/t/task.yaml": task}
    project = ends.read({**files, "routes/erp/route.yaml": "source: drop\n"})
    results = [
        check_task(project.tasks["public.t"], project, ["row_count"], read=read)[0]
        for read in (1, 2, None)
    ]
    assert [(one.passed, one.is_certain) for one in results] == [
        (True, True),
        (False, True),
        (False, False),
    ]


def test_columns_of_an_api_are_not_compared(ends: Ends) -> None:
    task = "mode: http\nsource: {http: {path: /a}}\nchecks: {schema_drift: true}\n"
    with pytest.raises(ConfigFileError, match="mode http does not know it"):
        ends.project(**{"public/t/task.yaml": task})


def test_results_nobody_could_have_are_not_certain() -> None:
    (found,) = unchecked(["unique"], LookupError("gone"))  # pyright: ignore[reportArgumentType]
    assert found == Quality("unique", False, "not checked: gone", is_certain=False)
