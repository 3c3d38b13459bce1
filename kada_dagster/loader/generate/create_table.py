"""CREATE TABLE for a table of a source, as a version file has it."""

from __future__ import annotations

from collections.abc import Iterator

from kada_dagster.loader.source.base import Column, TableInfo


def create_table(schema: str, name: str, table: TableInfo) -> str:
    """The statements that make it, with its key and comments.

    Args:
        schema, name: of the target.
        table: of the source; columns get the types that hold their values in PostgreSQL.
    """
    called = f"{_name(schema)}.{_name(name)}"
    parts = [_definition(column, column.name in table.key) for column in table.columns]
    if table.key:
        parts.append(f"PRIMARY KEY ({', '.join(_name(column) for column in table.key)})")
    create = f"CREATE TABLE {called} (\n  " + ",\n  ".join(parts) + "\n);\n"
    return create + "".join(f"{comment};\n" for comment in _comments(called, table))


def _definition(column: Column, is_key: bool) -> str:
    end = " NOT NULL" if is_key or column.nullable is False else ""
    return f"{_name(column.name)} {column.target_type}{end}"


def _comments(called: str, table: TableInfo) -> Iterator[str]:
    if table.comment:
        yield f"COMMENT ON TABLE {called} IS {_literal(table.comment)}"
    for column in table.columns:
        if column.comment:
            place = f"{called}.{_name(column.name)}"
            yield f"COMMENT ON COLUMN {place} IS {_literal(column.comment)}"


def _name(name: str) -> str:
    return _quoted(name, '"')


def _literal(text: str) -> str:
    return _quoted(text, "'")


def _quoted(text: str, quote: str) -> str:
    """Backslashes mean themselves: `standard_conforming_strings` is on in every load. A carriage
    return is written as its number, as the line ends of files do not count."""
    doubled = text.replace(quote, quote * 2)
    if "\r" not in text:
        return f"{quote}{doubled}{quote}"
    numbered = doubled.replace("\\", "\\\\").replace("\r", "\\000d")
    return f"U&{quote}{numbered}{quote}"
