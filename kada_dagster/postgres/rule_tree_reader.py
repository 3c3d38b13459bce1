"""The text of a PostgreSQL parse tree (type ``pg_node_tree``) cut into nodes and fields.

Here: the lexical rules of that text, the same on PostgreSQL 11 to 18. Not here: what a node means
(`rule_range` and `rule_tree`).

The text is ``{TAG :field value :field {TAG ...} ...}``; lists stand in parentheses, a null is
``<>``.
Source: ``outToken`` in src/backend/nodes/outfuncs.c, ``pg_strtok`` in src/backend/nodes/read.c.
"""

from __future__ import annotations

import re
from collections.abc import Iterator


class RuleTreeError(ValueError):
    """A rule tree that is not understood. The message never holds the tree itself."""


# A backslash keeps a special character inside a name. Each pair becomes a letter pair that the
# server never writes, so that from here on every space, brace and parenthesis is structure.
_LETTERS = {" ": "s", "{": "o", "}": "c", "(": "l", ")": "r", "\n": "n", "\t": "t"}
_ITEM = re.compile(r"\{(\d+)\}|<>")
# How the outermost query ends; one within another is followed by further fields.
_END = re.compile(r" :stmt_len -?\d+\}\)\Z")


def _plain(text: str) -> str:
    if "\\" not in text:
        return text
    parts = iter(text.split("\\"))
    plain = [next(parts)]
    for part in parts:
        if part:
            plain.append(_LETTERS.get(part[0], part[0]) + part[1:])
        else:  # a backslash behind a backslash: what follows it is not escaped
            plain.append("b" + next(parts, ""))
    return "\\".join(plain)


class RuleTree:
    """The text of one tree. A node is known by the place of its opening brace in ``text``.

    Braces are matched only where somebody asks: most of a tree (the columns of joins, WHERE) says
    nothing about lineage, and reading it would take most of the time.
    """

    __slots__ = ("_ends", "_fields", "text")

    def __init__(self, text: str) -> None:
        """Read `text` (``ev_action::text``); raise RuleTreeError unless it is one whole query."""
        self.text = _plain(text)
        if not self.text.startswith("({") or not _END.search(self.text, len(self.text) - 40):
            raise RuleTreeError(
                "the rule tree is not a list of one query: the text is cut or not a rule of a view"
            )
        self._ends: dict[int, int] = {}
        self._fields: dict[int, dict[str, str]] = {}

    def end(self, node: int) -> int:
        """The place behind the closing brace of `node`."""
        end = self._ends.get(node)
        if end is None:
            end, opened, text = node, 1, self.text
            while opened:
                start, end = end + 1, text.index("}", end + 1)
                opened += text.count("{", start, end) - 1
            end = self._ends[node] = end + 1
        return end

    def value(self, start: int, name: str) -> int:
        """The place of the value of field `name`, the next one behind `start` in the same query.

        Asked for are fields that every query has once: so the number of queries begun and of
        fields met tells those of queries in between apart.
        """
        text, mark, opened, place = self.text, f" :{name} ", 1, start
        while opened:
            begun = found = text.index(mark, place)
            while (begun := text.rfind("{QUERY ", place, begun)) >= 0:  # faster than count
                opened += 1
            place = found + len(mark)
            opened -= not text.startswith(":", place)  # then it is a name like the field
        return place

    def listed(self, place: int) -> Iterator[int]:
        """The nodes of the list, or the one node, that is the value at `place`."""
        place += self.text.startswith("(", place)
        while self.text.startswith("{", place):
            yield place
            place = self.end(place) + 1

    def fields(self, node: int) -> dict[str, str]:
        """Field name to text of `node`; a node inside a value stands as ``{place}``."""
        known = self._fields.get(node)
        if known is None:
            known = self._fields[node] = _read_fields(self._own_text(node))
        return known

    def _own_text(self, node: int) -> str:
        """The text of `node` with ``{place}`` in the place of each node in it."""
        parts, start = list[str](), node + 1
        close = self.text.index("}", start)
        while (child := self.text.find("{", start, close)) > 0:
            parts.append(f"{self.text[start:child]}{{{child}}}")
            start = self.end(child)
            close = self.text.index("}", start)
        parts.append(self.text[start:close])
        return "".join(parts)


def _read_fields(own_text: str) -> dict[str, str]:
    parts = own_text.split(" :")[1:]
    try:
        return dict([part.split(" ", 1) for part in parts])
    except ValueError:
        return _read_colon_names(parts)


def _read_colon_names(parts: list[str]) -> dict[str, str]:
    """Fields where a value begins with a colon (``:ctename :x``): no name goes without a value."""
    fields, rest = dict[str, str](), iter(parts)
    for part in rest:
        name, found, value = part.partition(" ")
        fields[name] = value if found else f":{next(rest, '')}"
    return fields


def items(value: str) -> list[int | None]:
    """The nodes of a list field in order, None for a null item; an absent list is empty."""
    if value == "<>":
        return []
    return [int(number) if number else None for number in _ITEM.findall(value)]


def nodes(value: str) -> list[int]:
    """The nodes of a list field whose items cannot be null."""
    return [item for item in items(value) if item is not None]


def child(value: str) -> int | None:
    """The node of a field that holds one node or a null."""
    return next(iter(items(value)), None)
