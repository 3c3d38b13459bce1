"""What the stand-in does wrong, or does in one of the ways the vendor's document leaves open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Literal

from kada_dagster.sandbox.hightouch.answers import FAILURES, Answer
from kada_dagster.sandbox.hightouch.request import Request

Ids = Literal["number", "float", "string"]


@dataclass
class Faults:
    """Switches; each default is what the API is known or believed to do.

    Attributes:
        has_more: `as_declared` says `hasMore` only where the schema requires it (syncs, runs);
            `always` and `never` speak for themselves.
        more_after_end: `hasMore` is true on every page, the empty ones behind the end too.
        same_page: `offset` is ignored, so that every page is the first one.
        largest_page: rows a page holds at most, whatever `limit` asks for.
        ids: how numeric ids are written.
        includes_moment: `after` and `before` include the very moment.
        queued_in_windows: runs that have not started pass `after`, `before` and `within`.
        runs_of_deleted: the answer to a list of runs of a sync that is gone.
        ignores_order: `orderBy` is accepted, and the newest comes first.
        retry_after: `Retry-After` of answers over the budget.
        latency: seconds before each answer.
        before_answer: called before each answer, e.g. to change the estate between two pages.
    """

    has_more: Literal["as_declared", "always", "never"] = "as_declared"
    more_after_end: bool = False
    same_page: bool = False
    largest_page: int | None = None
    ids: Ids = "number"
    includes_moment: bool = False
    queued_in_windows: bool = False
    runs_of_deleted: Literal["not_found", "unprocessable", "empty"] = "not_found"
    ignores_order: bool = False
    retry_after: str | None = None
    latency: float = 0.0
    before_answer: Callable[[Request], None] | None = None


@dataclass
class Failure:
    """A planned failure of some answers.

    Attributes:
        kind: a name in `FAILURES`, or `hang`: nothing is answered until the server stops.
        path: where, as the beginning of the path behind `/api/v1`.
        times: how many answers fail; None: all of them.
        after: how many matching requests are answered as usual first.
        until: moment of the server's clock at which the failure is over; None: never.
    """

    kind: str
    path: str = "/"
    times: int | None = 1
    after: int = 0
    until: float | None = None

    def __post_init__(self) -> None:
        if self.kind != "hang" and self.kind not in FAILURES:
            raise ValueError(f"no such failure: {self.kind}; there are hang, {', '.join(FAILURES)}")

    def strikes(self, path: str, now: float) -> bool:
        """Whether this request fails; counts it."""
        if not path.startswith(self.path) or (self.until is not None and now >= self.until):
            return False
        if self.after:
            self.after -= 1
            return False
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0


@dataclass
class FailurePlan:
    """The planned failures of a server; the first that strikes gives the answer."""

    _planned: list[Failure] = field(default_factory=list[Failure])
    _lock: Lock = field(default_factory=Lock, repr=False)

    def add(self, failure: Failure) -> None:
        """Plan one more."""
        with self._lock:
            self._planned.append(failure)

    def clear(self) -> None:
        """Nothing fails any more."""
        with self._lock:
            self._planned.clear()

    def strike(self, path: str, now: float) -> Answer | Literal["hang"] | None:
        """The answer of the failure that this request meets; None if it meets none."""
        with self._lock:
            for failure in self._planned:
                if failure.strikes(path, now):
                    return "hang" if failure.kind == "hang" else FAILURES[failure.kind]
        return None
