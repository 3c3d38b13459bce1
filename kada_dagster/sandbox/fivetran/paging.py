"""Cuts lists into pages with cursors that say nothing to anybody else."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from kada_dagster.sandbox.fivetran.refusal import invalid
from kada_dagster.sandbox.web import Answer

T = TypeVar("T")

LARGEST, USUAL = 1000, 100
"""Rows of a page at most, and for who does not say."""


def page(
    message: str,
    rows: Sequence[T],
    query: Mapping[str, str],
    dump: Callable[[T], bytes],
    *,
    null_at_end: bool = False,
) -> Answer:
    """The page that a query asks for.

    Args:
        message: of the answer.
        rows: all there are.
        query: with `limit` and `cursor`, and what the rows were chosen by.
        dump: makes a row's JSON.
        null_at_end: whether the last page has a `next_cursor` of null instead of none.

    Raises:
        RefusedError: 400, the limit or the cursor.
    """
    limit = _limit(query)
    chosen_by = sorted(item for item in query.items() if item[0] not in ("cursor", "limit"))
    key = f"{message}{chosen_by}"
    start = _start(query.get("cursor"), key)
    items = b",".join(map(dump, rows[start : start + limit]))
    end = b""
    if start + limit < len(rows):
        end = b',"next_cursor":' + json.dumps(_cursor(start + limit, key)).encode()
    elif null_at_end:
        end = b',"next_cursor":null'
    head = b'{"code":"Success","message":' + json.dumps(message).encode()
    return Answer(200, head + b',"data":{"items":[' + items + b"]" + end + b"}}")


def in_json(row: Any) -> bytes:
    """A row that is a value already."""
    return json.dumps(row).encode()


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit", str(USUAL))
    if not text.isdecimal() or not 1 <= int(text) <= LARGEST:
        raise invalid(f"limit must be between 1 and {LARGEST}")
    return int(text)


def _cursor(start: int, key: str) -> str:
    return urlsafe_b64encode(f"{start}\n{key}".encode()).decode()


def _start(cursor: str | None, key: str) -> int:
    if cursor is None:
        return 0
    try:
        start, _, of = urlsafe_b64decode(cursor.encode()).decode().partition("\n")
    except ValueError:
        start, of = "", ""
    if of != key or not start.isdecimal():
        raise invalid("The cursor is not valid")
    return int(start)
