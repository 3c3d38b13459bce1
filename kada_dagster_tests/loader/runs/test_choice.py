"""Which tasks and ranges are meant by what a user wrote."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.project import Project
from kada_dagster.loader.runs.choice import Load, PartChoice, find_task, find_tasks, loads_of
from kada_dagster_tests.loader.runs.loads import NOW, project

TASKS = {
    "r/s/a": "",
    "r/s/b": "depends: [s.a]\n",
    "q/s/c": "depends: [r.s.b]\n",
    "q/s/d": "",
    "q/s/e": "status: draft\n",
}


@pytest.fixture
def made(tmp_path: Path) -> Project:
    return project(tmp_path, TASKS)


def found(made: Project, *names: str, **more: Any) -> list[str]:
    return [task.id for task in find_tasks(made, names, **more)]


@pytest.mark.parametrize("name", ["s.a", "r.s.a"])
def test_a_task_has_two_names(made: Project, name: str) -> None:
    assert find_task(made, name).id == "s.a"


@pytest.mark.parametrize("name", ["s.e", "q.s.a", "a", "", "s.A"])
def test_what_is_no_active_task_is_refused(made: Project, name: str) -> None:
    with pytest.raises(ConfigError, match="there is no such active task"):
        find_task(made, name)


@pytest.mark.parametrize(
    ("names", "more", "tasks"),
    [
        (["s.c", "s.a"], {}, ["s.a", "s.c"]),
        (["s.a", "s.a", "r.s.a"], {}, ["s.a"]),
        (["s.a"], {"downstream": True}, ["s.a", "s.b", "s.c"]),
        (["s.b"], {"downstream": True}, ["s.b", "s.c"]),
        (["s.d"], {"downstream": True}, ["s.d"]),
        ([], {"route": "q"}, ["s.c", "s.d"]),
        ([], {"route": "r", "downstream": True}, ["s.a", "s.b", "s.c"]),
        ([], {"everything": True}, ["s.a", "s.b", "s.c", "s.d"]),
        ([], {"everything": True, "route": "q"}, ["s.c", "s.d"]),
    ],
)
def test_tasks_come_behind_those_they_wait_for(
    made: Project, names: list[str], more: dict[str, Any], tasks: list[str]
) -> None:
    chosen = found(made, *names, **more)
    assert sorted(chosen) == tasks
    places = {name: place for place, name in enumerate(chosen)}
    for name in chosen:
        assert all(places.get(master, -1) < places[name] for master in made.waits_for[name])


def loads(folder: Path, split: str, choice: PartChoice, now: datetime = NOW) -> list[str]:
    made = project(folder, {"r/s/a": f"split: {{{split}}}\n", "r/s/b": ""})
    return [str(load) for load in loads_of(list(made.tasks.values()), choice, now)]


DAYS = "by: at, every: day, start: 2026-01-01, end: 2026-01-05"
HOURS = "by: at, every: hour, start: 2026-01-01, end: '2026-01-01 04:00'"


@pytest.mark.parametrize(
    ("split", "choice", "parts"),
    [
        (DAYS, PartChoice(), ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"]),
        (DAYS, PartChoice(name="2026-01-03"), ["2026-01-03"]),
        (DAYS, PartChoice(span="2026-01-03:"), ["2026-01-03", "2026-01-04"]),
        (DAYS, PartChoice(span=":2026-01-01"), ["2026-01-01"]),
        (DAYS, PartChoice(span="2026-01-02:2026-01-03"), ["2026-01-02", "2026-01-03"]),
        (
            HOURS,
            PartChoice(span="2026-01-01 01:00:00:2026-01-01 02:00:00"),
            ["2026-01-01 01:00:00", "2026-01-01 02:00:00"],
        ),
        (HOURS, PartChoice(span="2026-01-01 03:00:00:"), ["2026-01-01 03:00:00"]),
        (HOURS, PartChoice(span=":2026-01-01 00:00:00"), ["2026-01-01 00:00:00"]),
        ("by: id, size: 5, start: -5, end: 10", PartChoice(span="-5:0"), ["-5", "0"]),
    ],
)
def test_ranges_are_meant_by_their_names(
    tmp_path: Path, split: str, choice: PartChoice, parts: list[str]
) -> None:
    assert loads(tmp_path, split, choice) == [*(f"s.a {part}" for part in parts), "s.b"]


def test_ranges_of_time_go_up_to_the_present(tmp_path: Path) -> None:
    split = "by: at, every: month, start: 2025-11-01"
    now = datetime(2026, 1, 10, tzinfo=timezone.utc)
    assert loads(tmp_path, split, PartChoice(), now)[-2:] == ["s.a 2026-01-01", "s.b"]


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (PartChoice(name="2026-01-9"), r"--part 2026-01-9: s\.a has no range .*did you mean"),
        (PartChoice(span="2026-01-01:2027-01-01"), r"its ranges are 2026-01-01 to 2026-01-04"),
        (PartChoice(span="yesterday"), "write FROM:TO"),
        (PartChoice(span="2026-01-03:2026-01-02"), "2026-01-03 comes after 2026-01-02 in s.a"),
    ],
)
def test_a_range_that_is_not_there_is_refused_with_those_that_are(
    tmp_path: Path, choice: PartChoice, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        loads(tmp_path, DAYS, choice)


def test_checks_stand_behind_all_ranges_of_their_task(tmp_path: Path) -> None:
    made = project(
        tmp_path,
        {
            "r/s/a": f"split: {{{DAYS}}}\nchecks: {{not_null: [id], row_count: {{}}}}\n",
            "r/s/b": "checks: {blocking: true}\n",
        },
    )
    tasks = list(made.tasks.values())
    found = loads_of(tasks, PartChoice(name="2026-01-02"), NOW, has_checks=True)
    assert [str(load) for load in found] == ["s.a 2026-01-02", "checks of s.a", "s.b"]
    assert set(found[1].checks) == {"not_null", "row_count"}
    assert len(loads_of(tasks, PartChoice(name="2026-01-02"), NOW)) == 2


def test_a_task_that_only_runs_files_has_nothing_to_check(tmp_path: Path) -> None:
    folder = tmp_path / "routes/r/s/a"
    folder.mkdir(parents=True)
    (folder / "b.sql").write_text("SELECT 1")
    made = project(tmp_path, {"r/s/b": ""})
    (folder / "task.yaml").write_text("mode: sql\nbefore: b.sql\nchecks: {not_null: [x]}\n")
    made = project(tmp_path, {"r/s/b": ""})
    assert [
        str(one) for one in loads_of([made.tasks["s.a"]], PartChoice(), NOW, has_checks=True)
    ] == ["s.a"]


def test_a_load_is_itself_and_no_other(made: Project) -> None:
    task = made.tasks["s.a"]
    assert len({Load(task), Load(task)}) == 2
