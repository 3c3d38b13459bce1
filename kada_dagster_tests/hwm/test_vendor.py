"""`get_hwm` and `publish_hwm` as the vendor's wrapper script uses them."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from kada_dagster.errors import ConfigError, WatermarkError
from kada_dagster.hwm import get_hwm, publish_hwm
from kada_dagster.hwm.file_store import FileMarkStore
from kada_dagster.hwm.mark import MarkState
from kada_dagster.hwm.window import Window, format_hwm, parse_hwm, utc_now
from kada_dagster_tests.hwm.test_mark import hour, span


def test_the_end_of_one_run_is_the_start_of_the_next(tmp_path: Path) -> None:
    start, end = get_hwm("shop", file_path=str(tmp_path))
    assert Window.parse(start, end).end - parse_hwm(start) == timedelta(days=1)
    publish_hwm("shop", end, file_path=str(tmp_path))
    again, later = get_hwm("shop", file_path=str(tmp_path))
    assert again == end
    assert end <= later <= format_hwm(utc_now())
    assert (tmp_path / "shop_hwm.txt").read_text() == f"{end}\n"


def test_the_current_folder_is_the_default_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    publish_hwm("shop", "2024-01-01 00:00:00")
    assert (tmp_path / "shop_hwm.txt").is_file()
    assert get_hwm("shop")[0] == "2024-01-01 00:00:00"


def test_the_first_run_looks_back_as_far_as_asked_and_writes_nothing(tmp_path: Path) -> None:
    start, end = get_hwm("shop", tmp_path / "new", initial_lookback_days=0.5)
    assert parse_hwm(end) - parse_hwm(start) == timedelta(hours=12)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("days", [0, -1, 1e-9, float("nan"), float("inf"), "1", None, 1e9])
def test_a_look_back_that_is_no_span_of_time_is_refused(tmp_path: Path, days: float) -> None:
    with pytest.raises(ConfigError, match="initial_lookback_days"):
        get_hwm("shop", tmp_path, initial_lookback_days=days)


def test_a_mark_later_than_the_clock_is_an_error(tmp_path: Path) -> None:
    publish_hwm("shop", format_hwm(utc_now() + timedelta(hours=1)), tmp_path)
    with pytest.raises(WatermarkError, match="correct the clock, or set the mark"):
        get_hwm("shop", tmp_path)


def test_publishing_an_earlier_date_leaves_the_mark_and_logs_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    publish_hwm("shop", "2024-01-02 00:00:00", tmp_path)
    with caplog.at_level(logging.WARNING):
        publish_hwm("shop", "2024-01-02 00:00:00", tmp_path)
        assert not caplog.records
        publish_hwm("shop", "2024-01-01 00:00:00", tmp_path)
    assert "never moves back" in caplog.text
    assert get_hwm("shop", tmp_path)[0] == "2024-01-02 00:00:00"


def test_a_malformed_mark_stops_both_and_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "shop_hwm.txt"
    path.write_text("yesterday\n")
    with pytest.raises(WatermarkError, match="shop_hwm"):
        get_hwm("shop", tmp_path)
    with pytest.raises(WatermarkError, match="shop_hwm"):
        publish_hwm("shop", "2024-01-01 00:00:00", tmp_path)
    assert path.read_text() == "yesterday\n"


@pytest.mark.parametrize("date", ["2024-01-01", "", "2024-01-01T00:00:00"])
def test_a_date_in_another_format_is_refused(tmp_path: Path, date: str) -> None:
    with pytest.raises(ConfigError, match=r"date .* YYYY-MM-DD HH:MM:SS"):
        publish_hwm("shop", date, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_script_and_the_project_share_one_mark(tmp_path: Path) -> None:
    store = FileMarkStore(tmp_path)
    store.record("shop", span(6, 8), hour(0))
    publish_hwm("shop", format_hwm(hour(3)), tmp_path)
    assert store.read("shop") == MarkState(hour(3), (span(6, 8),))
    assert store.record("shop", span(3, 6), hour(0)) == MarkState(hour(8))
