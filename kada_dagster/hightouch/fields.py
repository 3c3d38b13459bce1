"""The mappings of a sync: which columns of its model become which fields of its destination.

The vendor's document leaves `configuration` open; the kinds are those of its guides to mappings.
What is of another kind or shape is counted, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast

from kada_dagster.api.values import text
from kada_dagster.extracts.contract import Confidence

_LISTS = ("mappings", "customMappings", "associationMappings")
_ONE = "externalIdMapping"
_WITHOUT_COLUMN = frozenset({"static", "constant", "variable"})
_PIECE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_NAME = r"[A-Za-z_][A-Za-z0-9_$]*"
_COLUMN = re.compile(
    rf"""\s*(?:row\s*\.\s*(?P<dot>{_NAME})|row\s*\[\s*(?:'(?P<one>[^']+)'|"(?P<two>[^"]+)")\s*\]"""
    rf"""|(?P<bare>{_NAME}))\s*(?:\|.*)?\Z""",
    re.DOTALL,
)


class FieldMapping(NamedTuple):
    """One column's way to the destination."""

    column: str
    to: str
    confidence: Confidence


class FieldMappings(NamedTuple):
    """What a sync's configuration says of columns.

    Attributes:
        found: in the order of the configuration.
        unread: what could not be read, one short description each, without values.
    """

    found: tuple[FieldMapping, ...]
    unread: tuple[str, ...]


def read_mappings(configuration: Mapping[str, Any]) -> FieldMappings:
    """Read all mappings of a sync."""
    found: list[FieldMapping] = []
    unread: list[str] = []
    for key, item in _items(configuration):
        read = _read(item)
        if read is None:
            unread.append(f"{key}: {_described(item)}")
        else:
            found.extend(read)
    return FieldMappings(tuple(found), tuple(unread))


def _items(configuration: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for key in _LISTS:
        given = configuration.get(key)
        if isinstance(given, list):
            yield from ((key, item) for item in cast("list[object]", given))
        elif given:
            yield key, given
    if configuration.get(_ONE):
        yield _ONE, configuration[_ONE]


def _read(item: object) -> list[FieldMapping] | None:
    if not isinstance(item, dict):
        return None
    given = cast("dict[str, object]", item)
    kind, to, source = given.get("type") or "", given.get("to"), given.get("from")
    if isinstance(kind, str) and kind in _WITHOUT_COLUMN:
        return []
    if not isinstance(to, str) or not to:
        return None
    if kind == "template":
        return _template(given.get("template"), to)
    if kind in ("standard", "reference", "") and isinstance(source, str) and source:
        return [FieldMapping(source, to, Confidence.DIRECT)]
    return None


def _template(template: object, to: str) -> list[FieldMapping] | None:
    """The columns between the braces; None where something else than one stands there."""
    if not isinstance(template, str) or "{%" in template:
        return None
    columns: list[str] = []
    for piece in _PIECE.findall(template):
        match = _COLUMN.match(piece)
        if match is None:
            return None
        columns.append(next(name for name in match.groups() if name))
    return [FieldMapping(name, to, Confidence.PARSED) for name in dict.fromkeys(columns)]


def _described(item: object) -> str:
    """The kind of a mapping and its keys; never a value, which may be data."""
    if not isinstance(item, dict):
        return f"a mapping that is no object but {type(item).__name__}"
    given = cast("dict[str, object]", item)
    return f"type {text(given.get('type'))[:40]!r} with {', '.join(sorted(given))}"[:200]
