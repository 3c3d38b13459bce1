"""A project folder is read whole, and everything that is wrong in it is said with file and line."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from kada_dagster.config.problems import ConfigFileError
from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.project import read_project
from kada_dagster_tests.loader.folders import write

FULL = "mode: full\nsource: {table: t}\n"


def problems_of(folder: Path) -> list[str]:
    with pytest.raises(ConfigFileError) as caught:
        read_project(folder)
    return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]


def test_a_task_is_the_table_its_folders_name(tmp_path: Path) -> None:
    project = read_project(write(tmp_path, {"routes/erp/sales/orders/task.yaml": FULL}))
    task = project.tasks["sales.orders"]
    assert (task.route, task.schema, task.table, task.connection) == (
        "erp",
        "sales",
        "orders",
        "erp",
    )
    assert task.definition.mode == "full"


def test_all_problems_of_all_files_are_said_together_with_their_lines(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "routes/erp/route.yaml": "source: epr\n",
            "routes/erp/sales/a/task.yaml": "mode: ful\nsource: {table: t}\n",
            "routes/erp/sales/b/task.yaml": "mode: upsert\nsorce: {table: t}\nkey: id\n",
            "routes/erp/sales/c/task.yaml": f"{FULL}depends: [sales.d]\n",
        },
    )
    found = problems_of(tmp_path)
    assert (
        "routes/erp/route.yaml:1: source: no such profile in connections.yaml; did you mean 'erp'?"
        in found
    )
    assert any(
        line.startswith("routes/erp/sales/a/task.yaml:1: mode: must be one of")
        and line.endswith("did you mean 'full'?")
        for line in found
    )
    assert "routes/erp/sales/b/task.yaml:2: sorce: unknown key; did you mean 'source'?" in found
    assert any(
        line.startswith("routes/erp/sales/c/task.yaml:3: depends[0]: there is no such task")
        for line in found
    )


@pytest.mark.parametrize(
    ("deletes", "said"),
    [
        ("{colum: gone}", "deletes.colum: unknown key; did you mean 'column'?"),
        ("{}", "deletes.column: is required"),
        ("hrad", "deletes: must be one of 'none' or 'hard'; did you mean 'hard'?"),
    ],
)
def test_what_is_wrong_with_deletes_is_said_of_what_was_meant(
    tmp_path: Path, deletes: str, said: str
) -> None:
    task = f"mode: upsert\nsource: {{table: t}}\nkey: id\ndeletes: {deletes}\n"
    write(tmp_path, {"routes/erp/sales/a/task.yaml": task})
    found = problems_of(tmp_path)
    assert f"routes/erp/sales/a/task.yaml:4: {said}" in found
    assert "SoftDeletes" not in str(found)
    assert "literal" not in str(found)


def test_what_a_route_says_holds_for_its_tasks_unless_they_say_otherwise(tmp_path: Path) -> None:
    project = read_project(
        write(
            tmp_path,
            {
                "routes/erp/route.yaml": """\
                    source: erp
                    defaults:
                      run: {priority: 3, pause: 23 hours, cron: "0 1 * * *"}
                      retries: {max_retries: 7}
                    """,
                "routes/erp/sales/a/task.yaml": f'{FULL}run: {{cron: "0 4 * * *"}}\n',
            },
        )
    )
    definition = project.tasks["sales.a"].definition
    assert definition.run.cron == "0 4 * * *"
    assert (definition.run.priority, definition.run.pause) == (3, timedelta(hours=23))
    assert definition.retries.max_retries == 7


def test_tasks_come_behind_those_they_wait_for(tmp_path: Path) -> None:
    sql = "mode: sql\nsql: build.sql\n"
    files = {
        "routes/mart/m/top/task.yaml": f"{sql}depends: [m.middle]\n",
        "routes/mart/m/middle/task.yaml": f"{sql}depends: [erp.sales.base]\n",
        "routes/erp/sales/base/task.yaml": FULL,
        **{f"routes/mart/m/{name}/build.sql": "SELECT 1" for name in ("top", "middle")},
        "routes/mart/route.yaml": "description: marts\n",
    }
    project = read_project(write(tmp_path, files))
    assert project.order() == ["sales.base", "m.middle", "m.top"]
    assert project.waits_for["m.top"] == ("m.middle",)


def test_tasks_that_wait_for_each_other_are_an_error_that_names_the_circle(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "routes/erp/s/a/task.yaml": f"{FULL}depends: [s.b]\n",
            "routes/erp/s/b/task.yaml": f"{FULL}depends: [s.c]\n",
            "routes/erp/s/c/task.yaml": f"{FULL}depends: [s.a]\n",
        },
    )
    (problem,) = problems_of(tmp_path)
    assert "task.yaml:3: depends: tasks wait for each other: " in problem
    assert {"s.a", "s.b", "s.c"} <= set(problem.rpartition(": ")[2].split(" -> "))


def test_a_task_that_reads_what_another_one_fills_waits_for_it(tmp_path: Path) -> None:
    report = "mode: full\nsource: {connection: target, table: s.orders}\n"
    own = "mode: upsert\nkey: [id]\nsource: {connection: target, table: s.own}\n"
    files = {
        "routes/erp/s/orders/task.yaml": "mode: full\nsource: {table: s.orders}\n",
        "routes/erp/s/report/task.yaml": report,
        "routes/erp/s/own/task.yaml": own,
    }
    waits_for = read_project(write(tmp_path, files)).waits_for
    assert waits_for == {"s.orders": (), "s.report": ("s.orders",), "s.own": ()}


def test_unique_rows_are_checked_by_the_key(tmp_path: Path) -> None:
    task = "mode: full\nsource: {table: s.a}\nchecks: {unique: true}\n"
    with pytest.raises(ConfigError, match=r"key: is required for checks\.unique"):
        read_project(write(tmp_path, {"routes/erp/s/a/task.yaml": task}))


def test_a_task_that_waits_for_itself_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, {"routes/erp/s/a/task.yaml": f"{FULL}depends: [s.a]\n"})
    assert problems_of(tmp_path) == [
        "routes/erp/s/a/task.yaml:3: depends[0]: a task cannot wait for itself"
    ]


def test_one_table_is_filled_by_one_task_only(tmp_path: Path) -> None:
    write(tmp_path, {"routes/erp/s/a/task.yaml": FULL, "routes/web/s/a/task.yaml": FULL})
    (problem,) = problems_of(tmp_path)
    assert problem == "routes/web/s/a/task.yaml:1: routes/erp/s/a/task.yaml fills s.a already"


@pytest.mark.parametrize("status", ["draft", "old"])
def test_only_active_tasks_are_there(tmp_path: Path, status: str) -> None:
    files = {"routes/erp/s/a/task.yaml": f"{FULL}status: {status}\n"}
    assert read_project(write(tmp_path, files)).tasks == {}


def test_files_that_are_named_and_missing_are_an_error(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"routes/erp/s/a/task.yaml": "mode: full\nsource: {query: input.sql}\nafter: [done.sql]\n"},
    )
    found = problems_of(tmp_path)
    assert len(found) == 2
    assert "routes/erp/s/a/input.sql: there is no such file" in found[0]
    assert "routes/erp/s/a/done.sql: there is no such file" in found[1]


def test_version_files_have_numbers_of_their_own(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "routes/erp/s/a/task.yaml": FULL,
            "routes/erp/s/a/ver/001_create.sql": "SELECT 1",
            "routes/erp/s/a/ver/1_other.sql": "SELECT 1",
            "routes/erp/s/a/ver/create.sql": "SELECT 1",
        },
    )
    found = problems_of(tmp_path)
    assert any("has that number, too" in line for line in found)
    assert any("must be named by its number, as 001_create.sql" in line for line in found)


def test_version_files_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    files = {f"routes/erp/s/a/ver/{name}.sql": "" for name in ("10_c", "2_b", "001_a")}
    project = read_project(write(tmp_path, {"routes/erp/s/a/task.yaml": FULL, **files}))
    names = [file.name for file in project.tasks["s.a"].version_files]
    assert names == ["001_a.sql", "2_b.sql", "10_c.sql"]


@pytest.mark.parametrize(
    "change",
    [
        ("routes/erp/s/a/task.yaml", "mode: upsert\nkey: id\nsource: {query: q.sql}\n"),
        ("routes/erp/s/a/q.sql", "SELECT 2"),
        ("routes/erp/s/a/ver/001.sql", "CREATE TABLE s.a (id int)"),
    ],
)
def test_the_fingerprint_changes_with_the_definition_and_its_files_only(
    tmp_path: Path, change: tuple[str, str]
) -> None:
    files = {
        "routes/erp/s/a/task.yaml": "mode: full\nsource: {query: q.sql}\n",
        "routes/erp/s/a/q.sql": "SELECT 1",
        "routes/erp/s/a/ver/001.sql": "",
    }

    def fingerprint() -> str:
        return read_project(tmp_path).tasks["s.a"].fingerprint

    write(tmp_path, files)
    before = fingerprint()
    write(tmp_path, {"routes/erp/s/a/notes.txt": "nothing", "routes/erp/s/b/task.yaml": FULL})
    assert fingerprint() == before
    write(tmp_path, dict([change]))
    assert fingerprint() != before


def test_a_folder_that_is_no_project_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no loader project"):
        read_project(tmp_path / "nowhere")


def test_the_target_must_be_a_postgres_profile(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"connections.yaml": "target: {type: sqlite, path: x.db}\nerp: {type: sqlite, path: y}\n"},
    )
    assert problems_of(tmp_path) == [
        "connections.yaml:1: target: must be a profile of type postgres: the target"
    ]


def test_a_profile_of_a_type_that_is_not_known_is_an_error_with_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, {"connections.yaml": "target:\n  type: postgress\n  host: x\n"})
    (problem,) = problems_of(tmp_path)
    assert problem.startswith("connections.yaml:2: ")
    assert "did you mean 'postgres'?" in problem


def test_a_target_that_is_not_there_is_an_error_with_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, {"connections.yaml": "traget: {type: postgres, host: h, database: d}\n"})
    assert problems_of(tmp_path) == [
        "connections.yaml:1: target: is required: the profile of the database that is filled; "
        "did you mean 'traget'?"
    ]


_A_TASK_IS = "a task is routes/<route>/<schema>/<table>/task.yaml"


@pytest.mark.parametrize(
    ("file", "what"),
    [
        ("routes/erp/task.yaml", _A_TASK_IS),
        ("routes/erp/orders/task.yaml", _A_TASK_IS),
        ("routes/erp/shop/eu/orders/task.yaml", _A_TASK_IS),
        ("routes/erp/shop/orders/task.yml", "a task's file is named task.yaml"),
    ],
)
def test_a_task_where_none_is_looked_for_is_not_passed_over(
    tmp_path: Path, file: str, what: str
) -> None:
    assert problems_of(write(tmp_path, {file: FULL})) == [f"{file}: is not read: {what}"]


def test_what_is_wrong_in_a_route_is_not_said_of_its_tasks(tmp_path: Path) -> None:
    route = "source: erp\nmax_concurrent: two\n"
    write(tmp_path, {"routes/erp/route.yaml": route, "routes/erp/s/a/task.yaml": FULL})
    assert problems_of(tmp_path) == [
        "routes/erp/route.yaml:2: max_concurrent: must be a whole number"
    ]


def test_reading_a_project_needs_no_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DWH", raising=False)
    project = read_project(write(tmp_path, {"routes/erp/s/a/task.yaml": FULL}))
    assert set(project.connections) == {"target", "erp"}
    assert "DWH" in repr(project.connections["target"])


def test_a_password_that_is_written_down_is_refused_and_not_repeated(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"connections.yaml": "target: {type: postgres, host: h, database: d, password: hunter2}\n"},
    )
    (problem,) = problems_of(tmp_path)
    assert "a secret is not written here" in problem
    assert "hunter2" not in problem


def test_a_name_longer_than_postgres_takes_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {f"routes/erp/s/{'t' * 64}/task.yaml": FULL})
    (problem,) = problems_of(tmp_path)
    assert "longer than PostgreSQL's 63 bytes" in problem


@pytest.mark.parametrize(
    ("profile", "source", "what"),
    [
        ("{type: folder, path: in}", "{table: t}", "of type folder: give files, not table or"),
        ("{type: sqlite, path: a.db}", "{files: {pattern: x}}", "give table or query, not files"),
        ("{type: http, url: 'http://a'}", "{files: {pattern: x}}", "give http, not files"),
        ("{type: folder, path: in}", "{http: {path: x}}", "give files, not http"),
    ],
)
def test_a_task_reads_what_its_profile_has(
    tmp_path: Path, profile: str, source: str, what: str
) -> None:
    target = "target: {type: postgres, host: localhost, database: dwh}\n"
    files = {
        "connections.yaml": f"{target}erp: {profile}\n",
        "routes/erp/a/b/task.yaml": f"mode: full\nsource: {source}\n",
    }
    (found,) = problems_of(write(tmp_path, files))
    assert found.startswith("routes/erp/a/b/task.yaml:2: source: the profile erp is ")
    assert what in found
