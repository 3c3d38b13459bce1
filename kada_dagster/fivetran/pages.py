"""How Fivetran cuts lists into pages: `data.items` and `data.next_cursor`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kada_dagster.api.pages import Fetch, Page, PagingError, Query
from kada_dagster.api.paging import CursorPaging
from kada_dagster.api.values import object_of

_CURSORS = CursorPaging(limit=1000, within="data", rows="items")


class Pages:
    """Cursor paging; also understands `nextCursor`, as older documents spell it.

    An answer without `data.items`, or without a body, is no page: an empty list has an empty one.
    """

    def pages(self, fetch: Fetch) -> Iterator[Page]:
        """See `kada_dagster.api.pages.Paging.pages`."""
        return _CURSORS.pages(lambda query: _spelt(fetch, query))


def _spelt(fetch: Fetch, query: Query) -> Any:
    answer: Any = fetch(query)
    data = object_of(object_of(answer).get("data"))
    if data.get("items") is None:
        raise PagingError("a page without data.items")
    if data.get("next_cursor") is None and data.get("nextCursor") is not None:
        return {"data": {**data, "next_cursor": data["nextCursor"]}}
    return answer
