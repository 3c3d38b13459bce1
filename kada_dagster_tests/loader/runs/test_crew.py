"""Loads side by side: the order, the limits, and what a failure keeps from running."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.loader.definition.project import Project, read_project
from kada_dagster.loader.errors import TargetError
from kada_dagster.loader.runs.choice import Load
from kada_dagster.loader.runs.crew import Crew
from kada_dagster.loader.runs.outcome import Outcome
from kada_dagster_tests.loader.runs.loads import Work, all_loads, project, until

CHAIN = {"r/s/a": "", "r/s/b": "depends: [s.a]\n", "r/s/c": "depends: [s.b]\n", "r/s/d": ""}


def run(
    made: Project, work: Work, jobs: int = 1, loads: list[Load] | None = None
) -> dict[str, Outcome]:
    """Run all loads; what came of them, by name."""
    crew = Crew(made, jobs, work, lambda _load, _what: None)
    return {str(one.load): one for one in crew.run(all_loads(made) if loads is None else loads)}


def test_a_task_begins_when_all_it_waits_for_has_ended(tmp_path: Path) -> None:
    made = project(tmp_path, {**CHAIN, "r/s/e": "depends: [s.c, s.d]\n"})
    held = Event()
    work = Work(held={"s.d": held})
    thread = Thread(target=run, args=(made, work, 4))
    thread.start()
    until(lambda: "s.c" in work.ended)
    assert "s.e" not in work.begun
    held.set()
    thread.join(10)
    assert work.ended[-1] == "s.e"
    assert work.begun.index("s.b") > work.begun.index("s.a")


def test_a_failure_keeps_from_running_all_behind_it_and_nothing_else(tmp_path: Path) -> None:
    made = project(tmp_path, CHAIN)
    error = TargetError("s.a: refused")
    found = run(made, Work({"s.a": error}), 2)
    assert {name: one.status for name, one in found.items()} == {
        "s.a": "failed",
        "s.b": "not run",
        "s.c": "not run",
        "s.d": "loaded",
    }
    assert found["s.a"].error is error
    assert (found["s.b"].reason, found["s.c"].reason) == ("s.a failed", "s.b failed")


def test_the_higher_priority_goes_first_where_there_is_a_choice(tmp_path: Path) -> None:
    tasks = {f"r/s/t{n}": f"run: {{priority: {n}}}\n" for n in (-2, 5, 0, 9)}
    tasks = {path.replace("-", "_"): text for path, text in tasks.items()}
    work = Work()
    run(project(tmp_path, tasks), work)
    assert work.begun == ["s.t9", "s.t5", "s.t0", "s.t_2"]


def test_no_more_run_at_once_than_jobs(tmp_path: Path) -> None:
    made = project(tmp_path, {f"r/s/t{n}": "" for n in range(9)})
    work = Work(seconds=0.01)
    run(made, work, 3)
    assert work.most == 3
    assert len(work.ended) == 9


@pytest.mark.parametrize(
    ("routes", "connections", "most"),
    [
        ({"r": "source: erp\nmax_concurrent: 2\n"}, "", 2),
        ({}, ", max_concurrent: 1", 1),
        ({}, "", 6),
    ],
)
def test_the_limits_of_route_and_profile_hold(
    tmp_path: Path, routes: dict[str, str], connections: str, most: int
) -> None:
    made = project(tmp_path, {f"r/s/t{n}": "" for n in range(6)}, routes)
    if connections:
        file = tmp_path / "connections.yaml"
        file.write_text(file.read_text().replace("path: erp.db", f"path: erp.db{connections}"))
        made = read_project(tmp_path)
    work = Work(seconds=0.02)
    run(made, work, 6)
    assert work.most == most


SPLIT = "split: {by: id, size: 10, start: 0, end: 50}\n"


def test_the_first_range_runs_alone_and_the_others_side_by_side(tmp_path: Path) -> None:
    made = project(tmp_path, {"r/s/a": SPLIT, "r/s/b": "depends: [s.a]\n"})
    first = Event()
    work = Work(held={"s.a 0": first}, seconds=0.02)
    thread = Thread(target=run, args=(made, work, 4))
    thread.start()
    until(lambda: work.begun == ["s.a 0"])
    first.set()
    thread.join(10)
    assert work.most > 1
    assert work.ended[-1] == "s.b"


def test_a_range_that_fails_stops_no_other_but_what_is_behind_the_task(tmp_path: Path) -> None:
    made = project(tmp_path, {"r/s/a": SPLIT, "r/s/b": "depends: [s.a]\n"})
    found = run(made, Work({"s.a 20": TargetError("x")}))
    statuses = {name: one.status for name, one in found.items()}
    assert statuses == {
        **{f"s.a {n}": "loaded" for n in (0, 10, 30, 40)},
        "s.a 20": "failed",
        "s.b": "not run",
    }


def test_where_the_first_range_fails_none_of_the_others_begins(tmp_path: Path) -> None:
    made = project(tmp_path, {"r/s/a": SPLIT})
    work = Work({"s.a 0": TargetError("x")})
    found = run(made, work, 4)
    assert work.begun == ["s.a 0"]
    assert [one.status for one in found.values()] == ["failed", *["not run"] * 4]


def test_an_error_nobody_foresaw_fails_its_load_alone_and_shows_no_value(tmp_path: Path) -> None:
    made = project(tmp_path, CHAIN)
    found = run(made, Work({"s.d": ValueError("row 7: secret")}))
    assert found["s.d"].reason == "ValueError, which nobody foresaw; --debug shows where"
    assert found["s.c"].status == "loaded"


def test_what_runs_is_stopped_when_the_one_who_asks_goes_away(tmp_path: Path) -> None:
    made = project(tmp_path, {"r/s/a": "", "r/s/b": "", "r/s/c": ""})
    work = Work()
    crew = Crew(made, 1, work, lambda _load, _what: None)
    with closing(crew.run(all_loads(made))) as outcomes:
        next(outcomes)
    assert len(work.begun) == 1
    assert list(crew.run([])) == []


def test_nothing_to_run_ends_at_once(tmp_path: Path) -> None:
    assert run(project(tmp_path, {}), Work(), loads=[]) == {}


def test_a_task_of_many_ranges_is_planned_in_little_time(tmp_path: Path) -> None:
    split = "split: {by: id, size: 1, start: 0, end: 2000}\n"
    made = project(tmp_path, {"r/s/a": split}, {"r": "source: erp\nmax_concurrent: 1\n"})
    work = Work()
    run(made, work, 4)
    assert len(work.ended) == 2000


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(1, 8),
    jobs=st.integers(1, 5),
    failing=st.sets(st.integers(0, 7), max_size=3),
)
def test_whatever_waits_for_what_every_load_ends_once_and_none_before_its_masters(
    tmp_path_factory: pytest.TempPathFactory, seed: int, count: int, jobs: int, failing: set[int]
) -> None:
    chance = random.Random(seed)
    masters = {n: [m for m in range(n) if chance.random() < 0.4] for n in range(count)}
    tasks = {
        f"r/s/t{n}": (f"depends: [{', '.join(f's.t{m}' for m in found)}]\n" if found else "")
        + (SPLIT if chance.random() < 0.3 else "")
        for n, found in masters.items()
    }
    made = project(tmp_path_factory.mktemp("graph"), tasks)
    loads = all_loads(made)
    fails = {str(load): TargetError("x") for load in loads if int(load.task.table[1:]) in failing}
    work = Work(fails)
    outcomes = run(made, work, jobs)
    assert sorted(outcomes) == sorted(map(str, loads))
    bad = {one.load.task.id for one in outcomes.values() if not one.is_done}
    for one in outcomes.values():
        waits = made.waits_for[one.load.task.id]
        if one.status != "not run":
            assert not bad & set(waits)
            begun = work.begun.index(str(one.load))
            for other in outcomes.values():
                if other.load.task.id in waits:
                    assert work.begun.index(str(other.load)) < begun
        else:
            assert bad & {*waits, one.load.task.id}
