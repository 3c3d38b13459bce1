"""`kada load prune`: takes what no task needs, and nothing else."""

from __future__ import annotations

import shutil

import pytest

from kada_dagster_tests.cli.load_project import Load, tables

TASK = "mode: full\nsource: {table: public.%s}\ntarget: {ddl: auto}\n"
LEFT = "_load_16999_0a1b2c3d"


@pytest.fixture
def loaded(load: Load) -> Load:
    """Two tasks that were loaded; one has a version file."""
    load.ends.at_source(tables("a", "b"))
    load.write(
        {
            "erp/route.yaml": "source: erp\n",
            "erp/dwh/a/task.yaml": TASK % "a",
            "erp/dwh/b/task.yaml": TASK % "b",
            "erp/dwh/b/ver/001_create.sql": "CREATE TABLE dwh.b (id int PRIMARY KEY, note text)",
        }
    )
    assert load("run", "--all").code == 0
    return load


def states(load: Load) -> list[str]:
    return [row[0] for row in load.ends.at_target("SELECT task FROM kada_loader.state ORDER BY 1")]


def test_where_every_task_is_there_nothing_is_taken(loaded: Load) -> None:
    assert loaded("prune", "--versions").out == "nothing to take away\n"
    assert states(loaded) == ["dwh.a", "dwh.b"]


def test_the_state_of_a_task_that_is_gone_is_taken_and_its_table_stays(loaded: Load) -> None:
    shutil.rmtree(loaded.folder / "routes/erp/dwh/b")
    said = loaded("prune", "--dry-run")
    assert said.cells() == [
        ["kind", "task"],
        ["state", "dwh.b"],
        ["1", "would", "be", "taken", "away"],
    ]
    assert states(loaded) == ["dwh.a", "dwh.b"]
    assert loaded("prune").code == 0
    assert states(loaded) == ["dwh.a"]
    assert loaded.ends.at_target("SELECT count(*) FROM dwh.b") == [(3,)]
    assert loaded.ends.at_target("SELECT task FROM kada_loader.versions") == [("dwh.b",)]


def test_applied_versions_are_forgotten_only_when_that_is_said(loaded: Load) -> None:
    shutil.rmtree(loaded.folder / "routes/erp/dwh/b")
    lines = loaded("prune", "--versions", "--json").lines
    assert [(line["kind"], line["what"], line["taken"]) for line in lines] == [
        ("state", "", True),
        ("version", "001_create.sql", True),
    ]
    assert loaded.ends.at_target("SELECT task FROM kada_loader.versions") == []


def test_a_task_that_is_not_active_is_not_gone(loaded: Load) -> None:
    file = loaded.folder / "routes/erp/dwh/b/task.yaml"
    file.write_text("status: draft\n" + file.read_text())
    assert loaded("prune").out == "nothing to take away\n"


def test_a_table_a_load_left_is_dropped_and_none_that_only_looks_like_it(loaded: Load) -> None:
    others = ("_load_1", "load_16999_0a1b2c3d", "_load_16999_0a1b2c3d_old")
    for name in (LEFT, *others):
        loaded.ends.at_target(f"CREATE TABLE dwh.{name} (id int)")
    loaded.ends.at_target(
        f"CREATE TABLE public.{LEFT} (id int);"  # no task is in that schema
        "CREATE ROLE somebody_else; CREATE TABLE dwh._load_7_00000000 (id int);"
        "ALTER TABLE dwh._load_7_00000000 OWNER TO somebody_else"
    )
    try:
        said = loaded("prune")
        assert said.cells()[1:-1] == [["table", f"dwh.{LEFT}"]]
        left = "SELECT relname FROM pg_class WHERE relname ~ 'load_' AND relkind = 'r'"
        assert {row[0] for row in loaded.ends.at_target(left)} == {
            LEFT,
            "_load_7_00000000",
            *others,
        }
    finally:
        loaded.ends.at_target("DROP OWNED BY somebody_else; DROP ROLE somebody_else")


def test_what_depends_on_such_a_table_keeps_all_of_it_as_it_is(loaded: Load) -> None:
    shutil.rmtree(loaded.folder / "routes/erp/dwh/b")
    loaded.ends.at_target(f"CREATE TABLE dwh.{LEFT} (id int)")
    loaded.ends.at_target(f"CREATE VIEW v AS SELECT * FROM dwh.{LEFT}")
    said = loaded("prune")
    assert said.code == 1
    assert "depend on it" in said.err
    assert states(loaded) == ["dwh.a", "dwh.b"]


def test_tasks_of_another_project_that_shares_the_state_are_not_gone(loaded: Load) -> None:
    other = loaded.folder.parent / "other"
    shutil.copytree(loaded.folder, other)
    shutil.rmtree(loaded.folder / "routes/erp/dwh/b")
    shutil.rmtree(other / "routes/erp/dwh/a")
    assert loaded("prune", "--also", str(other)).out == "nothing to take away\n"
    file = loaded.folder.parent / "kada.yaml"
    file.write_text(
        "loader: [{name: one, project: project}, {name: two, project: other}]\nsources: []\n"
    )
    said = loaded.plain("load", "prune", "-c", str(file), "--loader", "one")
    assert (said.code, said.out) == (0, "nothing to take away\n")
    file.write_text(file.read_text().replace("project: other", "project: other, state_schema: x"))
    said = loaded.plain("load", "prune", "-c", str(file), "--loader", "one", "--dry-run")
    assert ["state", "dwh.b"] in said.cells()
    assert loaded("prune", "--also", str(other / "routes")).code == 2


def test_a_target_that_was_never_loaded_has_nothing_to_take(load: Load) -> None:
    load.write({"erp/route.yaml": "source: erp\n", "erp/dwh/a/task.yaml": TASK % "a"})
    assert load("prune", "--versions").out == "nothing to take away\n"
