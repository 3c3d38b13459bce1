"""Answers of Hevo's own making, and their bodies."""

from __future__ import annotations

from typing import Any

from kada_dagster.sandbox.web.answers import Answer, in_json

EDGE_ERRORS = {
    400: "BAD_REQUEST",
    401: "AUTHENTICATION_FAILED",
    403: "FORBIDDEN",
    404: "PIPELINE_NOT_FOUND",
    429: "RATE_LIMIT_EXCEEDED",
}


class RefusedError(Exception):
    """A request that is answered with an error of the API's own.

    Attributes:
        status: of the answer.
        message: what the answer says.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def ok(value: Any) -> Answer:
    """A 200 with a body."""
    return in_json(200, value)


def refusal(status: int, message: str, *, edge: bool = False, **headers: str) -> Answer:
    """An error in the wording of a family.

    Args:
        status: HTTP status.
        message: for people.
        edge: whether the Edge family's body is wanted, which has a code.
        headers: with `_` for `-`.
    """
    if not edge:
        return in_json(status, {"message": message}, **headers)
    code = EDGE_ERRORS.get(status, "INTERNAL_ERROR")
    return in_json(status, {"error": code, "message": message, "details": {}}, **headers)
