"""What an API counts in its pages: the list that `rows` begins with, not the rows made of it.

A filter leaves rows out and a flattened list makes several rows of an element. The offset of the
next page, and whether a page is empty, are told by the elements.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.sources import HttpSource
from kada_dagster.loader.source.json_rows import PER_ELEMENT, JsonRows, turned

_Node = dict[str, Any]
_NAMES = ("identity", "current", "field", "index")
_OF_NAMES = ("subexpression", "index_expression", "or_expression")
_COUNTS = ("offset", "page", "wfs")


class CountedRows(JsonRows):
    """A JMESPath expression that also tells of what its rows were made; for one page.

    Args:
        text: see `JsonRows`.

    Attributes:
        elements: of the lists that the expression begins with.
        is_known: whether it begins with a path to a list; else rows pass for elements.

    Raises:
        ConfigError: it is no JMESPath.
    """

    def __init__(self, text: str | None) -> None:
        super().__init__(text)
        self._list = _first_list(self._whole)
        self.is_known = self._list is not None
        self.elements: list[object] = []

    def of(self, document: object, where: str) -> Iterator[object]:
        """See `JsonRows.of`."""
        rows = list(super().of(document, where))
        found = self._search(self._list, document, where) if self._list else None
        self.elements += cast("list[object]", found) if isinstance(found, list) else rows
        yield from rows

    def of_element(self, element: object, where: str) -> list[object]:
        """See `JsonRows.of_element`."""
        self.elements.append(element)
        return super().of_element(element, where)


def counted_rows(settings: HttpSource) -> CountedRows | None:
    """What finds the rows of a page, and counts; None where pages are not counted, or not in JSON.

    Raises:
        ConfigError: `rows` is no JMESPath, or hides what is to be counted.
    """
    paging = settings.paging
    if settings.format != "json" or paging.type not in _COUNTS:
        return None
    made = CountedRows(settings.rows)
    is_told = paging.type == "page" and paging.next is not None  # nothing depends on the count
    if made.is_known or is_told:
        return made
    raise ConfigError(
        f"source.http.rows: {settings.rows!r} does not begin with the names that lead to a list, "
        f"so what paging of type {paging.type} counts cannot be told; begin with them, as in "
        "data.items[?open], or use paging of type cursor or link"
    )


def _first_list(node: _Node) -> _Node | None:
    """The expression for the list whose elements rows are made of; None where none is certain."""
    node = turned(node)
    if node["type"] in PER_ELEMENT or _may_lack(node):
        return _first_list(node["children"][0])
    return node if _leads_to_one(node) else None


def _may_lack(node: _Node) -> bool:
    """Whether it is `... || []`, of a list that may be missing."""
    return node["type"] == "or_expression" and _is_no_list(node["children"][1])


def _is_no_list(node: _Node) -> bool:
    return node["type"] == "literal" and node["value"] == []


def _leads_to_one(node: _Node) -> bool:
    """Whether it leads to one place of the document, and takes what is there as it is."""
    if node["type"] in _OF_NAMES:
        return all(map(_leads_to_one, node["children"]))
    return node["type"] in _NAMES
