"""How old a mark may be: what is derived, what may be configured, what is refused."""

# ruff: noqa: DTZ001 - wall-clock times have no zone

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster._utils.schedules import CroniterShim
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import validate  # type: ignore[import-untyped]

from kada_dagster.config import load_config_file
from kada_dagster.config.freshness import FreshnessSettings, longest_pause, ticks_between
from kada_dagster.config.models import SourceSettings
from kada_dagster.errors import ConfigError

CRONS = [
    "0 * * * *",
    "*/20 8-18 * * *",
    "30 6,18 * * 1-5",
    "0 0 1 * *",
    "15 3 29 2 *",
    "0 12 * * 0",
    "5 4 1,15 * 3",
]


def source(folder: Path, freshness: Any = None, **window: Any) -> SourceSettings:
    """A source of a kada.yaml with these settings."""
    entry: dict[str, Any] = {
        "type": "postgres",
        "name": "shop",
        "server": "db",
        "username": "kada",
        "window": {"start": "2026-01-01 00:00:00", **window},
    }
    if freshness is not None:
        entry["freshness"] = freshness
    file = folder / "kada.yaml"
    file.write_text(yaml.safe_dump({"sources": [entry]}))
    return load_config_file(file).sources[0]


@pytest.mark.parametrize("cron", CRONS)
def test_the_longest_pause_is_the_one_dagster_makes(cron: str) -> None:
    times: Any = CroniterShim(cron, datetime(2023, 1, 1))
    ticks = (times.get_next(datetime) for _ in range(1000))
    seen = takewhile(lambda tick: tick < datetime(2030, 1, 1), ticks)
    assert longest_pause(cron) == max(later - earlier for earlier, later in pairwise(seen))


@given(
    cron=st.sampled_from(CRONS),
    start=st.datetimes(datetime(2024, 1, 1), datetime(2024, 12, 31)),
    hours=st.integers(0, 2000),
)
def test_ticks_are_counted_as_dagster_gives_them(cron: str, start: datetime, hours: int) -> None:
    start = start.replace(second=0, microsecond=0)
    end, count = start + timedelta(hours=hours), 0
    times: Any = CroniterShim(cron, start)
    while times.get_next(datetime) <= end and count < 60:
        count += 1
    assert min(ticks_between(cron, start, end), 60) == count


@pytest.mark.parametrize(
    ("window", "hours"),
    [
        ({"cron": "0 * * * *"}, 1.5),  # the least grace
        ({"cron": "0 * * * *", "delay_minutes": 90}, 3),
        ({}, 30),  # a quarter of a day
        ({"start": "2026-01-05 00:00:00", "cron": "0 0 * * 1"}, 7 * 24 + 6),  # the most
        ({"start": "2026-01-01 06:00:00", "cron": "0 6 * * 1-5"}, 3 * 24 + 6),  # a weekend
    ],
)
def test_without_a_limit_it_is_derived(tmp_path: Path, window: Any, hours: float) -> None:
    allowed = source(tmp_path, **window).allowed_lag
    assert allowed is not None
    assert allowed.fail_after == timedelta(hours=hours)
    assert allowed.warn_after is not None
    assert allowed.warn_after < allowed.fail_after


def test_a_schedule_that_looks_seldom_makes_marks_older() -> None:
    window = {"start": "2026-01-01 00:00:00", "cron": "0 * * * *"}
    settings: Any = SourceSettings.model_validate(
        {"type": "x", "name": "n", "window": window, "schedule": {"cron": "0 5 * * *"}}
    )
    assert settings.allowed_lag.fail_after == timedelta(hours=25.5)


def test_limits_are_spans_as_people_write_them(tmp_path: Path) -> None:
    found = source(tmp_path, {"fail_after": "3 days", "warn_after": "30 hours"}).allowed_lag
    assert found is not None
    assert (found.fail_after, found.warn_after) == (timedelta(days=3), timedelta(hours=30))
    only = source(tmp_path, {"fail_after": "3 days"}).allowed_lag
    assert only is not None
    assert only.warn_after is None


def test_false_means_that_nobody_minds(tmp_path: Path) -> None:
    assert source(tmp_path, False).allowed_lag is None
    assert source(tmp_path, True).allowed_lag == source(tmp_path).allowed_lag


@pytest.mark.parametrize(
    ("freshness", "said"),
    [
        ({"fail_after": "24 hours"}, "must be longer than 1 day, 0:00:00"),
        ({"warn_after": "31 hours"}, "must be shorter than fail_after, which is 1 day, 6:00:00"),
        ({"fail_after": "soon"}, "must be a span of time"),
        ({"fail_afer": "2 days"}, "did you mean 'fail_after'"),
        ("never", "must be a mapping"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(
    tmp_path: Path, freshness: Any, said: str
) -> None:
    with pytest.raises(ConfigError, match=r"sources\[0\]\.freshness") as caught:
        source(tmp_path, freshness)
    assert said in str(caught.value)


@pytest.mark.parametrize("given_", [True, False, {}, {"fail_after": "2 days"}])
def test_the_schema_takes_what_the_reader_takes(given_: Any) -> None:
    validate(given_, FreshnessSettings.model_json_schema())
