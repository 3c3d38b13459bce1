"""What goes wrong once or for a while, told in advance."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from threading import Lock
from typing import Literal

from kada_dagster.sandbox.hevo.answers import Answer, refusal

BAD_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


@dataclass
class Fault:
    """Something that happens to requests instead of, or beside, their answer.

    Attributes:
        path: regular expression that finds something in the path as it was sent.
        answer: given instead of the true one; None for the true one.
        times: requests it happens to.
        after: requests to such paths that are spared first.
        delay: seconds before the answer.
        breaks: `before`: the connection is closed without an answer; `within`: after half of it.
    """

    path: str = ""
    answer: Answer | None = None
    times: int = 1
    after: int = 0
    delay: float = 0.0
    breaks: Literal["", "before", "within"] = ""
    seen: int = field(default=0, init=False)

    @classmethod
    def status(
        cls, status: int, path: str = "", *, message: str = "Something broke", times: int = 1
    ) -> Fault:
        """An error with the API's usual body."""
        return cls(path, refusal(status, message), times)

    @classmethod
    def html(cls, path: str = "", *, times: int = 1) -> Fault:
        """A proxy's 502, whose body is no JSON."""
        return cls(path, Answer(502, BAD_GATEWAY, "text/html"), times)

    @classmethod
    def garbled(cls, path: str = "", *, times: int = 1) -> Fault:
        """A 200 whose body is no JSON."""
        return cls(path, Answer(200, b'{"data": [{"id": 1,'), times)

    @classmethod
    def gone(cls, path: str, *, after: int = 0) -> Fault:
        """A thing that is deleted after so many requests for it."""
        return cls(path, refusal(404, "Not found"), times=1_000_000, after=after)


class FaultPlan:
    """The faults still to come."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = Lock()

    def add(self, fault: Fault) -> None:
        """Let it happen from now on."""
        with self._lock:
            self._faults.append(fault)

    def next_for(self, path: str) -> Fault | None:
        """The fault that happens to this request, if one does."""
        with self._lock:
            for fault in self._faults:
                if re.search(fault.path, path):
                    fault.seen += 1
                    if fault.after < fault.seen <= fault.after + fault.times:
                        return fault
        return None
