"""`kada load translate`: what it says, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kada_dagster.cli import main
from kada_dagster_tests.loader.dapu.projects import EXPORT, write

OLD = {
    "conf/sql.yaml": "target: {driver: pg, host: h, database: d, username: u, password: hunter2}\n"
    "erp: {driver: pg, host: h, database: e, debug: true}\n",
    "routes/erp/route.yaml": "alias: erp\n",
    "routes/erp/dwh/a/haulwork.yaml": EXPORT,
    "routes/erp/dwh/a/input.sql": "SELECT id, name FROM a",
    "routes/erp/dwh/a/ver/001.sql": "CREATE TABLE dwh.a (id int)",
    "routes/erp/dwh/b/haulwork.yaml": "actions: [{do: filecopy}]\n",
}


@pytest.fixture
def old(tmp_path: Path) -> str:
    return str(write(tmp_path / "old", OLD))


def test_what_needs_a_hand_is_told_first_and_the_project_checks(
    old: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["load", "translate", old, str(tmp_path / "new")]) == 0
    said = capsys.readouterr().out
    kinds = [line.split()[0] for line in said.splitlines()[1:-3]]
    assert kinds == sorted(kinds, key=["set", "draft", "lost", "changed"].index)
    assert "conf/sql.yaml:1" in said
    assert "TARGET_PASSWORD: the value that stands here is not copied" in said
    assert "hunter2" not in said
    assert said.splitlines()[-3].startswith("1 task, 1 draft, ")
    assert said.splitlines()[-2] == "drafts: erp.dwh.b"
    assert said.splitlines()[-1].startswith("adopt.sql: run it in the target")
    assert main(["load", "check", "-p", str(tmp_path / "new")]) == 0


def test_keys_that_mean_the_same_are_shown_when_they_are_asked_for(
    old: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["load", "translate", old, str(tmp_path / "one")])
    assert "mapped" not in capsys.readouterr().out
    main(["load", "translate", old, str(tmp_path / "two"), "--all"])
    assert "mapped" in capsys.readouterr().out


def test_scripts_get_every_key_as_a_line_of_json(
    old: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["load", "translate", old, str(tmp_path / "new"), "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"kind", "where", "key", "what"} == set(lines[0])
    assert {line["kind"] for line in lines} == {"mapped", "lost", "set", "draft"}


def test_a_folder_that_is_no_project_of_dapu_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["load", "translate", str(tmp_path), str(tmp_path / "new")]) == 2
    assert "is no project of dapu" in capsys.readouterr().err
