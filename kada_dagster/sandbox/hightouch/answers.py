"""The answers of the API that are not data: errors in the vendor's words, and broken ones.

Bodies: observed 401s of 2026-08, `ValidateErrorJSON` and `InternalServerError` of the vendor's
OpenAPI document, and pages of HTML as proxies send them. Where the vendor declares no body, it
is empty or text.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

JSON = "application/json; charset=utf-8"
_HTML = "text/html; charset=UTF-8"


@dataclass(frozen=True)
class Answer:
    """What is sent back.

    Attributes:
        status: HTTP status; 0 closes the connection without an answer.
        body: its bytes.
        content_type: header of that name; empty for none.
        headers: further headers.
        sent: share of the body that is sent before the connection is closed.
        pause: seconds between its bytes, for answers that trickle.
    """

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict[str, str])
    sent: float = 1.0
    pause: float = 0.0


def in_json(status: int, value: Any) -> Answer:
    """An answer that says the value in JSON."""
    return Answer(status, json.dumps(value).encode())


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
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    body = json.dumps({"error": "Too many requests"}).encode()
    return Answer(429, body, headers=headers)


FAILURES: dict[str, Answer] = {
    "unauthorized": unauthorized("Token is invalid"),
    "forbidden": Answer(403, b"Forbidden", "text/plain; charset=utf-8"),
    "not_found": not_found(),
    "bad_request": Answer(400, b"Bad request", "text/plain; charset=utf-8"),
    "unprocessable": invalid(syncId="invalid float number"),
    "too_many": too_many(None),
    "too_many_for_a_second": too_many("1"),
    "server_error": in_json(500, "Internal Server Error"),
    "bad_gateway": Answer(
        502, b"<html><head><title>502 Bad Gateway</title></head><body></body></html>", _HTML
    ),
    "unavailable": Answer(503, b"<html><body>503 Service Unavailable</body></html>", _HTML),
    "no_content": Answer(204, content_type=""),
    "html": Answer(200, b"<!DOCTYPE html><html><body>Please sign in</body></html>", _HTML),
    "truncated_json": Answer(200, b'{"data":[{"id":1,"na'),
    "json_string": in_json(200, "ok"),
    "null": in_json(200, None),
    "cut": Answer(200, b'{"data":[],"hasMore":false}', sent=0.5),
    "reset": Answer(0),
    "trickle": Answer(200, b'{"data":[],"hasMore":false}', pause=0.2),
}
"""Answers that a planned failure can give, by name."""
