"""What goes wrong once or for a while, told in advance."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock

from kada_dagster.sandbox.web.answers import Answer
from kada_dagster.sandbox.web.request import Request

HANG = 1_000_000.0
"""A delay that ends with the server."""


@dataclass
class Fault:
    """Something that happens to requests instead of, or beside, their answer.

    Attributes:
        path: regular expression that finds something in `Request.path`.
        answer: given instead of the true one, or what makes it; None for the true one.
        times: requests it happens to; None: all of them.
        after: matching requests that are spared first.
        until: moment of the server's clock at which it is over; None: never.
        delay: seconds before the answer; `HANG`: none comes until the server stops.
        sent: share of the body that is sent before the connection is closed; -1: not even a head.
        method: of HTTP; empty for any.
        is_done: whether what was asked is done all the same before `answer` is given.
    """

    path: str = ""
    answer: Answer | Callable[[Request], Answer] | None = None
    times: int | None = 1
    after: int = 0
    until: float | None = None
    delay: float = 0.0
    sent: float = 1.0
    method: str = ""
    is_done: bool = False
    seen: int = field(default=0, init=False)

    def strikes(self, request: Request, now: float) -> bool:
        """Whether it happens to this request; counts it."""
        if self.method not in ("", request.method) or not re.search(self.path, request.path):
            return False
        if self.until is not None and now >= self.until:
            return False
        self.seen += 1
        return self.after < self.seen and (
            self.times is None or self.seen <= self.after + self.times
        )

    def given(self, request: Request, true: Callable[[], Answer]) -> Answer:
        """What is sent; the true answer is only made where it is wanted."""
        if self.is_done and self.answer:
            true()
        answer = self.answer(request) if callable(self.answer) else self.answer or true()
        if self.sent < 0:
            return Answer(0)
        return answer if self.sent >= 1 else replace(answer, sent=self.sent)


class FaultPlan:
    """The faults still to come."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = Lock()

    def add(self, fault: Fault) -> None:
        """Let it happen from now on."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Nothing fails any more."""
        with self._lock:
            self._faults.clear()

    def next_for(self, request: Request, now: float) -> Fault | None:
        """The first fault that happens to this request, if one does."""
        with self._lock:
            return next((fault for fault in self._faults if fault.strikes(request, now)), None)
