"""When tasks run: dapu's pauses and parts of the day."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kada_dagster.config.document import Document
from kada_dagster.loader.dapu.notes import Fields, Notes
from kada_dagster.loader.dapu.times import run_settings, seconds_of, span_text
from kada_dagster.loader.definition.spans import span_of
from kada_dagster.loader.hours import is_within
from kada_dagster_tests.loader.dapu.projects import Translated, of_08

ACTION = "actions: [{do: stream, file: q.sql}]\n"


def made(folder: Path, text: str) -> Translated:
    return of_08(folder, text + ACTION, q__sql="SELECT 1 AS id")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("23 hours", 82_800),
        ("1 day 2:00", None),
        ("00:30:00", 1800),
        ("4:05", 14_700),
        ("90 mins", 5400),
        ("1 week 2 days", 777_600),
        ("1 mon", 2_592_000),
        ("2h", 7200),
        ("1.5 hours", 5400),
        ("soon", None),
        ("", None),
        ("3 fortnights", None),
    ],
)
def test_intervals_are_read_as_postgresql_does(text: str, seconds: int | None) -> None:
    assert seconds_of(text) == seconds
    if seconds:
        assert span_of(span_text(seconds)) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("run", "windows"),
    [
        ("", []),
        ("morning: yes", []),
        ("evening: no", ["00:00-18:00"]),
        ("morning: false", ["08:00-24:00"]),
        ("workhours: ei", ["18:00-08:00"]),
        ("morning: false, evening: off", ["08:00-18:00"]),
        ("workhours: false, evening: false", ["00:00-08:00"]),
        ("morning: false, workhours: false", ["18:00-24:00"]),
    ],
)
def test_parts_of_the_day_become_windows(tmp_path: Path, run: str, windows: list[str]) -> None:
    definition = made(tmp_path, f"run: {{{run}}}\n").task("dwh.customer").definition
    assert definition.run.windows == windows
    assert definition.run.pause == timedelta(hours=23)


@given(
    flags=st.tuples(st.booleans(), st.booleans(), st.booleans()).filter(any),
    minute=st.integers(0, 24 * 60 - 1),
)
def test_a_task_may_run_in_the_very_minutes_dapu_let_it(
    flags: tuple[bool, bool, bool], minute: int
) -> None:
    document = Document(Path("f"), dict(zip(("morning", "workhours", "evening"), flags)))
    windows = run_settings(Fields.of(document, Notes()), depends=False).get("windows", [])
    now = datetime(2026, 1, 1, minute // 60, minute % 60, tzinfo=timezone.utc)
    part = 0 if now.hour < 8 else 1 if now.hour < 18 else 2
    assert is_within(windows, "UTC", now) == flags[part]


def test_a_task_that_is_never_scheduled_has_no_pause_to_run_after(tmp_path: Path) -> None:
    found = made(tmp_path, "run: {morning: no, workhours: no, evening: no}\n")
    assert "run" not in found.data("routes/erp/dwh/customer/task.yaml")


def test_an_interval_that_is_none_is_the_usual_pause_as_in_dapu(tmp_path: Path) -> None:
    found = made(tmp_path, "run: {keep_pause: soon}\n")
    assert found.task("dwh.customer").definition.run.pause == timedelta(hours=23)
    assert "is no interval" in dict(found.notes("changed"))["run.keep_pause"]


@pytest.mark.parametrize(("theirs", "ours"), [(1, 2), (3, 0), (7, -4), (5000, -1000)])
def test_the_lower_number_first_becomes_the_higher_number_first(
    tmp_path: Path, theirs: int, ours: int
) -> None:
    found = made(tmp_path, f"run: {{priority: {theirs}}}\n").task("dwh.customer").definition
    assert found.run.priority == ours


def test_a_task_behind_others_runs_when_they_have_and_not_by_itself(tmp_path: Path) -> None:
    found = made(tmp_path, "depends: [erp.dwh.nowhere]\nrun: {morning: yes, keep_pause: 1 hour}\n")
    assert "run" not in found.data("routes/erp/dwh/customer/task.yaml")
    assert "not by its own hours as well" in dict(found.notes("changed"))["run.morning"]
