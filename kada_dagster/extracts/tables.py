"""Tables and columns of databases that a tool reads or writes: how they are named in K."""

from __future__ import annotations

from typing import NamedTuple

from kada_dagster.extracts.identity import object_id
from kada_dagster.extracts.output import Item


class Table(NamedTuple):
    """A table as it is named in K."""

    host: str
    database: str
    schema: str
    name: str


def table_item(table: Table) -> Item:
    """The object a table is."""
    return Item("TABLE", object_id(*table))


def column_item(table: Table, column: str) -> Item:
    """The object a column of it is."""
    return Item("COLUMN", object_id(*table, column))
