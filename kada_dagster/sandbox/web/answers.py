"""An answer, whole or broken, and those that proxies give in front of any API."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=UTF-8"


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


def dumped(value: Any) -> bytes:
    """The value as JSON, compact, any character escaped as some writers do."""
    return json.dumps(value, separators=(",", ":")).encode()


def in_json(status: int, value: Any, **headers: str) -> Answer:
    """An answer that says the value; headers with `_` for `-`."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, dumped(value), headers=named)


CLOSED = Answer(0)
NO_CONTENT = Answer(204, content_type="")
BAD_GATEWAY = Answer(
    502, b"<html><head><title>502 Bad Gateway</title></head><body></body></html>", HTML
)
UNAVAILABLE = Answer(503, b"<html><body>503 Service Unavailable</body></html>", HTML)
SIGN_IN = Answer(200, b"<!DOCTYPE html><html><body>Please sign in</body></html>", HTML)
CUT_JSON = Answer(200, b'{"data":[{"id":1,"na')
