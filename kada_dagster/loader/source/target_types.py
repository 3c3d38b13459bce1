"""Families of PostgreSQL types: what a column of the target makes of the text it is given."""

from __future__ import annotations

import re

from kada_dagster.loader.pg_types import TypeFacts
from kada_dagster.loader.source.base import TargetColumn

_MODIFIER = re.compile(r"\s*\([^)]*\)")

NUMBERS = frozenset(
    {"smallint", "integer", "bigint", "numeric", "real", "double precision", "money", "oid"}
)
WITHOUT_ZONE = frozenset({"timestamp without time zone", "time without time zone"})
MOMENTS = frozenset(
    {"date", "interval", "timestamp with time zone", "time with time zone", *WITHOUT_ZONE}
)
TEXTS = frozenset({"text", "character varying", "character", '"char"', "name", "citext"})
BITS = frozenset({"bit", "bit varying"})
JSON = frozenset({"json", "jsonb"})


def base_of(column: TargetColumn) -> str:
    """The type of a column without modifier; of a domain, what it is made of.

    Args:
        column: of the target.

    Returns:
        As `timestamp without time zone`, `numeric`, `text[]`.
    """
    return bare(column.type if column.facts is None else _base(column.facts))


def _base(facts: TypeFacts) -> str:
    while facts.kind == "d" and facts.inner is not None:
        facts = facts.inner
    return facts.name


def bare(name: str) -> str:
    """A type without its modifier."""
    return _MODIFIER.sub("", name)
