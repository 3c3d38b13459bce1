"""What the query of a model reads: tables and columns under their names in K."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kada_dagster.extracts.contract import Confidence
from kada_dagster.hightouch.columns import NONE_KNOWN, Columns
from kada_dagster.hightouch.connections import Connection, Named

if TYPE_CHECKING:
    from kada_dagster.sql_lineage import SqlLineage, TableName

Origin = tuple[Named, str]
"""A column of a table."""


@dataclass(frozen=True)
class Reads:
    """What a model is read from.

    Attributes:
        tables: each once.
        outputs: the query's columns, each with the columns it is computed from.
        columns: the fields the model has.
        confidence: in all of this.
        problems: what could not be told, as code and sample of a warning.
    """

    tables: tuple[Named, ...] = ()
    outputs: tuple[tuple[str, tuple[Origin, ...]], ...] = ()
    columns: Columns = NONE_KNOWN
    confidence: Confidence = Confidence.DIRECT
    problems: tuple[tuple[str, str], ...] = ()


def read_query(sql: str, connection: Connection) -> Reads:
    """Read a query in the dialect of its source, which is one of `databases.READABLE`."""
    from kada_dagster.sql_lineage import analyse

    found = analyse(
        sql,
        dialect=connection.kind,
        database=connection.database or None,
        schema=connection.schema or None,
    )
    return _named(found, connection)


def read_table(named: Named | None, name: str, confidence: Confidence) -> Reads:
    """What a model reads that is a table: each of its fields is a column.

    Args:
        named: the table; None where it cannot be named.
        name: as the model has it.
        confidence: in that it is this table.
    """
    columns = Columns(takes_any=True, passed=named, confidence=confidence)
    if named is None:
        return Reads(columns=columns, problems=(("table_not_named", name or "no name"),))
    return Reads((named,), columns=columns, confidence=confidence)


def _named(found: SqlLineage, connection: Connection) -> Reads:
    names = {name: _table(connection, name) for name in found.tables}
    unnamed = [("table_not_named", name.name) for name, named in names.items() if named is None]
    passed = _table(connection, found.passed) if found.passed else None
    columns = Columns(
        names=frozenset(found.columns),
        takes_any=found.passed is not None,
        passed=passed,
        hidden=found.hidden,
        ignores_case=found.ignores_case,
        confidence=Confidence.PARSED,
    )
    return Reads(
        tuple(named for named in names.values() if named),
        tuple(_outputs(found, connection)),
        columns,
        Confidence.PARSED,
        (*unnamed, *_problems(found)),
    )


def _problems(found: SqlLineage) -> list[tuple[str, str]]:
    """What was not understood; a `*` that stands for all columns of one table was."""
    return [
        ("sql_not_understood", problem)
        for problem in found.problems
        if not (found.passed and problem.startswith("star:"))
    ]


def _outputs(found: SqlLineage, connection: Connection) -> list[tuple[str, tuple[Origin, ...]]]:
    outputs: list[tuple[str, tuple[Origin, ...]]] = []
    for name in sorted(found.columns):
        origins = [(_table(connection, table), column) for table, column in found.columns[name]]
        known = [(table, column) for table, column in origins if table is not None]
        outputs.append((name, tuple(sorted(known))))
    return outputs


def _table(connection: Connection, name: TableName) -> Named | None:
    return connection.table(name.database or "", name.schema or "", name.name)
