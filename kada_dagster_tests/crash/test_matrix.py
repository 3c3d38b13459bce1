"""The process is killed at chosen points of extract, checks, upload and mark, then started again.

At every moment the landing holds whole files only, and none before the mark is missing; after
the next start it holds every window's files once, and the mark is at the end.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

import pytest

from kada_dagster.hwm.window import format_hwm
from kada_dagster_tests.copies import original
from kada_dagster_tests.crash.runner import WINDOWS
from kada_dagster_tests.figures import FIGURE

COUNT = 10**9
"""A kill point that is never reached: all calls are counted."""
_STEPS = ("connection", "extract", "checks", "upload", "high")


class Place(Protocol):
    """A landing and a store of marks of one kind, empty at first."""

    def plan(self, number: int) -> dict[str, Any]:
        """Landing and marks number so-and-so, as in kada.yaml."""
        ...

    def files(self, number: int) -> dict[str, bytes]:
        """What the landing holds."""
        ...

    def mark(self, number: int) -> str | None:
        """The mark as text."""
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """What the process needs in its environment."""
        ...


@dataclass(frozen=True)
class Trial:
    """One landing, one store of marks, and a process that may be killed."""

    place: Place
    folder: Path
    number: int

    def run(self, kill_at: int | None) -> int:
        """Start the process; its return code."""
        self.folder.mkdir(exist_ok=True)
        plan = self.folder / "plan.json"
        plan.write_text(json.dumps(self.place.plan(self.number)))
        done = original("kada_dagster_tests.crash.runner:main").run(
            [str(plan), str(kill_at)] if kill_at else [str(plan)],
            cwd=self.folder,
            env=self.place.environment,
        )
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        return done.returncode

    def calls(self) -> list[tuple[str, str]]:
        """What an unharmed process called, with the step it was in."""
        lines = (self.folder / "calls.jsonl").read_text().splitlines()
        return [tuple(json.loads(line)) for line in lines]


def kill_points(calls: Sequence[tuple[str, str]], within: int) -> list[int]:
    """Of every step of every window the first call, the last, and some `within` it."""
    numbered = enumerate((step for step, _ in calls), start=1)
    points: set[int] = set()
    for _, group in groupby(numbered, key=lambda item: item[1]):
        numbers = [number for number, _ in group]
        stride = max(1, len(numbers) // (within + 1))
        points.update((numbers[0], numbers[-1]), numbers[stride::stride][:within])
    return sorted(points)


def check_after_kill(trial: Trial, whole: Mapping[str, bytes]) -> None:
    """Nothing half-written, and nothing missing below the mark."""
    found, mark = trial.place.files(trial.number), trial.place.mark(trial.number)
    assert found.items() <= whole.items()
    for window in WINDOWS:
        if mark is not None and mark >= window.end_hwm:
            assert {name for name in whole if window.stamp in name} <= found.keys()


@pytest.mark.timeout(900)
def test_no_kill_loses_or_tears_anything(
    place: Place, within: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    loading = Trial(place, tmp_path / "loading", -1)  # opens files to load modules, the others not
    assert loading.run(COUNT) == 0
    unharmed = Trial(place, tmp_path / "0", 0)
    assert unharmed.run(COUNT) == 0
    whole, calls = place.files(0), unharmed.calls()
    assert len(whole) == 3 * len(WINDOWS)
    assert [step for step, _ in groupby(step for step, _ in calls)][:5] == list(_STEPS)
    points = kill_points(calls, within)
    survived = unreached = 0
    for number, point in enumerate(points, start=1):
        trial = Trial(place, tmp_path / str(number), number)
        if trial.run(point) == 0:  # threads take turns: the last calls may be a few less
            unreached += 1
            continue
        check_after_kill(trial, whole)
        assert trial.run(None) == 0
        assert place.files(number) == whole
        assert place.mark(number) == format_hwm(WINDOWS[-1].end)
        survived += 1
    tried = len(points) - unreached
    record_property(FIGURE, f"crash matrix, {place}: survived {survived} of {tried} kills")
    assert unreached <= 2
