"""The order of a crawl: calls run side by side, rows are written in the order of the lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kada_dagster.api.errors import ApiError, ApiForbiddenError, ApiNotFoundError

_CLIENT_ERRORS = range(400, 500)


@dataclass(frozen=True)
class Answer:
    """What a call brought.

    Attributes:
        data: the answer; empty where there is none.
        problem: code of the warning that says why not; empty where it is there.
        sample: for the warning.
    """

    data: dict[str, Any] = field(default_factory=dict[str, Any])
    problem: str = ""
    sample: str = ""


@dataclass(frozen=True)
class Task:
    """Rows to write, after a call or without one.

    Attributes:
        write: called with the answer, in the thread that writes.
        ask: makes the call, in another thread; None for none.
    """

    write: Callable[[Answer], None]
    ask: Callable[[], Answer] | None = None


def asked(ask: Callable[[], Answer]) -> Answer:
    """An answer, or why there is none: what is gone or refused does not end a crawl.

    Raises:
        KadaError: the crawl cannot go on.
    """
    try:
        return ask()
    except ApiNotFoundError as error:
        return Answer(problem="not_found", sample=str(error))
    except ApiForbiddenError as error:
        return Answer(problem="not_permitted", sample=str(error))
    except ApiError as error:
        if error.status not in _CLIENT_ERRORS:
            raise
        return Answer(problem="not_readable", sample=str(error))
