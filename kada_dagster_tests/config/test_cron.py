"""Cron expressions tick exactly when Dagster's scheduler says they do, by the wall clock."""

# ruff: noqa: DTZ001 - wall-clock times have no zone

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from dagster._utils.schedules import CroniterShim, is_valid_cron_string
from hypothesis import example, given
from hypothesis import strategies as st

from kada_dagster.config.cron import Cron

_LIMITS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))


def _part(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    pairs = st.lists(number, min_size=2, max_size=2, unique=True).map(sorted)
    bounds = pairs.map(lambda pair: f"{pair[0]}-{pair[1]}")
    step = st.integers(1, high)
    return (
        number.map(str)
        | bounds
        | step.map(lambda by: f"*/{by}")
        | st.tuples(bounds, step).map(lambda both: f"{both[0]}/{both[1]}")
    )


_fields = [
    st.just("*") | st.lists(_part(*limits), min_size=1, max_size=2).map(",".join)
    for limits in _LIMITS
]
_expressions = st.tuples(*_fields).map(" ".join)
_moments = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)


@given(expression=_expressions, moment=_moments)
@example(expression="0 0 29 2 *", moment=datetime(2097, 1, 1))
@example(expression="0 0 */1 * 0", moment=datetime(2000, 1, 1))
@example(expression="0 0 13 * 5", moment=datetime(2026, 1, 1))
def test_the_next_tick_is_the_one_the_scheduler_finds(expression: str, moment: datetime) -> None:
    ours = Cron.parse(expression).next_tick(moment)
    if ours is None:
        assert not _ticks_soon(expression, moment)
        return
    theirs = CroniterShim(expression, moment - timedelta(seconds=1)).get_next(datetime)
    assert ours == theirs
    assert Cron.parse(expression).ticks_at(ours)
    assert Cron.parse(expression).ticks_at(moment) == (ours == moment)


@given(expression=_expressions, moment=_moments)
@example(expression="0 0 29 2 *", moment=datetime(2103, 12, 31))
@example(expression="0 5 * * *", moment=datetime(2026, 1, 1, 5))
def test_between_the_last_tick_and_the_moment_there_is_no_other(
    expression: str, moment: datetime
) -> None:
    cron = Cron.parse(expression)
    last = cron.last_tick(moment)
    if last is None:
        assert cron.next_tick(moment - timedelta(days=366 * 8)) is None
        return
    assert last <= moment
    assert cron.ticks_at(last)
    following = cron.next_tick(last + timedelta(minutes=1))
    assert following is not None
    assert following > moment


def _ticks_soon(expression: str, moment: datetime) -> bool:
    try:
        found = CroniterShim(expression, moment).get_next(datetime)
    except Exception:
        return False
    return found < moment + timedelta(days=366 * 8)


@pytest.mark.parametrize(
    ("expression", "same_as"),
    [
        ("@hourly", "0 * * * *"),
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"),
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
        ("0 6 * JAN-mar mon,7", "0 6 * 1-3 0,1"),
    ],
)
def test_names_stand_for_what_the_scheduler_takes_them_for(expression: str, same_as: str) -> None:
    assert is_valid_cron_string(expression)
    assert Cron.parse(expression) == Cron.parse(same_as)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "five fields"),
        ("0 0 * *", "five fields"),
        ("0 0 * * * *", "five fields"),
        ("60 * * * *", "minute '60' is not within 0-59"),
        ("* 24 * * *", "hour '24'"),
        ("* * 0 * *", "day of month '0'"),
        ("* * * 13 *", "month '13'"),
        ("* * * * 8", "day of week '8'"),
        ("*/0 * * * *", "is not a range"),
        ("5-1 * * * *", "is not a range"),
        ("5-5 * * * *", "is not a range"),
        ("*,5 * * * *", "stands alone"),
        ("a * * * *", "minute 'a'"),
        ("1,,2 * * * *", "minute ''"),
        ("-1 * * * *", "minute '-1'"),
        ("\N{ARABIC-INDIC DIGIT FIVE} * * * *", "minute"),
        ("@reboot", "five fields"),
    ],
)
def test_what_is_not_a_cron_expression_is_refused_by_field(expression: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Cron.parse(expression)
