"""Trying again where several writers may change an object at once: a loser waits a little, and
ever longer, so that somebody wins."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from kada_dagster.errors import ConnectionFailedError

_FIRST_SECONDS = 0.02
_LONGEST_SECONDS = 1.0
_T = TypeVar("_T")


def won(most: int, place: str, work: Callable[[], _T | None]) -> _T:
    """Do some work until it has come to its end.

    Args:
        most: how often to try.
        place: what is changed, for the message.
        work: gives its result, or None when it must look again; the first time at once.

    Raises:
        ConnectionFailedError: it never came to its end; later it may.
    """
    for tried in range(most):
        if (result := work()) is not None:
            return result
        longest = min(_LONGEST_SECONDS, _FIRST_SECONDS * 2**tried) * bool(tried)
        time.sleep(random.uniform(0, longest))  # noqa: S311 - no secret depends on it
    raise ConnectionFailedError(
        f"high water mark {place}: other processes changed it {most} times while this one tried "
        "to; try again"
    )
