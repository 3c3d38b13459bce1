"""The budgets of an account: all requests, those that touch sources, those that test setups."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock

from kada_dagster.sandbox.fivetran.call import Call
from kada_dagster.sandbox.fivetran.changes import runs_tests

Limit = tuple[int, float]
"""Requests, and the seconds of the sliding span they may be made in."""

_HOUR, _MINUTE = 3600.0, 60.0
_TEST = re.compile(r"/connect(ion|or)s/[^/]+/test$")
_CHANGE = re.compile(r"/connect(ion|or)s/[^/]+$")
_SOURCE = re.compile(r"/schemas/reload$|/schemas/[^/]+/tables/[^/]+/columns$")


@dataclass(frozen=True)
class Budgets:
    """What an account may ask.

    Attributes:
        all: of any request.
        source: of those that touch sources, setup tests included.
        tests: of those that run setup tests.
    """

    all: Sequence[Limit] = ((20_000, _HOUR),)
    source: Sequence[Limit] = ((500, _MINUTE), (5_000, _HOUR))
    tests: Sequence[Limit] = ((250, _MINUTE), (2_500, _HOUR))

    @classmethod
    def paid(cls) -> Budgets:
        """Those of paid and free plans."""
        return cls()

    @classmethod
    def trial(cls) -> Budgets:
        """Those of a trial."""
        return cls(((500, _HOUR),), ((25, _MINUTE), (250, _HOUR)), ((50, _HOUR),))

    @classmethod
    def none(cls) -> Budgets:
        """No limits."""
        return cls((), (), ())


class Span:
    """Requests in a sliding span of time; looked at first, counted when all spans let them in."""

    def __init__(self, limit: Limit) -> None:
        self.calls, self._seconds = limit
        self._moments: deque[float] = deque()

    def wait(self, now: float) -> float:
        """Seconds until a request may come."""
        while self._moments and self._moments[0] <= now - self._seconds:
            self._moments.popleft()
        if len(self._moments) < self.calls:
            return 0.0
        return self._moments[0] + self._seconds - now if self._moments else self._seconds

    def count(self, now: float) -> None:
        """Count one."""
        self._moments.append(now)

    @property
    def left(self) -> int:
        """How many may still come."""
        return self.calls - len(self._moments)


class Meter:
    """Counts requests by the clock of the world.

    Args:
        budgets: what may be asked.
        clock: seconds.

    Attributes:
        refused: requests that were over a budget.
    """

    def __init__(self, budgets: Budgets, clock: Callable[[], float]) -> None:
        self._all, self._source, self._tests = (
            [Span(limit) for limit in limits]
            for limits in (budgets.all, budgets.source, budgets.tests)
        )
        self._clock, self._lock = clock, Lock()
        self.refused = 0

    def wait(self, call: Call) -> float:
        """Count the request and return 0; or the seconds until it may come (it is not counted)."""
        spans = [*self._all]
        if _tests(call):
            spans += self._tests + self._source
        elif _SOURCE.search(call.path):
            spans += self._source
        with self._lock:
            now = self._clock()
            wait = max((one.wait(now) for one in spans), default=0.0)
            if wait > 0:
                self.refused += 1
                return wait
            for one in spans:
                one.count(now)
            return 0.0

    def headers(self) -> dict[str, str]:
        """What answers say of the budget of all requests."""
        if not self._all:
            return {}
        first = self._all[0]
        return {"X-Rate-Limit": str(first.calls), "X-Rate-Limit-Remaining": str(first.left)}


def _tests(call: Call) -> bool:
    """Whether a request runs setup tests."""
    if call.method == "POST":
        return bool(_TEST.search(call.path))
    return call.method == "PATCH" and bool(_CHANGE.search(call.path)) and _says_so(call.body)


def _says_so(body: bytes) -> bool:
    try:
        return runs_tests(dict(json.loads(body)))
    except (TypeError, ValueError):
        return False
