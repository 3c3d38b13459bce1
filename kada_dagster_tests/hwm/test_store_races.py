"""Several runs that finish at once, on every store: no upload is lost, no mark moves back."""

from __future__ import annotations

import multiprocessing
import random
import threading
from collections.abc import Callable
from datetime import datetime

from kada_dagster.hwm.mark import MarkState
from kada_dagster_tests.hwm.store_places import Place
from kada_dagster_tests.hwm.test_mark import hour, span

WINDOWS = 16


def record_all(place: Place, numbers: list[int]) -> None:
    store = place.open()
    for number in numbers:
        store.record("shop", span(number, number + 1), hour(0))


def test_two_processes_at_once_lose_no_upload_and_a_reader_never_sees_the_mark_go_back(
    mark_place: Place,
) -> None:
    numbers = list(range(WINDOWS))
    random.Random(7).shuffle(numbers)
    method = multiprocessing.get_context("spawn")
    parts = (numbers[::2] + numbers[:3], numbers[1::2] + numbers[:3])
    workers = [method.Process(target=record_all, args=(mark_place, part)) for part in parts]
    for worker in workers:
        worker.start()
    seen: list[datetime] = []
    store = mark_place.open()
    while any(worker.is_alive() for worker in workers):
        seen.append(store.read("shop").mark or hour(0))
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert seen == sorted(seen)
    assert store.read("shop") == MarkState(hour(WINDOWS))
    told = {change.window for change in store.history("shop")}
    assert told == {span(number, number + 1) for number in numbers}


def test_the_first_marks_of_all_may_be_written_at_once(mark_place: Place) -> None:
    """The folder, object or table is not there yet, and several make it."""
    errors: list[BaseException] = []
    together = threading.Barrier(4)

    def first(number: int) -> None:
        store = mark_place.open()
        together.wait()
        store.record("shop", span(number, number + 1), hour(0))

    threads = [threading.Thread(target=_noting, args=(errors, first, n)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert mark_place.open().read("shop") == MarkState(hour(4))


def _noting(errors: list[BaseException], work: Callable[[int], object], number: int) -> None:
    try:
        work(number)
    except BaseException as error:
        errors.append(error)
