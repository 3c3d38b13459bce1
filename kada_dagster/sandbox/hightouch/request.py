"""One request as the stand-in saw it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    """A request, kept in the server's log.

    Attributes:
        method: `GET`, or what else was sent.
        path: behind `/api/v1`, without the query.
        query: values by name, in the order sent.
        at: moment of the server's clock.
        status: what was answered; None in hooks, before it is known; 0: the connection was closed.
    """

    method: str
    path: str
    query: Mapping[str, tuple[str, ...]]
    at: float
    status: int | None = None
