"""`kada load check`: a project is right, or everything that is wrong in it is said."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from kada_dagster_tests.cli.conftest import Kada
from kada_dagster_tests.cli.load_project import Said
from kada_dagster_tests.loader.folders import CONNECTIONS, write

TASK = "mode: full\nsource: {table: public.t}\n"
FILES = {
    "routes/erp/dwh/orders/task.yaml": TASK + "run: {cron: '0 5 * * *'}\n",
    "routes/erp/dwh/lines/task.yaml": TASK
    + "depends: [dwh.orders]\nsplit: {by: id, size: 10, start: 0, end: 40}\n",
    "routes/mart/dwh/sales/task.yaml": "mode: sql\nsql: sales.sql\n",
    "routes/mart/dwh/sales/sales.sql": "SELECT 1",
    "routes/mart/route.yaml": "description: marts\n",
}


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    return Check(tmp_path, capsys)


class Check:
    """Runs `kada load check` in a folder that holds a project."""

    def __init__(self, folder: Path, captured: pytest.CaptureFixture[str]) -> None:
        self.folder, self._captured = folder, captured

    def __call__(self, files: dict[str, str], *arguments: str) -> Said:
        from kada_dagster.cli import main

        write(self.folder / "project", files)
        where = () if "-c" in arguments else ("-p", str(self.folder / "project"))
        code = main(["load", "check", *where, *arguments])
        return Said(code, *self._captured.readouterr())


def test_the_tasks_of_a_project_that_is_right_are_listed_by_route(check: Check) -> None:
    said = check(FILES)
    assert said.code == 0
    assert said.out == (
        "route  task        mode  source  ranges  cron       waits for\n"
        "erp    dwh.lines   full  erp          4             dwh.orders\n"
        "erp    dwh.orders  full  erp             0 5 * * *\n"
        "mart   dwh.sales   sql\n"
        "OK: 3 tasks in 2 routes\n"
    )


def test_scripts_get_a_line_of_json_for_each_task(check: Check) -> None:
    lines = check(FILES, "--json").lines
    assert [line["task"] for line in lines] == ["dwh.lines", "dwh.orders", "dwh.sales"]
    assert lines[0]["waits_for"] == ["dwh.orders"]
    assert lines[0]["file"].endswith("routes/erp/dwh/lines/task.yaml")


def test_everything_that_is_wrong_is_said_with_its_place_and_the_code_is_2(check: Check) -> None:
    said = check(
        {
            **FILES,
            "routes/erp/dwh/lines/task.yaml": "mode: full\nsource:\n  tabel: public.t\n",
            "routes/erp/dwh/more/task.yaml": "mode: upsert\nsource: {table: public.t}\n",
            "routes/mart/dwh/sales/task.yaml": "mode: sql\nsql: gone.sql\n",
        }
    )
    assert said.code == 2
    assert said.out == ""
    assert "lines/task.yaml:3: source.tabel: unknown key; did you mean 'table'?" in said.err
    assert "more/task.yaml:1: key: is required for mode upsert" in said.err
    assert "gone.sql: there is no such file" in said.err


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        (
            'target: {type: postgres, host: h, database: d, username: u, passwrod: "${P}"}\n',
            "connections.yaml:1: target.passwrod: unknown key; did you mean 'password'?",
        ),
        (
            CONNECTIONS + "shop:\n  type: http\n  url: https://x\n"
            '  auth:\n    type: bearer\n    tokn: "${T}"\n    token: "${T}"\n',
            "connections.yaml:8: shop.auth.tokn: unknown key; did you mean 'token'?",
        ),
        (
            CONNECTIONS + "shop: {type: sqlite, zzz: 1, path: x.db}\n",
            "connections.yaml:3: shop.zzz: unknown key; known keys: max_concurrent, path, type",
        ),
        (
            CONNECTIONS + "shop: {type: sqlite}\n",
            "connections.yaml:3: shop.path: is required",
        ),
    ],
)
def test_what_is_wrong_in_a_profile_is_said_by_the_name_of_the_profile(
    tmp_path: Path, profile: str, said: str
) -> None:
    write(tmp_path / "project", {**FILES, "connections.yaml": profile})
    done = Kada(tmp_path)("load", "check", "-p", "project")
    assert done.code == 2
    assert done.err.startswith("error: ")
    assert done.err.rstrip().endswith(said)


def test_too_many_ranges_are_found_without_a_connection(check: Check) -> None:
    task = TASK + "split:\n  by: id\n  size: 1\n  start: 0\n  end: 1000000\n"
    said = check({"routes/erp/dwh/t/task.yaml": task})
    assert said.code == 2
    assert "t/task.yaml:3: split: more than 100,000 ranges" in said.err


def test_a_folder_that_is_no_project_says_so(check: Check) -> None:
    said = check({}, "-p", str(check.folder))
    assert said.code == 2
    assert "is no loader project" in said.err


@pytest.mark.parametrize(
    ("loaders", "arguments", "code", "words"),
    [
        (["one"], [], 0, "OK: 3 tasks"),
        (["one", "two"], ["--loader", "one"], 0, "OK: 3 tasks"),
        (["one", "two"], [], 2, "give one of several loaders with --loader; there are: one, two"),
        (["one", "two"], ["--loader", "ones"], 2, "no such loader; did you mean 'one'?"),
        ([], [], 2, "there is no loader; give the folder of a project: --project"),
    ],
)
def test_the_project_can_be_a_loader_of_kada_yaml(
    check: Check, loaders: list[str], arguments: list[str], code: int, words: str
) -> None:
    text = "loader:" + "".join(
        f"\n  - {{name: {name}, project: {'project' if name == 'one' else name}}}"
        for name in loaders
    )
    file = check.folder / "kada.yaml"
    file.write_text(text + " []\nfivetran: []\nsources: []\n" if not loaders else text)
    said = check(FILES, "-c", str(file), *arguments)
    assert (said.code, words in said.out + said.err) == (code, True) or not loaders
    assert said.code == code


def test_a_thousand_tasks_are_checked_in_one_command_without_dagster_or_drivers(
    tmp_path: Path,
) -> None:
    files = {f"routes/erp/dwh/t{number}/task.yaml": TASK for number in range(1000)}
    write(tmp_path / "project", files)
    script = (
        "import sys; from kada_dagster.cli import main; code = main(sys.argv[1:]); "
        "print(*sorted({name.partition('.')[0] for name in sys.modules})); sys.exit(code)"
    )
    began = time.monotonic()
    done = Kada(tmp_path).run([sys.executable, "-c", script, "load", "check", "-p", "project"])
    took = time.monotonic() - began
    assert done.code == 0, done.err
    assert "OK: 1,000 tasks in 1 route" in done.out
    assert not {"dagster", "psycopg2", "sqlalchemy", "sqlglot"} & set(done.out.split())
    assert took < 20
