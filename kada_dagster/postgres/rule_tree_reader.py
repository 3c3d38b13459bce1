"""The text of a PostgreSQL parse tree (type ``pg_node_tree``) cut into nodes and fields.

Here: the lexical rules of that text, the same on PostgreSQL 11 to 18. Not here: what a node means
(`rule_range` and `rule_tree`).

The text is ``{TAG :field value :field {TAG ...} ...}``; lists stand in parentheses, a null is
``<>``.
Source: ``outToken`` in src/backend/nodes/outfuncs.c, ``pg_strtok`` in src/backend/nodes/read.c.
"""

from __future__ import annotations

import re


class RuleTreeError(ValueError):
    """A rule tree that is not understood. The message never holds the tree itself."""


# A backslash keeps a special character inside a name. Each pair becomes a letter pair that the
# server never writes, so that from here on every space, brace and parenthesis is structure.
_LETTERS = {" ": "s", "{": "o", "}": "c", "(": "l", ")": "r", "\n": "n", "\t": "t"}
_ITEM = re.compile(r"\{(\d+)\}|<>")


def _plain(text: str) -> str:
    parts = iter(text.split("\\"))
    plain = [next(parts)]
    for part in parts:
        if part:
            plain.append(_LETTERS.get(part[0], part[0]) + part[1:])
        else:  # a backslash behind a backslash: what follows it is not escaped
            plain.append("b" + next(parts, ""))
    return "\\".join(plain)


def _extents(pieces: list[str]) -> tuple[list[int], list[int]]:
    """For each node: the number of the first node behind its subtree, and its depth (root: 0)."""
    count = len(pieces)
    ends, depths, opened = [0] * count, [0] * count, list[int]()
    for node in range(1, count):
        depths[node] = len(opened)
        closed = pieces[node].count("}")
        if closed == 1:  # most nodes are leaves followed by a sibling
            ends[node] = node + 1
            continue
        opened.append(node)
        for _ in range(closed):
            ends[opened.pop()] = node + 1
    if opened or count < 2 or ends[1] != count:
        raise RuleTreeError(
            "the braces of the rule tree do not match: the text is cut or not a rule of a view"
        )
    return ends, depths


class RuleTree:
    """The nodes of one tree, numbered from 1 in the order of the text, the root first.

    ``pieces[n]`` is the text from node n's opening brace to the next one, ``ends[n]`` the number of
    the first node behind n's subtree: nodes n to ``ends[n] - 1`` are n and everything inside it.
    """

    __slots__ = ("_depths", "_fields", "ends", "pieces")

    def __init__(self, text: str) -> None:
        """Read `text` (``ev_action::text``); raise RuleTreeError unless it is one whole tree."""
        self.pieces = _plain(text).split("{")
        if self.pieces[0] != "(" or not self.pieces[-1].endswith("})"):
            raise RuleTreeError(
                "the rule tree is not a list of one query: the text is cut or not a rule of a view"
            )
        try:
            self.ends, self._depths = _extents(self.pieces)
        except IndexError:
            raise RuleTreeError("the rule tree closes more braces than it opens") from None
        self._fields: dict[int, dict[str, str]] = {}

    def tail(self, node: int) -> str:
        """The text from the end of `node`'s last child (or its own start) to its closing brace."""
        last = self.ends[node] - 1
        return self.pieces[last].split("}")[self._depths[last] - self._depths[node]]

    def fields(self, node: int) -> dict[str, str]:
        """Field name to text of `node`; a node inside a value stands as ``{number}``."""
        known = self._fields.get(node)
        if known is None:
            known = self._fields[node] = _read_fields(self.own_text(node))
        return known

    def own_text(self, node: int) -> str:
        """The text of `node` with ``{number}`` in the place of each node in it."""
        parts, child, end = list[str](), node + 1, self.ends[node]
        while child < end:
            parts.append(f"{self.pieces[child - 1].rpartition('}')[2]}{{{child}}}")
            child = self.ends[child]
        parts.append(self.tail(node))
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
