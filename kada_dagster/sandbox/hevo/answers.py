"""Answers of the server, and their bodies."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

EDGE_ERRORS = {
    400: "BAD_REQUEST",
    401: "AUTHENTICATION_FAILED",
    403: "FORBIDDEN",
    404: "PIPELINE_NOT_FOUND",
    429: "RATE_LIMIT_EXCEEDED",
}


@dataclass(frozen=True)
class Answer:
    """A response: status, body and what is said of it."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict[str, str])


class RefusedError(Exception):
    """A request that is answered with an error of the API's own.

    Attributes:
        status: of the answer.
        message: what the answer says.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def dumped(value: Any) -> bytes:
    """The value as JSON, compact, any character escaped as Java's writers may do."""
    return json.dumps(value, separators=(",", ":")).encode()


def ok(value: Any) -> Answer:
    """A 200 with a body."""
    return Answer(200, dumped(value))


NO_CONTENT = Answer(204)


def refusal(status: int, message: str, *, edge: bool = False, **headers: str) -> Answer:
    """An error in the wording of a family.

    Args:
        status: HTTP status.
        message: for people.
        edge: whether the Edge family's body is wanted, which has a code.
        headers: with `_` for `-`.
    """
    body: dict[str, Any] = {"message": message}
    if edge:
        code = EDGE_ERRORS.get(status, "INTERNAL_ERROR")
        body = {"error": code, "message": message, "details": {}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, dumped(body), headers=named)
