"""Places that are handed on in the order in which they were asked for."""

from __future__ import annotations

from collections import deque
from threading import Lock
from types import TracebackType


class Turns:
    """At most so many threads inside a `with` block of it, first come, first served.

    A semaphore of the standard library, as a pool of connections, lets whoever gives a place back
    take it again at once; one thread can then wait while the others pass it twenty times, and
    what is collected in order waits with it.

    Args:
        places: at least 1.
    """

    def __init__(self, places: int) -> None:
        self._lock, self._free = Lock(), places
        self._waiting: deque[Lock] = deque()

    def __enter__(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = Lock()
            turn.acquire()
            self._waiting.append(turn)
        try:
            turn.acquire()  # released by whoever hands the place on
        except BaseException:  # a signal: the place goes to somebody who still wants it
            with self._lock:
                if turn in self._waiting:
                    self._waiting.remove(turn)
                else:
                    self._hand_on()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._hand_on()

    def _hand_on(self) -> None:
        if self._waiting:
            self._waiting.popleft().release()
        else:
            self._free += 1
