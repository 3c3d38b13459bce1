"""Cuts lists into pages, with tokens that nobody can make up."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Generic, TypeVar, cast

from kada_dagster.sandbox.hevo.answers import RefusedError
from kada_dagster.sandbox.hevo.quirks import Quirks
from kada_dagster.sandbox.web.answers import dumped

T = TypeVar("T")

_LARGEST = 100
_KEPT = 5000  # pages


@dataclass(frozen=True)
class Listing(Generic[T]):
    """A list that is served page by page.

    Attributes:
        key: what it is a list of; pages of equal keys have equal rows.
        rows: all of them, in order.
        show: makes a row's JSON.
        token: name of the parameter that the token comes back in.
        limit: rows of a page for who does not say.
    """

    key: str
    rows: Sequence[T]
    show: Callable[[T], Any]
    token: str
    limit: int


@dataclass(frozen=True)
class Page:
    """A page: its rows as a JSON array, their number, and the token of the next one."""

    rows: bytes
    count: int
    token: str | None


class Pages:
    """Makes pages and keeps the rows of those it made, so that serving them again costs nothing."""

    def __init__(self, quirks: Quirks) -> None:
        self._quirks = quirks
        self._made: dict[tuple[str, int, int], bytes] = {}
        self._tokens: dict[str, tuple[str, int]] = {}
        self._lock = Lock()

    def page(self, listing: Listing[Any], query: Mapping[str, str]) -> Page:
        """The page that a query asks for.

        Raises:
            RefusedError: 400, a limit out of range, or a token that is not one of this list.
        """
        limit, token = _limit(query, listing.limit), query.get(listing.token)
        start = self._start(listing, token)
        end = min(start + limit, len(listing.rows))
        made = self._rows(listing, start, end)
        return Page(made, end - start, self._next(listing, start, end, token))

    def _start(self, listing: Listing[Any], token: str | None) -> int:
        if token is None:
            return 0
        with self._lock:
            key, start = self._tokens.get(token, ("", 0))
        if key != listing.token + listing.key:
            raise RefusedError(400, f"{listing.token} is not valid")
        return start

    def _rows(self, listing: Listing[Any], start: int, end: int) -> bytes:
        key = (listing.token + listing.key, start, end)
        made = self._made.get(key)
        if made is None:
            repeated = self._quirks.repeated_rows if start else 0
            shown = [listing.show(row) for row in listing.rows[start:end]]
            made = dumped([*map(_changed, shown[:repeated]), *shown[repeated:]])
            if len(self._made) > _KEPT:
                self._made.clear()
            self._made[key] = made
        return made

    def _next(self, listing: Listing[Any], start: int, end: int, token: str | None) -> str | None:
        if self._quirks.page_loop and token is not None:
            is_same = self._quirks.page_loop == "same token"
            return token if is_same else self._issue(listing, start)
        if end >= len(listing.rows):
            return None
        return self._issue(listing, max(start + 1, end - self._quirks.repeated_rows))

    def _issue(self, listing: Listing[Any], start: int) -> str:
        token = secrets.token_urlsafe(12) + "=="
        with self._lock:
            self._tokens[token] = (listing.token + listing.key, start)
        return token


def _limit(query: Mapping[str, str], default: int) -> int:
    text = query.get("limit", str(default))
    if not text.isdecimal() or not 1 <= int(text) <= _LARGEST:
        raise RefusedError(400, f"limit must be between 1 and {_LARGEST}")
    return int(text)


def _changed(row: Any) -> Any:
    """A row as it looks some moments later."""
    fields = cast("dict[str, Any]", row) if isinstance(row, dict) else {}
    if "status" in fields and "job_id" not in fields:
        return {**fields, "status": "CHANGED_SINCE"}
    return cast("Any", row)
