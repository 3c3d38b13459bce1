"""Pages by their position in a list that may change while it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kada_dagster.api.pages import EndlessGuard, Fetch, Page, rows_of
from kada_dagster.api.values import object_of, text


@dataclass(frozen=True)
class OffsetPaging:
    """`{"data": [...], "hasMore": true}` with `limit` and `offset`; each item comes once.

    Ask for an order in which new items come last (by id): then only removals shift the list. Those
    are noticed by `overlap`: pages share so many items, and where a page shares none with what was
    read, reading goes back a page. Without it, an item may be missed when others go meanwhile.

    Attributes:
        limit: items a page.
        overlap: items of the page before that a page begins with; 0 costs no extra calls, and
            `limit=101, overlap=1` none either where the server allows it.
        limit_name: parameter for `limit`.
        offset_name: parameter of the position.
        more_name: field that says whether there is more. False ends the list; True does where the
            page is empty; where it is missing, a page that is not full ends it.
        rows: field of the items.
        key: field that identifies an item; one without it is told by all its fields.
    """

    limit: int = 100
    overlap: int = 0
    limit_name: str = "limit"
    offset_name: str = "offset"
    more_name: str = "hasMore"
    rows: str = "data"
    key: str = "id"

    def pages(self, fetch: Fetch) -> Iterator[Page]:
        """See `Paging.pages`."""
        reading = _Reading(self.key)
        while True:
            answer = fetch({self.limit_name: self.limit, self.offset_name: reading.offset})
            page = rows_of(answer, self.rows)
            reading.guard.page()
            if reading.has_drifted(page):
                reading.go_back(self.limit)
                continue
            yield reading.fresh(page)
            if self._is_last(object_of(answer).get(self.more_name), page):
                return
            reading.go_on(len(page), self.overlap)

    def _is_last(self, more: object, page: Page) -> bool:
        if isinstance(more, bool):
            return not (more and page)
        return len(page) < max(1, self.limit - self.overlap)


class _Reading:
    """Where one reading of a list is. What was seen of it is always its beginning."""

    def __init__(self, key: str) -> None:
        self.guard, self.offset = EndlessGuard(), 0
        self._key, self._seen = key, set[str]()
        self._furthest = 0
        self._shares = False  # whether the page must hold something seen
        self._back = 1  # pages to go back by

    def has_drifted(self, page: Page) -> bool:
        """Whether items before this page went, so that others were passed over."""
        return self._shares and not any(self._name(item) in self._seen for item in page)

    def go_back(self, limit: int) -> None:
        """To where something seen should be; further each time."""
        self.guard.barren()
        self.offset = max(0, self.offset - limit * self._back)
        self._shares, self._back = self.offset > 0, self._back * 2

    def go_on(self, length: int, overlap: int) -> None:
        """Behind a page of that length, or onto the last of it."""
        ahead = max(1, length - overlap)
        self.offset, self._shares, self._back = self.offset + ahead, length > ahead, 1

    def fresh(self, page: Page) -> Page:
        """The items not seen before, which are seen now."""
        fresh = [item for item in page if self._is_new(item)]
        if fresh:
            self.guard.fruitful()
        elif self.offset >= self._furthest and page:
            self.guard.barren()
        self._furthest = max(self._furthest, self.offset)
        return fresh

    def _is_new(self, item: dict[str, Any]) -> bool:
        known = len(self._seen)
        self._seen.add(self._name(item))
        return len(self._seen) > known

    def _name(self, item: dict[str, Any]) -> str:
        return text(item.get(self._key)) or repr(item)
