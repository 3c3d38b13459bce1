"""Tables in a pipe, and which project a command is about."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kada_dagster.cli.load.printing import counted, json_line, print_table
from kada_dagster.cli.load.project import place_of, places_beside, secrets_of
from kada_dagster.cli.session import Session
from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.project import read_project
from kada_dagster_tests.loader.folders import write

NOTHING = {"project": None, "target": None, "state_schema": None, "loader": None, "config": None}


def table(capsys: pytest.CaptureFixture[str], *rows: tuple[object, ...]) -> str:
    print_table(("name", "rows", "note"), rows)
    return capsys.readouterr().out


def test_numbers_stand_to_the_right_and_columns_without_values_are_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert table(capsys, ("a", 7, None), ("long", 12_345, "")) == (
        "name    rows\na          7\nlong  12,345\n"
    )


def test_seconds_have_two_digits_and_texts_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert table(capsys, ("a\nb", 1.5, "x  y")) == "name  rows  note\na b   1.50  x y\n"


def test_nothing_that_steers_a_terminal_comes_through(capsys: pytest.CaptureFixture[str]) -> None:
    assert "\x1b" not in table(capsys, ("\x1b[31m", 1, "\x07"))


def test_json_is_one_line_of_ascii() -> None:
    line = json_line({"name": "ü\n\x1b", "folder": Path("/a")})
    assert line.isascii()
    assert "\n" not in line
    assert json.loads(line) == {"name": "ü\n\x1b", "folder": "/a"}


@pytest.mark.parametrize(("count", "text"), [(0, "0 tasks"), (1, "1 task"), (1000, "1,000 tasks")])
def test_things_are_counted(count: int, text: str) -> None:
    assert counted(count, "task") == text


def kada_yaml(folder: Path, text: str) -> str:
    file = folder / "kada.yaml"
    file.write_text(text)
    return str(file)


LOADERS = (
    "loader:\n  - {name: one, project: a, target: dwh, state_schema: ops}\n"
    "  - {name: two, project: b}\n"
)


def test_a_loader_says_folder_target_and_where_its_state_is(tmp_path: Path) -> None:
    file = kada_yaml(tmp_path, LOADERS)
    place = place_of(**{**NOTHING, "config": file, "loader": "one"})
    assert (place.folder, place.target, place.tables.schema) == (tmp_path / "a", "dwh", "ops")
    assert [other.folder for other in places_beside(place, file)] == [tmp_path / "b"]


def test_a_project_on_its_own_can_be_told_the_same(tmp_path: Path) -> None:
    place = place_of(**{**NOTHING, "project": "p", "target": "t", "state_schema": "s"})
    assert (place.folder, place.target, place.tables.schema) == (Path("p"), "t", "s")
    usual = place_of(**{**NOTHING, "project": "p"})
    assert (usual.target, usual.tables.schema) == ("target", "kada_loader")


def test_without_any_configuration_the_command_says_what_to_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KADA_CONFIG", raising=False)
    with pytest.raises(ConfigError, match=r"there is no kada\.yaml here; give the folder"):
        place_of(**NOTHING)


def test_secrets_are_what_profiles_take_from_variables_but_where_they_are(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "connections.yaml": """\
                target: {type: postgres, host: "${HOST}", database: d, password: "${PW}"}
                api:
                  type: http
                  url: https://h
                  headers: {X: "${HEADER}"}
                  auth: {type: bearer, token: "a-${TOKEN}"}
                any: {type: sqlalchemy, url: "oracle://${USER}:${ORACLE_PW}@h"}
                """,
            "routes/r/route.yaml": "source: api\n",
            "routes/r/dwh/t/task.yaml": """\
                mode: http
                source:
                  http:
                    {path: /x, method: POST, params: {k: "${KEY}"}, body: {a: [{b: "${DEEP}"}]}}
                target: {ddl: auto}
                """,
        },
    )
    found = {secret.variable for secret in secrets_of(read_project(tmp_path))}
    assert found == {"PW", "HEADER", "TOKEN", "USER", "ORACLE_PW", "KEY", "DEEP"}


def test_a_secret_that_json_spells_otherwise_is_not_in_it() -> None:
    facts = {"error": 'no pä"ss\\', "checks": [{"message": 'pä"ss\\'}], "rows": 3}
    line = json_line(facts, lambda text: text.replace('pä"ss\\', "***"))
    assert json.loads(line) == {"error": "no ***", "checks": [{"message": "***"}], "rows": 3}


def test_a_command_never_shows_what_it_may_have_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DWH", "hunter2")
    session = Session()
    place_of(**{**NOTHING, "project": str(write(tmp_path, {}))}).read(session)
    assert session.redacted("password hunter2 is wrong") == "password *** is wrong"
