"""What the stand-in does wrong, or does in one of the ways the vendor's document leaves open."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from kada_dagster.sandbox.hightouch.answers import FAILURES
from kada_dagster.sandbox.web.faults import HANG, Fault
from kada_dagster.sandbox.web.request import Request

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
    before_answer: Callable[[Request], None] | None = None


def failure(kind: str, path: str = "/", times: int | None = 1, after: int = 0) -> Fault:
    """A planned failure of some answers.

    Args:
        kind: a name in `FAILURES`, or `hang`: nothing is answered until the server stops.
        path: where, as the beginning of the path behind `/api/v1`.
        times: how many answers fail; None: all of them.
        after: how many matching requests are answered as usual first.

    Raises:
        ValueError: there is no such failure.
    """
    if kind != "hang" and kind not in FAILURES:
        raise ValueError(f"no such failure: {kind}; there are hang, {', '.join(FAILURES)}")
    delay = HANG if kind == "hang" else 0.0
    return Fault(f"^{re.escape(path)}", FAILURES.get(kind), times, after, delay=delay)
