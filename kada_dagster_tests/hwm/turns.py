"""Several writers of the same objects, one operation at a time, in an order that a test chooses."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass

from kada_dagster.hwm.objects import Versioned, VersionedObjects


class Died(BaseException):
    """The end of a writer: nothing of it runs any more."""


class Turns:
    """Lets one of several threads go on at a time.

    Args:
        order: whose turn is next, by place among those still at work; begun anew at its end.
    """

    def __init__(self, order: Iterable[int]) -> None:
        self._order = list(order) or [0]
        self._at = 0
        self._working: list[int] = []
        self._next = -1
        self._changed = threading.Condition()

    def run(self, *work: Callable[[int], object]) -> None:
        """Do all of it, each part in a thread, which it is told the number of; a part that died
        counts as done.

        Raises:
            BaseException: what a part failed with.
        """
        self._working = list(range(len(work)))
        errors: list[BaseException] = []
        threads = [
            threading.Thread(target=self._part, args=(number, part, errors), daemon=True)
            for number, part in enumerate(work)
        ]
        self._choose()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive(), "the writers wait for one another"
        if errors:
            raise errors[0]

    @contextmanager
    def turn(self, number: int) -> Generator[None, None, None]:
        """Wait until it is this thread's turn; at the end choose the next."""
        with self._changed:
            self._changed.wait_for(lambda: self._next == number)
            try:
                yield
            finally:
                self._choose()
                self._changed.notify_all()

    def _part(
        self, number: int, part: Callable[[int], object], errors: list[BaseException]
    ) -> None:
        try:
            part(number)
        except Died:
            pass
        except BaseException as error:
            errors.append(error)
        with self._changed:
            self._working.remove(number)
            if self._next == number:
                self._choose()
            self._changed.notify_all()

    def _choose(self) -> None:
        if self._working:
            chosen = self._order[self._at % len(self._order)]
            self._next = self._working[chosen % len(self._working)]
            self._at += 1


@dataclass
class InTurns:
    """Objects every operation of which waits for its turn.

    Attributes:
        objects: the real ones.
        turns: shared by all writers.
        number: of this writer.
        dies_after: operations it lives for; None for ever.
    """

    objects: VersionedObjects
    turns: Turns
    number: int
    dies_after: int | None = None

    def read(self, name: str) -> Versioned:
        with self.turns.turn(self.number):
            self._live()
            return self.objects.read(name)

    def replace(self, name: str, data: bytes, version: str | None) -> bool:
        with self.turns.turn(self.number):
            self._live()
            return self.objects.replace(name, data, version)

    def describe(self, name: str) -> str:
        return self.objects.describe(name)

    def _live(self) -> None:
        if self.dies_after is not None:
            if not self.dies_after:
                raise Died
            self.dies_after -= 1
