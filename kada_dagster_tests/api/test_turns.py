"""Places are handed on in the order in which they were asked for."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from kada_dagster.api.turns import Turns


def test_who_gives_a_place_back_does_not_pass_those_that_wait() -> None:
    turns, order = Turns(1), list[str]()

    def wait_for_a_place(name: str) -> None:
        with turns:
            order.append(name)

    turns.__enter__()
    waiting = [threading.Thread(target=wait_for_a_place, args=(name,)) for name in "abcdef"]
    for place, thread in enumerate(waiting, 1):
        thread.start()
        while len(turns._waiting) < place:
            time.sleep(0.001)
    turns.__exit__(None, None, None)
    wait_for_a_place("the one that was inside")
    for thread in waiting:
        thread.join(10)
    assert order == [*"abcdef", "the one that was inside"]


def test_no_more_are_inside_than_there_are_places_and_all_get_in() -> None:
    turns, lock, inside, most, passed = Turns(3), threading.Lock(), 0, 0, 0

    def pass_often() -> None:
        nonlocal inside, most, passed
        for _ in range(200):
            with turns:
                with lock:
                    inside += 1
                    most = max(most, inside)
                with lock:
                    inside -= 1
                    passed += 1

    threads = [threading.Thread(target=pass_often) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (passed, inside) == (2400, 0)
    assert most <= 3


def test_who_is_called_away_while_it_waits_takes_no_place_along() -> None:
    def interrupt(*_: object) -> None:
        raise InterruptedError

    turns, done = Turns(1), threading.Event()
    before = signal.signal(signal.SIGUSR1, interrupt)
    turns.__enter__()
    here = threading.get_ident()
    timer = threading.Timer(0.2, signal.pthread_kill, [here, signal.SIGUSR1])
    timer.start()
    try:
        with pytest.raises(InterruptedError):
            turns.__enter__()
    finally:
        signal.signal(signal.SIGUSR1, before)
        timer.join()
    turns.__exit__(None, None, None)

    def enter() -> None:
        with turns:
            done.set()

    threading.Thread(target=enter, daemon=True).start()
    assert done.wait(10)


def test_a_place_comes_back_after_an_error() -> None:
    turns = Turns(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), turns:
            raise ZeroDivisionError
