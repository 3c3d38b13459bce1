"""Windows may be cut anew at any time: each event ends up in exactly one file that landed."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.collector.catch_up import missing_spans, stretches
from kada_dagster.collector.partitions import closed_until, window_partitions, windows_from
from kada_dagster.collector.steps import run_window
from kada_dagster.config import registry
from kada_dagster.config.window import WindowSettings
from kada_dagster.errors import ExtractError
from kada_dagster.hwm.file_store import FileMarkStore
from kada_dagster.hwm.window import Window, format_hwm, parse_hwm
from kada_dagster.landing.local import LocalLanding
from kada_dagster_tests.collector.event_source import (
    BEGIN,
    EVENT_TYPE,
    EventExtractor,
    events_in,
    landed_events,
)
from kada_dagster_tests.collector.location import Location

START = format_hwm(BEGIN)
SAME = "2024-03-28 01:00:00"
"""In Berlin, three days before its clock is put forward."""
CUTS = {
    "hourly": WindowSettings(start=START, cron="0 * * * *"),
    "quarters": WindowSettings(start=START, cron="*/15 * * * *"),
    "six hours": WindowSettings(start=START, cron="0 */6 * * *", delay_minutes=45),
    "daily": WindowSettings(start=START),
    "Berlin": WindowSettings(start=SAME, cron="0 1 * * *", timezone="Europe/Berlin"),
    "weekdays": WindowSettings(start=SAME, cron="0 1 * * 1-5", timezone="Europe/Berlin"),
}
FAILURES = ("extract", "checks", "upload", "high")
"""First words of the steps; a run that fails at the last of them has landed its files."""


@dataclass
class Collector:
    """One source with its landing and its mark, run without Dagster."""

    folder: Path
    begun: list[Window] = field(default_factory=list[Window])

    @property
    def landing(self) -> Path:
        return self.folder / "landing"

    @property
    def marks(self) -> FileMarkStore:
        return FileMarkStore(self.folder / "hwm")

    def tick(self, cut: WindowSettings, now: datetime, fails_at: str | None, limit: int) -> int:
        """One tick, and its runs; the number of them."""
        partitions = window_partitions(cut)
        missing = missing_spans(
            self.marks.read("log"),
            cut.first,
            closed_until(partitions, now - cut.delay) or cut.first,
            begun=self.begun,
        )
        found = stretches(missing, partial(windows_from, partitions), limit)
        for stretch in found:
            self.run(stretch.span, cut.first, fails_at)
        return len(found)

    def run(self, window: Window, first: datetime, fails_at: str | None) -> None:
        def report(step: str) -> None:
            if step.split(maxsplit=1)[0] == fails_at:
                raise ExtractError(step)

        try:
            run_window(
                EventExtractor("log", self.folder / "out"),
                window,
                first=first,
                marks=self.marks,
                landing=LocalLanding(self.landing),
                min_share_of_last=0,
                report=report,
            )
        except ExtractError:
            if fails_at == "high":
                self.begun.insert(0, window)


def up_to_end(windows: list[Window]) -> Counter[int]:
    """The events of some windows."""
    return sum((events_in(window.start, window.end) for window in windows), Counter[int]())


phases = st.tuples(
    st.sampled_from(sorted(CUTS)),
    st.integers(0, 40),  # hours that pass before the tick
    st.sampled_from((None, None, *FAILURES)),
    st.sampled_from((3, 1000)),
)


@settings(max_examples=60, deadline=None)
@given(first=phases, later=st.lists(phases, max_size=6), last=st.sampled_from(sorted(CUTS)))
def test_whatever_the_cuts_and_failures_each_event_lands_once(
    first: tuple[str, int, str | None, int],
    later: list[tuple[str, int, str | None, int]],
    last: str,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        collector, now = Collector(Path(folder)), BEGIN
        for name, hours, fails_at, limit in [("hourly", *first[1:]), *later]:
            now += timedelta(hours=hours, minutes=7)
            collector.tick(CUTS[name], now, fails_at, limit)
        while collector.tick(CUTS[last], now, None, 1000):
            pass
        mark = collector.marks.read("log").mark
        landed = landed_events(collector.landing)
        begun = collector.begun
    assert set(landed.values()) <= {1}
    up_to_mark = events_in(BEGIN, mark or BEGIN)
    assert up_to_mark <= landed
    waiting = [one for one in begun if one.end > (mark or BEGIN)]
    assert landed - up_to_mark <= up_to_end(waiting)
    closed = closed_until(window_partitions(CUTS[last]), now - CUTS[last].delay)
    assert waiting or closed is None or (mark is not None and mark >= closed)


# --- the same through Dagster -------------------------------------------------------------------


@pytest.fixture
def log(empty_location: Location, monkeypatch: pytest.MonkeyPatch) -> Location:
    monkeypatch.setitem(registry.SOURCE_TYPES, "events", EVENT_TYPE)  # type: ignore[arg-type]
    empty_location.add("log", type="events")
    del empty_location.sources[0]["folder"]
    return empty_location


def cut(location: Location, **window: object) -> None:
    location.sources[0]["window"] = {"start": START, **window}


def bounds(location: Location) -> list[str]:
    return sorted(path.name for path in (location.folder / "output" / "log").glob("2*"))


def assert_landed_once(location: Location) -> None:
    mark = parse_hwm(location.mark("log") or "")
    assert landed_events(location.folder / "log_landing") == events_in(BEGIN, mark)


def test_from_hourly_to_daily_the_rest_of_the_day_is_one_run(log: Location) -> None:
    cut(log, cron="0 * * * *")
    log.run_tick(BEGIN + timedelta(hours=5), "log")
    cut(log)
    (request,) = log.tick(BEGIN + timedelta(days=2), "log").run_requests or []
    assert request.tags["kada/start_hwm"] == "2024-03-28 05:00:00"
    (result,) = log.run_tick(BEGIN + timedelta(days=2), "log")
    assert result.success
    assert bounds(log) == ["20240328000000_20240328050000", "20240328050000_20240330000000"]
    assert log.mark("log") == "2024-03-30 00:00:00"
    assert_landed_once(log)
    found = result.asset_materializations_for_node("log__extract")
    starts = sorted(str(one.metadata["window_start"].value) for one in found)
    assert starts == ["2024-03-28 05:00:00", "2024-03-29 00:00:00"]


def test_from_daily_to_hourly_it_goes_on_at_the_mark(log: Location) -> None:
    cut(log)
    log.run_tick(BEGIN + timedelta(days=1), "log")
    cut(log, cron="0 * * * *")
    (result,) = log.run_tick(BEGIN + timedelta(hours=30), "log")
    assert result.success
    assert bounds(log) == ["20240328000000_20240329000000", "20240329000000_20240329060000"]
    assert_landed_once(log)


def test_what_was_uploaded_ahead_within_a_day_is_left_out_of_it(log: Location) -> None:
    cut(log, cron="0 * * * *")
    log.run("2024-03-28 00:00:00", name="log")
    log.run("2024-03-28 10:00:00", "2024-03-28 11:00:00", name="log")
    cut(log)
    before, after = log.run_tick(BEGIN + timedelta(days=1), "log")
    assert before.success
    assert after.success
    assert bounds(log) == [
        "20240328000000_20240328010000",
        "20240328010000_20240328100000",
        "20240328100000_20240328120000",
        "20240328120000_20240329000000",
    ]
    assert log.mark("log") == "2024-03-29 00:00:00"
    assert_landed_once(log)


def test_a_run_executed_again_is_about_the_same_part_of_its_windows(log: Location) -> None:
    cut(log, cron="0 * * * *")
    log.run_tick(BEGIN + timedelta(hours=5), "log")
    cut(log)
    (first,) = log.run_tick(BEGIN + timedelta(days=1), "log")
    tags: Mapping[str, str] = first.dagster_run.tags
    log.run(START, name="log", tags={"kada/start_hwm": tags["kada/start_hwm"]})
    assert len(bounds(log)) == 2
    assert_landed_once(log)


def test_a_mark_left_within_a_window_by_hand_is_where_it_goes_on(log: Location) -> None:
    cut(log)
    moment = parse_hwm("2024-03-28 09:30:15")
    FileMarkStore(log.folder / "hwm").set("log", moment)
    (result,) = log.run_tick(BEGIN + timedelta(days=1), "log")
    assert result.success
    landed = landed_events(log.folder / "log_landing")
    assert landed == events_in(moment, BEGIN + timedelta(days=1))


def test_a_tag_outside_the_windows_fails_the_run_and_says_which(log: Location) -> None:
    cut(log)
    result = log.run(START, name="log", tags={"kada/start_hwm": "2024-04-01 00:00:00"})
    assert not result.success
    (event,) = result.filter_events(lambda event: event.is_step_failure)
    assert "tag kada/start_hwm '2024-04-01 00:00:00' is not in the run's" in str(
        event.step_failure_data.user_failure_data
    )
