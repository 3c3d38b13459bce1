"""Pages of Hightouch's lists: `limit` and `offset`, `hasMore` only on some of them.

Facts: https://api.hightouch.io/api/swagger.json (`limit` defaults to 100, a maximum is not stated).
"""

from __future__ import annotations

from collections.abc import Iterator

from kada_dagster.api.errors import ApiError
from kada_dagster.api.pages import Fetch, Page, PagingError, Query
from kada_dagster.api.paging import OffsetPaging

_REFUSED = frozenset({400, 422})
_FULL = OffsetPaging(limit=101, overlap=1)
_DEFAULT = OffsetPaging(limit=100, overlap=1)


class Pages:
    """Pages that share one row with the page before, by which a removal in between is noticed.

    With 101 rows that costs no call; where the API refuses so many, 100 are asked for.
    """

    def pages(self, fetch: Fetch) -> Iterator[Page]:
        """See `Paging.pages`."""

        def asked(query: Query) -> object:
            answer = fetch(query)
            if answer is None:  # 204 or null: an empty list would look like everything deleted
                raise PagingError("an answer without a list")
            return answer

        pages = _FULL.pages(asked)
        try:
            first = next(pages)
        except ApiError as error:
            if error.status not in _REFUSED:
                raise
            pages = _DEFAULT.pages(asked)
            first = next(pages)
        yield first
        yield from pages
