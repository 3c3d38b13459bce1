"""The answers of the API that are not data: errors in the vendor's words, and broken ones.

Bodies: observed 401s of 2026-08, `ValidateErrorJSON` and `InternalServerError` of the vendor's
OpenAPI document, and pages of HTML as proxies send them. Where the vendor declares no body, it
is empty or text.
"""

from __future__ import annotations

from kada_dagster.sandbox.web.answers import (
    BAD_GATEWAY,
    CLOSED,
    CUT_JSON,
    NO_CONTENT,
    SIGN_IN,
    UNAVAILABLE,
    Answer,
    in_json,
)


def unauthorized(details: str) -> Answer:
    """401 as seen live: `No authorization header found` or `Token is invalid`."""
    return in_json(401, {"message": "Authentication error", "details": details})


def not_found() -> Answer:
    """404; the vendor declares no body."""
    return Answer(404, content_type="")


def invalid(**details: str) -> Answer:
    """422: what is wrong with each of the parameters."""
    texts = {name: {"message": message} for name, message in details.items()}
    return in_json(422, {"message": "Validation failed", "details": texts})


def too_many(retry_after: str | None) -> Answer:
    """429; no header says when to come back unless one is given."""
    headers = {} if retry_after is None else {"Retry_After": retry_after}
    return in_json(429, {"error": "Too many requests"}, **headers)


FAILURES: dict[str, Answer] = {
    "unauthorized": unauthorized("Token is invalid"),
    "forbidden": Answer(403, b"Forbidden", "text/plain; charset=utf-8"),
    "not_found": not_found(),
    "bad_request": Answer(400, b"Bad request", "text/plain; charset=utf-8"),
    "unprocessable": invalid(syncId="invalid float number"),
    "too_many": too_many(None),
    "too_many_for_a_second": too_many("1"),
    "server_error": in_json(500, "Internal Server Error"),
    "bad_gateway": BAD_GATEWAY,
    "unavailable": UNAVAILABLE,
    "no_content": NO_CONTENT,
    "html": SIGN_IN,
    "truncated_json": CUT_JSON,
    "json_string": in_json(200, "ok"),
    "null": in_json(200, None),
    "cut": Answer(200, b'{"data":[],"hasMore":false}', sent=0.5),
    "reset": CLOSED,
    "trickle": Answer(200, b'{"data":[],"hasMore":false}', pause=0.2),
}
"""Answers that a planned failure can give, by name."""
