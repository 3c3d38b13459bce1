"""Partitions are the ranges of a split: the same names in the same order, at every moment."""

# ruff: noqa: DTZ001 - moments of definitions have no zone

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import dagster as dg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.parts import SplitSettings
from kada_dagster.loader.engine.split import parts_of
from kada_dagster.loader.partitions import chosen_parts, partitions_of

HOURS = {"hour": 1, "day": 24, "week": 7 * 24, "month": 31 * 24, "year": 366 * 24}


def keys(split: SplitSettings, now: datetime) -> list[str]:
    """The partition keys there are at a moment."""
    with dg.partition_loading_context(effective_dt=now):
        return list(partitions_of(split).get_partition_keys())


@settings(deadline=None, max_examples=50)
@given(
    every=st.sampled_from(list(HOURS)),
    start=st.datetimes(datetime(2020, 1, 1), datetime(2020, 12, 28)),
    length=st.integers(1, 60),
    minutes=st.integers(0, 59),
    end=st.none() | st.integers(1, 70),
)
def test_keys_are_the_names_of_the_ranges(
    every: Any, start: datetime, length: int, minutes: int, end: int | None
) -> None:
    start = start.replace(day=min(start.day, 28), second=0, microsecond=0)
    lasting = timedelta(hours=HOURS[every])
    until = None if end is None else str(start + end * lasting - timedelta(minutes=minutes))
    split = SplitSettings(by="at", every=every, start=str(start), end=until)
    now = (start + length * lasting + timedelta(minutes=minutes, seconds=1)).replace(
        tzinfo=timezone.utc
    )
    if end is not None:
        now = datetime.now(timezone.utc)
    assert keys(split, now) == [part.name for part in parts_of(split, now)]


def test_ranges_that_end_in_the_future_are_all_there() -> None:
    now = datetime.now(timezone.utc)
    until = (now + timedelta(days=800)).strftime("%Y-%m-%d")
    split = SplitSettings(by="at", every="year", start="2024-01-01", end=until)
    found = keys(split, now)
    assert found == [part.name for part in parts_of(split, now)]
    assert f"{now.year + 2}-01-01" in found


def test_ranges_of_numbers_are_named_by_their_begin() -> None:
    split = SplitSettings(by="id", size=1000, start=0, end=2500)
    assert keys(split, datetime.now(timezone.utc)) == ["0", "1000", "2000"]


def test_tasks_that_are_split_alike_share_their_partitions() -> None:
    one, other = (SplitSettings(by="at", every="day", start="2024-01-01") for _ in range(2))
    assert partitions_of(one) is partitions_of(other)


def test_the_ranges_of_a_run_come_in_their_own_order() -> None:
    split = SplitSettings(by="id", size=10, start=0, end=100)
    found = chosen_parts(split, ["30", "0", "90"], datetime.now(timezone.utc))
    assert [(part.lower, part.upper) for part in found] == [(0, 10), (30, 40), (90, None)]


def test_a_key_that_is_no_range_is_an_error() -> None:
    split = SplitSettings(by="id", size=10, start=0, end=100)
    with pytest.raises(ConfigError, match="partition '35' is no range"):
        chosen_parts(split, ["30", "35"], datetime.now(timezone.utc))
