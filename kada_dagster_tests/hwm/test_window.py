"""Windows and the spellings of their bounds."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kada_dagster.errors import ConfigError
from kada_dagster.hwm.window import Window, format_hwm, parse_hwm, utc_now

UTC = timezone.utc
NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)
LIMITS = datetime(1000, 1, 1), datetime(9999, 12, 31, 23, 59, 59)  # noqa: DTZ001
moments = st.datetimes(*LIMITS).map(lambda moment: moment.replace(microsecond=0, tzinfo=UTC))
windows = (
    st.tuples(moments, moments)
    .filter(lambda pair: pair[0] != pair[1])
    .map(lambda pair: Window(min(pair), max(pair)))
)


@given(moments)
def test_a_mark_reads_back_as_the_moment_it_was_written_from(moment: datetime) -> None:
    text = format_hwm(moment)
    assert parse_hwm(text) == moment
    assert len(text) == 19


@given(windows)
def test_a_window_reads_back_from_its_marks_and_from_its_folder(window: Window) -> None:
    assert Window.parse(window.start_hwm, window.end_hwm) == window
    assert Window.from_folder(window.folder) == window
    assert window.folder.endswith(f"_{window.stamp}")


@given(windows, windows)
def test_folders_sort_as_their_windows_do(one: Window, other: Window) -> None:
    assert (one < other) == (one.folder < other.folder)


@given(windows, st.integers(-14 * 60, 14 * 60))
def test_a_window_is_the_same_in_every_time_zone(window: Window, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    try:
        moved = Window(window.start.astimezone(zone), window.end.astimezone(zone))
    except OverflowError:  # local time beyond what Python's calendar holds
        return
    assert moved == window
    assert hash(moved) == hash(window)
    assert moved.folder == window.folder
    assert moved.start.tzinfo is UTC


@given(windows, windows)
def test_a_window_covers_another_when_it_holds_its_first_and_last_second(
    one: Window, other: Window
) -> None:
    last = other.end - timedelta(seconds=1)
    holds = [one.start <= moment < one.end for moment in (other.start, last)]
    assert one.covers(other) == all(holds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-01-01",
        "2024-1-1 00:00:00",
        "2024-01-01T00:00:00",
        "2024-01-01 00:00:00Z",
        "2024-01-01 00:00:00.5",
        "2024-01-01  00:00:00",
        "2024-01-01 00:00:00\n",
        " 2024-01-01 00:00:00",
        "2024-02-30 00:00:00",
        "2024-01-01 24:00:00",
        "٢٠٢٤-01-01 00:00:00",
        None,
        20240101,
    ],
)
def test_a_mark_in_another_format_is_refused_by_name(text: str) -> None:
    with pytest.raises(ConfigError, match=r"start_hwm .* is not in the format YYYY-MM-DD HH:MM:SS"):
        parse_hwm(text, "start_hwm")


def test_an_empty_or_turned_window_is_refused() -> None:
    later = NEW_YEAR + timedelta(hours=1)
    for start, end in ((NEW_YEAR, NEW_YEAR), (later, NEW_YEAR)):
        with pytest.raises(ConfigError, match="is not before its end 2024-01-01 00:00:00"):
            Window(start, end)


def test_a_bound_without_time_zone_is_refused_not_guessed() -> None:
    naive = datetime(2024, 1, 1)  # noqa: DTZ001
    with pytest.raises(ConfigError, match="no time zone"):
        Window(naive, NEW_YEAR)
    with pytest.raises(ConfigError, match="no time zone"):
        Window(NEW_YEAR, naive)
    with pytest.raises(ConfigError, match="no time zone"):
        format_hwm(naive)


def test_a_bound_with_a_fraction_of_a_second_is_refused_because_no_mark_could_hold_it() -> None:
    for bounds in (
        (NEW_YEAR + timedelta(microseconds=1), NEW_YEAR + timedelta(seconds=2)),
        (NEW_YEAR, NEW_YEAR + timedelta(seconds=1, microseconds=1)),
    ):
        with pytest.raises(ConfigError, match="not a whole second"):
            Window(*bounds)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "_",
        "20240101000000",
        "20240101000000_2024",
        "x0240101000000_20240102000000",
        ".partial-",
    ],
)
def test_a_folder_that_is_no_window_is_told_apart(name: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Window.from_folder(name)


def test_the_present_moment_is_in_utc_and_whole_seconds() -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    assert before < utc_now() <= datetime.now(UTC)
    assert utc_now().microsecond == 0
