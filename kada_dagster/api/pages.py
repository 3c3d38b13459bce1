"""What every way of paging shares: the items of a page, and guards against lists without end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, cast

Query = Mapping[str, "str | int"]
Fetch = Callable[[Query], Any]
Page = list[dict[str, Any]]
MOST_PAGES = 100_000
"""Pages of one list; beyond, it is taken for one without end."""

MOST_BARREN = 10
"""Pages in a row that bring nothing new, before a list is given up."""


class PagingError(Exception):
    """A list that does not end, or an answer that is no page."""


class Paging(Protocol):
    """One way of cutting lists into pages."""

    def pages(self, fetch: Fetch) -> Iterator[Page]:
        """The pages, in order.

        Args:
            fetch: asks for a page with these parameters and returns parsed JSON.

        Raises:
            PagingError: the list has no end, or an answer is no page.
        """
        ...


def rows_of(answer: object, field: str) -> Page:
    """The items of a page: its list `field`, a bare list, or none (204, null)."""
    rows: object = answer
    if isinstance(answer, dict):
        if field not in answer:
            raise PagingError(f"a page without the field {field}")
        rows = cast("dict[str, object]", answer)[field]
    if rows is None:
        return []
    if not isinstance(rows, list):
        raise PagingError(f"a page whose {field} is no list")
    return [_item(row) for row in cast("list[object]", rows) if row is not None]


def _item(row: object) -> dict[str, Any]:
    if isinstance(row, dict):
        return cast("dict[str, Any]", row)
    if isinstance(row, str):
        return {"name": row}
    raise PagingError("an item that is neither an object nor a text")


class EndlessGuard:
    """Notices that the pages of one list go round in circles, or on for ever."""

    def __init__(self) -> None:
        self._pages, self._barren = 0, 0
        self._tokens, self._digests = set[object](), set[int]()

    def page(self) -> None:
        """Count a page."""
        self._pages += 1
        if self._pages > MOST_PAGES:
            raise PagingError(f"more than {MOST_PAGES} pages")

    def fruitful(self) -> None:
        """The page brought something new."""
        self._barren = 0

    def barren(self) -> None:
        """The page brought nothing new, where it should have."""
        self._barren += 1
        if self._barren > MOST_BARREN:
            raise PagingError(f"{self._barren} pages with nothing new, and no end")

    def token(self, token: object) -> None:
        """Note the token of the next page; each may come once."""
        if token in self._tokens:
            raise PagingError("the same page token came twice, so the list would never end")
        self._tokens.add(token)

    def content(self, page: Page) -> None:
        """Note a page; the same items cannot come again under another token."""
        if page:
            digest = hash((len(page), repr(page[0]), repr(page[-1])))
            if digest in self._digests:
                raise PagingError("the same page came twice, so the list would never end")
            self._digests.add(digest)
