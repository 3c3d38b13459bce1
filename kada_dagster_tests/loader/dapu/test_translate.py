"""Whole projects of dapu: what is read, what is written, and what is said of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from kada_dagster.errors import ConfigError
from kada_dagster.loader.dapu.translate import translate
from kada_dagster_tests.loader.dapu.projects import EXPORT, PROFILES, of_08, translated, write

OLD_LAYOUT = {
    "sql.yaml": """\
        - name: dapu
          driver: pg
          host: "%DWH_HOST%"
          database: dwh
          username: loader
          password: p@ss/w%rd
          extra: {application_name: dapu, connect_timeout: 5}
        - name: shop
          driver: pg
          host: shop.example
          database: shop
          username: reader
          password: "%SHOP_PASSWORD%"
        """,
    "ver/changes.yaml": "alias: main\nfiles: [{file: a.sql, remarks: x}]\n",
    "pull/shop/route.yaml": "name: The shop\ntype: sql\nalias: shop\n",
    "pull/shop/dwh/customer/haulwork.yaml": """\
        run: {keep_pause: 2 hours, workhours: false, priority: 1}
        actions:
          - do: stream
            file: input.sql
        """,
    "pull/shop/dwh/customer/input.sql": "SELECT id, name FROM customer",
    "pull/shop/dwh/customer/ver/001.sql": "CREATE TABLE dwh.customer (id int, name text)",
    "pull/calc/route.yaml": "name: calculations\nalias: dapu\n",
    "pull/calc/mart/totals/haulwork.yaml": """\
        depends: [shop.dwh.customer]
        actions:
          - do: runsql
            file: [build.sql, missing.sql]
        """,
    "pull/calc/mart/totals/build.sql": "INSERT INTO {{target_schema}}.{{target_table}} SELECT 1",
}


def test_a_project_of_002_becomes_one_that_reads(tmp_path: Path) -> None:
    made = translated(tmp_path, OLD_LAYOUT)
    assert made.said.active == ("dwh.customer", "mart.totals")
    assert made.said.drafts == ()
    assert made.data("routes/shop/route.yaml") == {"description": "The shop", "source": "shop"}
    assert made.data("routes/shop/dwh/customer/task.yaml") == {
        "mode": "full",
        "source": {"query": "input.sql"},
        "run": {"priority": 2, "pause": "2 hours", "windows": ["18:00-08:00"]},
        "empty": "keep",
    }
    assert made.text("routes/shop/dwh/customer/ver/001.sql").startswith("CREATE TABLE")
    assert made.data("routes/calc/mart/totals/task.yaml") == {
        "mode": "sql",
        "before": ["build.sql"],
        "depends": ["shop.dwh.customer"],
    }
    assert made.text("routes/calc/mart/totals/build.sql") == ("INSERT INTO mart.totals SELECT 1")
    assert made.project.waits_for["mart.totals"] == ("dwh.customer",)


def test_a_password_in_clear_is_nowhere_and_the_variable_to_set_is_named(tmp_path: Path) -> None:
    made = translated(tmp_path, OLD_LAYOUT)
    assert made.data("connections.yaml") == {
        "target": {
            "type": "postgres",
            "host": "${DWH_HOST}",
            "database": "dwh",
            "username": "loader",
            "password": "${TARGET_PASSWORD}",
            "options": {"application_name": "dapu"},
            "connect_timeout": 5,
        },
        "shop": {
            "type": "postgres",
            "host": "shop.example",
            "database": "shop",
            "username": "reader",
            "password": "${SHOP_PASSWORD}",
        },
    }
    assert [what.split(":")[0] for _, what in made.notes("set")] == ["TARGET_PASSWORD"]
    for file in made.folder.rglob("*"):
        assert file.is_dir() or "p@ss" not in file.read_text()
    assert not any("p@ss" in note.what for note in made.said.notes)


def test_the_report_says_of_each_file_and_key_what_became_of_it(tmp_path: Path) -> None:
    made = translated(tmp_path, OLD_LAYOUT)
    found = {(note.kind, Path(note.where).name, note.key) for note in made.said.notes}
    assert {
        ("mapped", "haulwork.yaml:1", "run.keep_pause"),
        ("mapped", "haulwork.yaml:4", "actions[0].file"),
        ("mapped", "route.yaml:3", "alias"),
        ("mapped", "001.sql", ""),
        ("lost", "haulwork.yaml:4", "actions[0].file"),
        ("lost", "changes.yaml", ""),
    } <= found
    missing = [what for _, what in made.notes("lost") if "missing.sql" in what]
    assert missing == ["missing.sql: there is no such file; dapu ignored that"]


def test_the_settings_of_08_count(tmp_path: Path) -> None:
    made = translated(
        tmp_path,
        {
            "conf/profiles.yaml": PROFILES,
            "conf/conf.yaml": "FAILURE_LIMIT: 5\nAPP_NAME: x\nDAPU_SCHEMA: ops\n"
            "FILENAME_DEFINITION_FILE: task.yml\n",
            "conf/agents.yaml": "own: {module: own}\n",
            "routes/tasks_to_delete.txt": "erp.dwh.gone\n",
            "routes/erp/route.yaml": "alias: erp\n",
            "routes/erp/dwh/customer/task.yml": EXPORT,
            "routes/erp/dwh/customer/input.sql": "SELECT id, name FROM c",
            "routes/erp/dwh/customer/ver/1.sql": "SELECT 1",
            "routes/erp/dwh/gone/task.yml": EXPORT,
            "routes/erp/dwh/other/haulwork.yaml": EXPORT,
        },
    )
    assert made.said.active == ("dwh.customer",)
    assert made.task("dwh.customer").definition.retries.max_retries == 4
    assert 'JOIN "ops"."registry" r' in made.text("adopt.sql")
    lost = made.notes("lost")
    assert ("APP_NAME", "has no meaning here") in lost
    assert ("", "tasks_to_delete.txt says that the task goes") in lost


@pytest.mark.parametrize("word", ["old", "draft", "someday"])
def test_a_task_that_is_not_active_stays_so(tmp_path: Path, word: str) -> None:
    made = of_08(tmp_path, f"status: {word}\n{EXPORT}", input__sql="SELECT id, name FROM c")
    assert made.said.active == ()
    status = made.data("routes/erp/dwh/customer/task.yaml")["status"]
    assert status == ("old" if word == "old" else "draft")


def test_a_key_nobody_knows_is_named_with_its_line(tmp_path: Path) -> None:
    made = of_08(
        tmp_path, f"{EXPORT}    shards: 4\nnice: yes\n", input__sql="SELECT id, name FROM c"
    )
    assert made.notes("lost")[-3:] == [
        ("actions[0].to", "rows always go from the source to the target"),
        ("actions[0].shards", "has no meaning here"),
        ("nice", "has no meaning here"),
    ]


def test_circles_and_unknown_masters_are_left_out_and_said(tmp_path: Path) -> None:
    task = "depends: [erp.dwh.{0}, erp.dwh.nowhere]\n" + EXPORT
    made = translated(
        tmp_path,
        {
            "conf/sql.yaml": PROFILES,
            "routes/erp/route.yaml": "alias: erp\n",
            **{
                f"routes/erp/dwh/{name}/{file}": text
                for name, other in (("a", "b"), ("b", "a"), ("c", "c"))
                for file, text in (
                    ("haulwork.yaml", task.format(other)),
                    ("input.sql", "SELECT id, name FROM c"),
                )
            },
        },
    )
    waits = made.project.waits_for
    assert sorted([waits["dwh.a"], waits["dwh.b"]]) in ([(), ("dwh.a",)], [(), ("dwh.b",)])
    said = [what for key, what in made.notes("changed") if key == "depends"]
    assert sum("nowhere: there is no such active task" in what for what in said) == 3
    assert sum("wait for each other" in what for what in said) == 1
    assert sum("cannot wait for itself" in what for what in said) == 1


def test_two_tasks_for_one_table_cannot_both_be_active(tmp_path: Path) -> None:
    files = {
        f"routes/{route}/dwh/customer/{file}": text
        for route in ("erp", "crm")
        for file, text in (("haulwork.yaml", EXPORT), ("input.sql", "SELECT id, name FROM c"))
    }
    routes = {f"routes/{route}/route.yaml": "alias: erp\n" for route in ("erp", "crm")}
    made = translated(tmp_path, {"conf/sql.yaml": PROFILES, **routes, **files})
    assert (made.said.active, made.said.drafts) == (("dwh.customer",), ("erp.dwh.customer",))
    assert ("", "crm.dwh.customer fills dwh.customer already") in made.notes("draft")


@pytest.mark.parametrize(
    ("alias", "why"),
    [("gone", "there is no profile it could read"), ("sheets", "its profile is of type folder")],
)
def test_a_task_that_cannot_read_its_profile_needs_a_hand(
    tmp_path: Path, alias: str, why: str
) -> None:
    made = translated(
        tmp_path,
        {
            "conf/sql.yaml": PROFILES,
            "conf/file.yaml": "sheets: {path: /data}\n",
            "routes/erp/route.yaml": f"alias: {alias}\n",
            "routes/erp/dwh/customer/haulwork.yaml": EXPORT,
            "routes/erp/dwh/customer/input.sql": "SELECT id, name FROM c",
        },
    )
    assert made.said.active == ()
    assert ("source", why) in made.notes("draft")


def test_a_file_that_is_no_yaml_is_said_and_the_others_are_translated(tmp_path: Path) -> None:
    made = translated(tmp_path, {**OLD_LAYOUT, "pull/shop/dwh/b/haulwork.yaml": "a: [\n"})
    assert made.said.active == ("dwh.customer", "mart.totals")
    assert any("not YAML" in what for _, what in made.notes("draft"))


def test_code_in_yaml_is_not_run(tmp_path: Path) -> None:
    evil = f"a: !!python/object/apply:os.mkdir ['{tmp_path}/made']\n"
    made = translated(tmp_path, {**OLD_LAYOUT, "pull/shop/dwh/b/haulwork.yaml": evil})
    assert not (tmp_path / "made").exists()
    assert any("tags (!) are not supported" in what for _, what in made.notes("draft"))


def test_a_target_that_is_missing_is_left_to_variables(tmp_path: Path) -> None:
    files = {"routes/erp/route.yaml": "alias: erp\n"}
    made = translated(tmp_path, {**files, "conf/sql.yaml": PROFILES.splitlines()[1]})
    assert made.data("connections.yaml")["target"]["host"] == "${DAPU_TARGET_HOST}"
    assert made.notes("set") == [("target", "DAPU_TARGET_HOST, DAPU_TARGET_DATABASE")]


@pytest.mark.parametrize("files", [{}, {"conf/sql.yaml": PROFILES}])
def test_what_is_no_project_of_dapu_says_so(tmp_path: Path, files: dict[str, str]) -> None:
    old = write(tmp_path, files)
    with pytest.raises(ConfigError, match="is no project of dapu"):
        translate(old, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    new = write(tmp_path / "new", {"mine.txt": "x"})
    with pytest.raises(ConfigError, match="is there already"):
        translate(write(tmp_path / "old", OLD_LAYOUT), new)
    assert [path.name for path in new.iterdir()] == ["mine.txt"]
    assert {path.name for path in tmp_path.iterdir()} == {"new", "old"}
