"""What to ask for next, by how an API cuts lists into pages.

A list ends where the API says so, or at an empty page. That a page is shorter than asked for says
nothing: servers have limits of their own, and filters that come after.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kada_dagster.api.address import next_address
from kada_dagster.api.exchange import Answer
from kada_dagster.api.pages import EndlessGuard, PagingError
from kada_dagster.loader.definition.sources import PagingSettings
from kada_dagster.loader.source.http.formats import found_in, matched

_PARAMS = {"offset": "offset", "page": "page", "cursor": "cursor", "wfs": "startIndex"}
_SIZES = {"offset": "limit", "page": "limit", "cursor": "limit", "wfs": "count"}
_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[\w*]+\s*=\s*(?:"[^"]*"|[^\s,;"]*))*)')
_REL = re.compile(r';\s*rel\s*=\s*"?([^";]*)"?', re.IGNORECASE)


@dataclass(frozen=True)
class Ask:
    """A page to ask for.

    Attributes:
        params: that are added to the task's.
        url: the whole address, where the page before named it.
    """

    params: dict[str, str | int]
    url: str | None = None


@dataclass(frozen=True)
class Page:
    """A page that came.

    Attributes:
        url: it was asked for at.
        answer: of the API.
        elements: in it that the API counts: what its rows were made of.
        rows: how many there are.
        name: for messages.
    """

    url: str
    answer: Answer
    elements: Sequence[object]
    rows: int
    name: str


class Pager:
    """Goes through one list, once.

    Args:
        settings: how it is cut.
    """

    def __init__(self, settings: PagingSettings) -> None:
        self._settings = settings
        self._guard = EndlessGuard()
        self._param = settings.param or _PARAMS.get(settings.type, "")
        usual = _SIZES.get(settings.type, "")
        size_param = usual if settings.size_param is None else settings.size_param
        self._size: dict[str, str | int] = {size_param: settings.size} if size_param else {}
        self._at = (
            (1 if settings.type == "page" else 0) if settings.first is None else settings.first
        )
        self._elements = 0
        self._is_doubtful = False

    @property
    def is_single(self) -> bool:
        """Whether there is one answer only."""
        return self._settings.type == "none"

    def first(self) -> Ask:
        """The first page."""
        if self._settings.type == "none":
            return Ask({})
        is_counted = self._settings.type in ("offset", "page", "wfs")
        return Ask({**self._size, **({self._param: self._at} if is_counted else {})})

    def after(self, page: Page) -> Ask | None:
        """The page behind one; None where the list ends.

        Raises:
            PagingError: the list has no end, or does not go on where it says.
            LoaderError: the answer does not say what it should.
        """
        self._guard.page()
        self._elements += len(page.elements)
        kinds: dict[str, Callable[[Page], Ask | None]] = {
            "offset": self._counted,
            "page": self._counted,
            "cursor": self._cursor,
            "link": self._link,
            "wfs": self._wfs,
        }
        return kinds[self._settings.type](page) if not self.is_single else None

    def _counted(self, page: Page) -> Ask | None:
        """By offset or number of the page."""
        if self._settings.next is not None:
            if not found_in(page.answer, self._settings.next, page.name):
                return None
            if not page.elements:
                raise PagingError("an empty page that says that there is more")
        elif not page.elements:
            return None
        self._once(page.elements)
        if self._settings.type == "offset":
            self._refuse_doubt(page)
        self._at += 1 if self._settings.type == "page" else len(page.elements)
        return Ask({**self._size, self._param: self._at})

    def _cursor(self, page: Page) -> Ask | None:
        cursor = found_in(page.answer, self._settings.next or "", page.name)
        if cursor is None or cursor is False or cursor == "":
            return None
        if isinstance(cursor, bool) or not isinstance(cursor, (str, int)):
            raise PagingError("a cursor that is neither text nor number")
        self._guard.token(cursor)
        return Ask({**self._size, self._param: cursor})

    def _link(self, page: Page) -> Ask | None:
        link = self._next_link(page)
        if not link:
            return None
        found = next_address(page.url, link)
        if found is None:
            raise PagingError("the next page is at another host, where credentials do not go")
        self._guard.token(page.url)
        return Ask({}, found)

    def _next_link(self, page: Page) -> str:
        if self._settings.next is None:
            return _linked(page.answer.headers.get("Link", ""))
        found = found_in(page.answer, self._settings.next, page.name)
        if not found:
            return ""
        if not isinstance(found, str):
            raise PagingError("an address of the next page that is no text")
        return found

    def _wfs(self, page: Page) -> Ask | None:
        told = matched(page.answer, page.name)
        total, returned = told.get("matched"), told.get("returned")
        if returned is not None and returned != len(page.elements):
            raise PagingError(
                f"the answer says that it has {returned} rows, but {len(page.elements)} were "
                "found; see whether `rows` is right"
            )
        if not page.elements:
            if total is not None and self._elements < total:
                raise PagingError(f"{total} rows are there, but they end after {self._elements}")
            return None
        if total is not None and self._elements >= total:
            return None
        self._once(page.elements)
        self._at += len(page.elements)
        return Ask({**self._size, self._param: self._at})

    def _refuse_doubt(self, page: Page) -> None:
        """A full page of rows in fewer elements, and more behind it: the rows are what is counted,
        so that the next offset is too small."""
        if self._is_doubtful:
            raise PagingError(
                "the page before has all rows asked for in fewer elements, so the API counts the "
                "rows. If they are within a list of one, name that by its number, as in "
                "results[0].rows; else use paging of type cursor or link"
            )
        self._is_doubtful = len(page.elements) < self._settings.size == page.rows

    def _once(self, elements: Sequence[object]) -> None:
        """The same elements cannot come again on another page."""
        try:
            known: list[Any] = list(elements)
            self._guard.content(known)
        except PagingError:
            raise PagingError(
                f"the same page came twice: the API does not look at {self._param}; see `param`, "
                "`first`, and whether `rows` begins with the list that is cut into pages"
            ) from None


def _linked(header: str) -> str:
    """The address of rel=next in a header `Link` (RFC 8288); '' if there is none."""
    for target, attributes in _LINK.findall(header):
        rel = _REL.search(attributes)
        if rel and "next" in rel[1].lower().split():
            return target
    return ""
