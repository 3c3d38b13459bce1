"""Mappings of made-up syncs, of every kind that is documented and some that are not."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

from kada_dagster.sandbox.hightouch.places import Place
from kada_dagster.sandbox.hightouch.sync import Field
from kada_dagster.sandbox.hightouch.written_sql import stored

_TARGETS = ("Email__c", "firstname", "address.city", "größe", "External_Id", 'quoted "name"')


class Mapped(NamedTuple):
    """The mappings of a sync.

    Attributes:
        configuration: the keys that hold them.
        fields: what they mean, in their order.
        unknown: how many are of no documented kind.
        key: column that is the sync's key.
    """

    configuration: dict[str, Any]
    fields: tuple[Field, ...]
    unknown: int
    key: str


class One(NamedTuple):
    """One mapping and what it means."""

    item: Any
    field: Field | None = None
    is_unknown: bool = False


def mappings(
    random: Random,
    number: int,
    columns: Sequence[str],
    place: Place,
    *,
    any_case: bool,
    quirks: bool,
) -> Mapped:
    """Some mappings.

    Args:
        random: makes the choices.
        number: of the sync; it turns through the kinds.
        columns: of the model.
        place: the destination.
        any_case: whether columns may be spelled in another case.
        quirks: whether there are mappings of unknown kinds.
    """

    def column() -> str:
        name = random.choice(columns)
        return name.swapcase() if any_case and random.random() < 0.2 else name

    def to(turn: int) -> str:
        name = _TARGETS[turn % len(_TARGETS)]
        return stored(place.dialect, f"col_{turn}") if place.has_tables else name

    wanted = random.randint(1, 6)
    rows = [_one(number + turn, column(), column(), to(turn), quirks) for turn in range(wanted)]
    custom = [_standard(column(), to(wanted))] if number % 5 == 2 else []
    linked = [_reference(column(), to(wanted + 1))] if number % 7 == 3 else []
    outer = [_standard(column(), to(wanted + 2))] if number % 3 == 0 else []
    every = [*rows, *custom, *linked, *outer]
    configuration: dict[str, Any] = {
        "mappings": [one.item for one in rows],
        "associationMappings": [one.item for one in linked],
        "externalIdMapping": outer[0].item if outer else ({}, None)[number % 2],
    }
    if custom:
        configuration["customMappings"] = [one.item for one in custom]
    fields = tuple(one.field for one in every if one.field)
    return Mapped(configuration, fields, sum(one.is_unknown for one in every), columns[0])


def _one(turn: int, column: str, other: str, to: str, quirks: bool) -> One:
    known = (
        _standard(column, to),
        _standard(column, to, "standard"),
        _template(column, other, to),
        _reference(column, to),
        One({"to": to, "type": "static", "value": "email"}),
        One({"to": to, "type": "constant", "value": 7}),
        One({"to": to, "type": "variable", "variable": "sync-run-id"}),
    )
    unknown = (
        One({"to": to, "type": "inline", "from": [column]}, is_unknown=True),
        One({"to": {"object": to}, "from": column, "type": "standard"}, is_unknown=True),
        One("email", is_unknown=True),
    )
    if quirks and turn % 11 == 10:
        return unknown[turn // 11 % len(unknown)]
    return known[turn % len(known)]


def _standard(column: str, to: str, kind: str = "") -> One:
    item = {"to": to, "from": column, **({"type": kind} if kind else {})}
    return One(item, Field((column,), to))


def _reference(column: str, to: str) -> One:
    lookup = {"object": "Account", "from": "domain", "by": "Website"}
    item = {"to": to, "from": column, "type": "reference", "lookup": lookup}
    return One(item, Field((column,), to))


def _template(column: str, other: str, to: str) -> One:
    text = f"Dear {{{{ row.{column} }}}} {{{{row['{other}'] | upcase}}}}, {{{{ {column} }}}}"
    columns = tuple(dict.fromkeys((column, other)))
    return One({"to": to, "type": "template", "template": text}, Field(columns, to, "PARSED"))
