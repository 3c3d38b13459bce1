"""What an ODBC driver's catalogue functions say of tables, columns and keys.

Facts: https://learn.microsoft.com/en-us/sql/odbc/reference/syntax/sqlcolumns-function. A name given
to them is a pattern, in which `_` stands for any character: what comes back is compared.
"""

from __future__ import annotations

from contextlib import closing
from typing import Any

from kada_dagster.loader.source.base import Column

_KINDS = "TABLE,VIEW"
_SIZED = frozenset(
    {
        *("decimal", "numeric", "number", "char", "nchar", "varchar", "nvarchar", "bit"),
        *("varchar2", "nvarchar2", "character varying", "character", "bpchar"),
    }
)
UNDECLARED = "numeric(28,6)"
"""What PostgreSQL's driver says of numbers without a precision."""

_UNDECLARED = frozenset({UNDECLARED, "varchar(255)"})  # and of texts without a length
_WITH_SCALE = frozenset({"decimal", "numeric", "number"})
_SYSTEM = frozenset({"information_schema", "pg_catalog", "sys"})


def table_names(raw: Any, schema: str | None) -> list[tuple[tuple[str, ...], str]]:
    """Tables and views with their comments.

    Args:
        raw: the connection.
        schema: of them; None for all but the system's.
    """
    with closing(raw.cursor()) as cursor:
        rows = cursor.tables(schema=schema, tableType=_KINDS).fetchall()
    found = [(_name(row[1], row[2]), row[4] or "") for row in rows]
    if schema is not None:
        return [one for one in found if one[0][:-1] in ((schema,), ())]
    return [one for one in found if one[0][0].lower() not in _SYSTEM]


def declared_columns(raw: Any, table: tuple[str, ...] | None) -> dict[str, Column]:
    """The columns of a table by name, their types as they are declared; none of a query."""
    if table is None:
        return {}
    schema, name = _parts(table)
    with closing(raw.cursor()) as cursor:
        rows = cursor.columns(table=name, schema=schema).fetchall()
    return {
        row[3]: Column(row[3], _word(row), "", _nullable(row[10]), row[11] or "")
        for row in rows
        if row[2] == name and (schema is None or row[1] == schema)
    }


def key_of(raw: Any, table: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of the primary key, in its order."""
    schema, name = _parts(table)
    with closing(raw.cursor()) as cursor:
        rows = cursor.primaryKeys(table=name, schema=schema).fetchall()
    return tuple(row[3] for row in sorted(rows, key=lambda row: row[4]))


def _parts(table: tuple[str, ...]) -> tuple[str | None, str]:
    *schema, name = table
    return (schema[-1] if schema else None), name


def _name(schema: str | None, name: str) -> tuple[str, ...]:
    return (schema, name) if schema else (name,)


def _word(row: Any) -> str:
    """The type with its size, which drivers tell beside its name."""
    name, size, scale = str(row[5]), row[6], row[8] or 0
    if name.lower() not in _SIZED or not size:
        return name
    is_scaled = name.lower() in _WITH_SCALE
    word = f"{name}({size},{scale})" if is_scaled else f"{name}({size})"
    return name if word in _UNDECLARED else word


def _nullable(told: object) -> bool | None:
    return {0: False, 1: True}.get(told) if isinstance(told, int) else None
