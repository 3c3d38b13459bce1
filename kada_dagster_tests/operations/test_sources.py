"""Where a source is by its mark: against Dagster's own windows, and with stores that fail."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.collector.partitions import closed_until as dagsters_closed_until
from kada_dagster.collector.partitions import window_partitions
from kada_dagster.config import WindowSettings
from kada_dagster.config.models import SourceSettings
from kada_dagster.errors import WatermarkError
from kada_dagster.hwm.file_store import FileMarkStore
from kada_dagster.hwm.mark import MarkState
from kada_dagster.hwm.window import Window
from kada_dagster.operations.sources import closed_until, position, positions, windows_in

UTC = timezone.utc
NOW = datetime(2024, 3, 10, 12, 30, tzinfo=UTC)
HOURLY = WindowSettings(start="2024-01-01 00:00:00", cron="0 * * * *")


def source(name: str = "shop", window: WindowSettings = HOURLY, **fields: Any) -> SourceSettings:
    """A source with nothing but a name and windows."""
    return SourceSettings(type="x", name=name, window=window, **fields)


_windows = st.sampled_from(
    [
        HOURLY,
        WindowSettings(start="2024-01-01 00:15:00", cron="15,45 */2 * * *"),
        WindowSettings(start="2024-01-01 06:00:00", cron="0 6 * * 1-5"),
        WindowSettings(start="2024-01-01 00:00:00", cron="0 0 1 * *"),
        WindowSettings(start="2024-01-01 00:00:00", timezone="Asia/Kolkata"),
        WindowSettings(start="2024-01-01 00:00:00", timezone="Europe/Vienna"),
        WindowSettings(
            start="2024-01-01 00:00:00", cron="0 */3 * * *", timezone="America/New_York"
        ),
    ]
)
_moments = st.integers(-86_400, 400 * 86_400).map(
    lambda seconds: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


@settings(deadline=None)
@given(_windows, _moments)
def test_windows_end_when_dagsters_end(window: WindowSettings, moment: datetime) -> None:
    """But for the days the clock is changed: then never later, so that nothing seems missing."""
    ours = closed_until(window, moment)
    theirs = dagsters_closed_until(window_partitions(window), moment) or window.first
    assert ours <= moment or ours == window.first
    if window.timezone in ("UTC", "Asia/Kolkata"):
        assert ours == theirs
    else:
        assert theirs - timedelta(hours=3) <= ours <= theirs


@settings(max_examples=40, deadline=None)
@given(_windows, _moments, _moments)
def test_windows_are_counted_as_dagster_has_them(
    window: WindowSettings, one: datetime, other: datetime
) -> None:
    if window.timezone not in ("UTC", "Asia/Kolkata"):
        return
    partitions = window_partitions(window)
    bounds = sorted(max(closed_until(window, moment), window.first) for moment in (one, other))
    if bounds[0] == bounds[1]:
        return
    with dg.partition_loading_context(effective_dt=bounds[1]):
        keys = partitions.get_partition_keys_in_time_window(dg.TimeWindow(*bounds))
    assert windows_in(window, Window(*bounds)) == len(keys)


def test_a_part_of_a_window_is_a_window() -> None:
    start = datetime(2024, 1, 1, 0, 30, tzinfo=UTC)
    assert windows_in(HOURLY, Window(start, start + timedelta(hours=1))) == 2
    assert windows_in(HOURLY, Window(start, start + timedelta(minutes=10))) == 1


def test_what_was_uploaded_ahead_is_not_missing() -> None:
    mark = datetime(2024, 3, 10, tzinfo=UTC)
    ahead = Window(mark + timedelta(hours=2), mark + timedelta(hours=5))
    found = position(source(), MarkState(mark, (ahead,)), NOW)
    assert [str(span) for span in found.missing] == [
        "[2024-03-10 00:00:00, 2024-03-10 02:00:00)",
        "[2024-03-10 05:00:00, 2024-03-10 12:00:00)",
    ]
    assert found.windows == 9
    assert found.age == timedelta(hours=12, minutes=30)
    assert found.verdict == "lags"


@pytest.mark.parametrize(
    ("minutes", "verdict"), [(59, "current"), (75, "current"), (76, "late"), (91, "lags")]
)
def test_a_mark_is_late_before_it_lags(minutes: int, verdict: str) -> None:
    state = MarkState(NOW - timedelta(minutes=minutes))
    assert position(source(), state, NOW).verdict == verdict


def test_a_mark_in_the_future_is_current() -> None:
    assert position(source(), MarkState(NOW + timedelta(days=1)), NOW).verdict == "current"


def test_a_window_that_is_delayed_is_not_missing_yet() -> None:
    window = HOURLY.model_copy(update={"delay_minutes": 45})
    found = position(source(window=window), MarkState(NOW.replace(hour=11, minute=0)), NOW)
    assert found.missing == []


def test_a_mark_that_cannot_be_read_is_no_missing_mark(tmp_path: Path) -> None:
    (tmp_path / "broken_hwm.txt").write_text("yesterday\n")
    (tmp_path / "shop_hwm.txt").write_text("2024-03-10 12:00:00\n")
    store = FileMarkStore(tmp_path)
    sources = {name: (source(name), store) for name in ("broken", "shop", "fresh")}
    found = positions(sources, NOW, 10)
    assert {name: one.verdict for name, one in found.items()} == {
        "broken": "unreadable",
        "shop": "current",
        "fresh": "lags",
    }
    assert "broken_hwm.txt" in found["broken"].trouble
    assert found["broken"].age is None


class Store(FileMarkStore):
    """One that hangs, or fails in its own words."""

    def read(self, name: str) -> MarkState:
        if name == "slow":
            time.sleep(1)
        if name == "odd":
            raise RuntimeError("pl4nted password")
        if name == "refused":
            raise WatermarkError("the store refuses")
        return super().read(name)


def test_a_store_that_hangs_keeps_no_other_mark_waiting(tmp_path: Path) -> None:
    sources = {name: (source(name), Store(tmp_path)) for name in ("slow", "odd", "refused", "x")}
    found = positions(sources, NOW, 0.3)
    assert found["slow"].trouble == "not read within 0.3 seconds"
    assert found["odd"].trouble == "RuntimeError"
    assert found["refused"].trouble == "the store refuses"
    assert found["x"].trouble == ""
