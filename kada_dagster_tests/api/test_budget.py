"""The rate budget: never too many calls in any span, none wasted, everybody's turn comes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.api.budget import RateBudget, shared_budget
from kada_dagster.api.stopping import Stop, StoppedError, current
from kada_dagster_tests.api.manual_clock import ManualClock


def most_in_any_span(moments: list[float], seconds: float) -> int:
    """The largest number of moments in any span `(t - seconds, t]`, with a hair's tolerance."""
    moments = sorted(moments)
    spans = ([m for m in moments if end - seconds + 1e-6 < m <= end] for end in moments)
    return max((len(span) for span in spans), default=0)


PACES = st.lists(
    st.tuples(st.floats(0, 20), st.floats(0, 5)), min_size=1, max_size=60
)  # pause before a call, and its latency


@given(st.integers(1, 12), st.floats(0.1, 30), PACES, st.data())
@settings(max_examples=150, deadline=None)
def test_no_span_ever_holds_more_calls_wherever_the_server_counts_them(
    calls: int, seconds: float, paces: list[tuple[float, float]], data: st.DataObject
) -> None:
    clock = ManualClock()
    budget = RateBudget(calls, seconds, clock)
    counted: list[float] = []
    for pause, latency in paces:
        clock.sleep(pause)
        with budget.call():
            began = clock.now()
            clock.sleep(latency)
            share = data.draw(st.floats(0, 1))
        counted.append(began + share * latency)
    assert most_in_any_span(counted, seconds) <= calls


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_no_span_holds_more_with_many_threads(calls: int, threads: int, each: int) -> None:
    clock = ManualClock()
    budget = RateBudget(calls, 10.0, clock)
    counted: list[float] = []

    def work() -> None:
        for _ in range(min(each, 12)):
            with budget.call():
                counted.append(clock.now())

    together([work] * threads)
    assert len(counted) == threads * min(each, 12)
    assert most_in_any_span(counted, 10.0) <= calls


def together(works: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


def test_nothing_of_the_budget_is_left_unused() -> None:
    clock = ManualClock()
    budget = RateBudget(10, 60.0, clock)
    for _ in range(100):
        with budget.call():
            pass
    assert clock.now() == pytest.approx(540.0, abs=1e-6)  # 10 at once, then 10 a minute


def test_a_call_that_failed_counts_too() -> None:
    clock = ManualClock()
    budget = RateBudget(1, 60.0, clock)
    with pytest.raises(ZeroDivisionError), budget.call():
        raise ZeroDivisionError
    with budget.call():
        assert clock.now() == pytest.approx(60.0)


def test_a_call_on_its_way_holds_its_place() -> None:
    budget = RateBudget(1, 0.0)
    order: list[str] = []

    def second() -> None:
        with budget.call():
            order.append("second")

    with budget.call():
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.05)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


def test_who_comes_first_is_served_first() -> None:
    budget = RateBudget(1, 0.001)
    served: list[int] = []
    threads: list[threading.Thread] = []

    def work(number: int) -> None:
        with budget.call():
            served.append(number)

    with budget.call():
        for number in range(12):
            threads.append(threading.Thread(target=work, args=(number,)))
            threads[-1].start()
            waiting = budget._queue  # pyright: ignore[reportPrivateUsage]
            while len(waiting) <= number:
                time.sleep(0.001)
    for thread in threads:
        thread.join(10)
    assert served == list(range(12))


def test_a_pause_holds_everybody_and_is_never_shortened() -> None:
    clock = ManualClock()
    budget = RateBudget(100, 1.0, clock)
    budget.pause(30.0)
    budget.pause(5.0)
    with budget.call():
        assert clock.now() == pytest.approx(30.0)


def test_a_wait_ends_when_the_work_is_stopped_and_takes_no_place() -> None:
    budget = RateBudget(1, 3600.0)
    stop, caught = Stop(), list[BaseException]()

    def work() -> None:
        current.set(stop)
        try:
            with budget.call():
                pass
        except StoppedError as error:
            caught.append(error)

    with budget.call():
        pass
    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.05)
    stop.set()
    thread.join(10)
    assert len(caught) == 1
    assert not budget._queue  # pyright: ignore[reportPrivateUsage]


def test_a_budget_that_lets_nothing_through_is_refused() -> None:
    with pytest.raises(ValueError, match="0 calls"):
        RateBudget(0, 1.0)
    with pytest.raises(ValueError, match="-1"):
        RateBudget(1, -1.0)


def test_the_same_account_shares_one_budget() -> None:
    one = shared_budget("Sample", "key of the sharing test", 100, 60.0)
    assert shared_budget("Sample", "key of the sharing test", 100, 60.0) is one
    assert shared_budget("Sample", "another key", 100, 60.0) is not one
    assert shared_budget("Other", "key of the sharing test", 100, 60.0) is not one
