"""`kada load migrate`: version files without a load."""

from __future__ import annotations

import pytest

from kada_dagster_tests.cli.load_project import Load

TASK = "mode: full\nsource: {table: public.t}\n"


@pytest.fixture
def versions(load: Load) -> Load:
    """Two tasks with version files, and one without."""
    load.write(
        {
            "erp/route.yaml": "source: erp\n",
            "erp/dwh/a/task.yaml": TASK,
            "erp/dwh/a/ver/001_create.sql": "CREATE TABLE dwh.a (id int)",
            "erp/dwh/a/ver/002_more.sql": "ALTER TABLE dwh.a ADD n int",
            "erp/dwh/b/task.yaml": TASK,
            "erp/dwh/b/ver/001_create.sql": "CREATE TABLE dwh.b (id int)",
            "erp/dwh/c/task.yaml": TASK,
        }
    )
    return load


def change(load: Load, file: str, text: str) -> None:
    (load.folder / "routes/erp/dwh" / file).write_text(text)


def test_a_dry_run_shows_what_is_pending_and_makes_nothing(versions: Load) -> None:
    said = versions("migrate", "--dry-run")
    assert said.code == 0
    assert said.cells()[1:] == [
        ["dwh.a", "001_create.sql", "pending"],
        ["dwh.a", "002_more.sql", "pending"],
        ["dwh.b", "001_create.sql", "pending"],
    ]
    assert versions.ends.at_target("SELECT to_regnamespace('dwh'), to_regnamespace('kada_loader')")[
        0
    ] == (None, None)


def test_what_is_pending_is_applied_once(versions: Load) -> None:
    assert versions("migrate", "dwh.b", "--json").lines == [
        {"task": "dwh.b", "file": "001_create.sql", "status": "applied"}
    ]
    assert [row[2] for row in versions("migrate").cells()[1:]] == ["applied", "applied"]
    assert versions("migrate").out == "nothing to do: every version file is applied as it is\n"
    assert versions.ends.at_target("SELECT id, n FROM dwh.a") == []


def test_a_file_that_fails_keeps_no_other_task_from_its_own(versions: Load) -> None:
    change(versions, "a/ver/002_more.sql", "ALTER TABLE dwh.nowhere ADD n int")
    said = versions("migrate")
    assert said.code == 1
    assert "002_more.sql" in said.err
    assert "dwh.nowhere" in said.err
    assert versions.ends.at_target("SELECT to_regclass('dwh.b')::text") == [("dwh.b",)]
    change(versions, "a/ver/002_more.sql", "ALTER TABLE dwh.a ADD n int")
    assert versions("migrate").cells()[1:] == [["dwh.a", "002_more.sql", "applied"]]


def test_a_file_that_changed_is_taken_as_it_is_only_when_that_is_said(versions: Load) -> None:
    versions("migrate")
    change(versions, "a/ver/001_create.sql", "CREATE TABLE dwh.a (id int) -- as it was meant")
    for arguments in ([], ["--dry-run"]):
        said = versions("migrate", *arguments)
        assert said.code == 1
        assert "kada load migrate --accept dwh.a" in said.err
    said = versions("migrate", "--accept", "dwh.a")
    assert (said.code, said.cells()[1:]) == (0, [["dwh.a", "001_create.sql", "accepted"]])
    assert versions("migrate").code == 0


@pytest.mark.parametrize("arguments", [["dwh.b"], ["--dry-run"]])
def test_accepting_stands_alone(versions: Load, arguments: list[str]) -> None:
    said = versions("migrate", "--accept", "dwh.a", *arguments)
    assert said.code == 2
    assert "--accept stands alone" in said.err
