"""Which ranges a load by itself is about: none is lost, none is read again for nothing."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.loader.definition.parts import SplitSettings
from kada_dagster.loader.due_parts import Taken, parts_due, stretches
from kada_dagster.loader.engine.split import Part, parts_of

DAYS = SplitSettings(by="at", every="day", start="2026-01-01")
NUMBERS = SplitSettings(by="id", size=100, start=0, end=400)
NOON = datetime(2026, 1, 5, 12, tzinfo=timezone.utc)


def names(parts: list[Part]) -> list[str]:
    return [part.name[-2:] for part in parts]


def test_before_the_first_load_all_ranges_are_due() -> None:
    parts = parts_of(DAYS, NOON)
    assert parts_due(parts, (), {}) == parts


def test_the_range_of_the_present_and_those_that_were_not_over_are_due() -> None:
    parts = parts_of(DAYS, NOON)
    over = {part.name: Taken(NOON - timedelta(hours=1), 5) for part in parts}
    assert names(parts_due(parts, over, over)) == ["05"]
    before_midnight = datetime(2026, 1, 4, 23, 59, tzinfo=timezone.utc)
    yesterday = {**over, "2026-01-04": Taken(before_midnight, 5)}
    assert names(parts_due(parts, yesterday, yesterday)) == ["04", "05"]


def test_of_ranges_of_numbers_the_missing_ones_and_the_last_are_due() -> None:
    parts = parts_of(NUMBERS, NOON)
    taken = dict.fromkeys(["0", "200", "300"], Taken(NOON, 5))
    assert [part.name for part in parts_due(parts, taken, taken)] == ["100", "300"]


def test_numbers_grow_into_ranges_that_had_no_rows() -> None:
    parts = parts_of(NUMBERS, NOON)
    rows = {"0": 100, "100": 40, "200": 0, "300": 0}
    taken = {name: Taken(NOON, count) for name, count in rows.items()}
    assert [part.name for part in parts_due(parts, taken, taken)] == ["100", "200", "300"]
    empty = dict.fromkeys(rows, Taken(NOON, 0))
    assert parts_due(parts, empty, empty) == parts


def test_ranges_that_follow_each_other_go_together() -> None:
    parts = parts_of(DAYS, NOON)
    chosen = [parts[0], parts[1], parts[3], parts[4]]
    assert [names(stretch) for stretch in stretches(parts, chosen)] == [["01", "02"], ["04", "05"]]
    assert list(stretches(parts, [])) == []


@settings(deadline=None, max_examples=60)
@given(
    pauses=st.lists(st.integers(1, 60), min_size=1, max_size=40),
    by_hand=st.sets(st.integers(0, 30), max_size=8),
)
def test_whenever_it_runs_every_row_is_read_after_its_range_was_over(
    pauses: list[int], by_hand: set[int]
) -> None:
    """Loads at odd hours, and people who load single ranges in between."""
    now, taken = datetime(2026, 1, 1, 1, tzinfo=timezone.utc), dict[str, Taken]()
    for turn, hours in enumerate(pauses):
        now += timedelta(hours=hours)
        parts = parts_of(DAYS, now)
        if turn in by_hand:
            taken[parts[turn % len(parts)].name] = Taken(now, 5)
            continue
        due = parts_due(parts, taken, taken)
        taken |= {part.name: Taken(now, 5) for part in due}
        for part in parts:
            is_over = str(part.upper) <= now.strftime("%Y-%m-%d %H:%M:%S")
            assert not is_over or taken[part.name].began.strftime("%Y-%m-%d %H:%M:%S") >= str(
                part.upper
            )
