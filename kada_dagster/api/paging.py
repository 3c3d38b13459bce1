"""How APIs cut lists into pages: by token, by cursor, by offset."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from kada_dagster.api.offset_paging import OffsetPaging
from kada_dagster.api.pages import EndlessGuard, Fetch, Page, Paging, PagingError, rows_of
from kada_dagster.api.values import object_of

__all__ = ["CursorPaging", "OffsetPaging", "Paging", "PagingError", "TokenPaging"]


@dataclass(frozen=True)
class TokenPaging:
    """`{"data": [...], "pagination": {"starting_after": token}}`; the last page has no token.

    Attributes:
        limit: items a page.
        limit_name: parameter for it.
        token_name: parameter and field of the token.
        pagination: field that holds the token.
        rows: field of the items.
    """

    limit: int = 100
    limit_name: str = "limit"
    token_name: str = "starting_after"  # noqa: S105 - a field's name
    pagination: str = "pagination"
    rows: str = "data"

    def pages(self, fetch: Fetch) -> Iterator[Page]:
        """See `Paging.pages`."""
        return _chained(fetch, {self.limit_name: self.limit}, self.token_name, self._read)

    def _read(self, answer: object) -> tuple[Page, object]:
        holder = object_of(object_of(answer).get(self.pagination))
        return rows_of(answer, self.rows), holder.get(self.token_name)


@dataclass(frozen=True)
class CursorPaging:
    """`{"data": [...], "has_more": true, "next_cursor": token}`; either of the two ends it.

    Attributes:
        limit: items a page.
        limit_name: parameter for it.
        cursor_name: parameter of the cursor.
        next_name: field of the next cursor.
        more_name: field that says whether there is more; where it is missing, the cursor decides.
        within: field that holds all these, '' for the answer itself (Fivetran: `data`).
        rows: field of the items (Fivetran: `items`).
    """

    limit: int = 100
    limit_name: str = "limit"
    cursor_name: str = "cursor"
    next_name: str = "next_cursor"
    more_name: str = "has_more"
    within: str = ""
    rows: str = "data"

    def pages(self, fetch: Fetch) -> Iterator[Page]:
        """See `Paging.pages`."""
        return _chained(fetch, {self.limit_name: self.limit}, self.cursor_name, self._read)

    def _read(self, answer: object) -> tuple[Page, object]:
        page: Any = object_of(answer).get(self.within) if self.within else answer
        fields = object_of(page)
        ended = fields.get(self.more_name) is False
        return rows_of(page, self.rows), None if ended else fields.get(self.next_name)


def _chained(
    fetch: Fetch,
    query: dict[str, str | int],
    name: str,
    read: Callable[[object], tuple[Page, object]],
) -> Iterator[Page]:
    """Pages of which each names the next."""
    guard = EndlessGuard()
    while True:
        page, token = read(fetch(query))
        guard.page()
        guard.content(page)
        if page:
            guard.fruitful()
        else:
            guard.barren()
        yield page
        if token is None or token == "":
            return
        if not isinstance(token, (str, int)) or isinstance(token, bool):
            raise PagingError("a page token that is no text")
        guard.token(token)
        query = {**query, name: token}
