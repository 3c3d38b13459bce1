"""Schemas, tables and columns of a connection as objects: each has a name, a switch and a place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from kada_dagster.api.values import flag
from kada_dagster.extracts.contract import json_cell
from kada_dagster.extracts.output import Item
from kada_dagster.fivetran.allowed import compact, scalars
from kada_dagster.fivetran.connection import Connection
from kada_dagster.fivetran.extraction.reading import Reading

_FACTS = ("name_in_destination", "sync_mode", "hashed", "is_primary_key", "reason_code")


class _Level(NamedTuple):
    kind: str
    object_type: str


_LEVELS = (
    _Level("connection", "PIPELINE"),
    _Level("schema", "DATASET"),
    _Level("table", "DATASET_TABLE"),
    _Level("column", "DATASET_FIELD"),
)


def write_entry(
    reading: Reading, connection: Connection, names: tuple[str, ...], given: Mapping[str, Any]
) -> None:
    """Write a schema, a table or a column.

    Args:
        reading: what all parts of the collector share.
        connection: that has it.
        names: of the schema, table and column, as far as it goes, as the source spells them.
        given: its entry in the schema config.
    """
    facts = compact(enabled=flag(given.get("enabled")), **scalars(given, *_FACTS))
    reading.output.meta(
        _item(reading, connection, names),
        f"FIVETRAN_{_LEVELS[len(names)].kind.upper()}",
        names[-1],
        path=reading.path(*reading.names(connection), *names),
        parent_id=_item(reading, connection, names[:-1]).id,
        attributes=json_cell(facts),
    )


def _item(reading: Reading, connection: Connection, names: tuple[str, ...]) -> Item:
    level = _LEVELS[len(names)]
    return reading.item(level.object_type, level.kind, connection.id, *names)
