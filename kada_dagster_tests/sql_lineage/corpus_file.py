"""The corpus: queries with the tables and columns a person read off them.

A file a dialect; blocks are separated by `====`. The first line of a block is its name, then come
lines of `-- key: values` and the query:

- `tables: o=db.schema.orders ...` what is read, each under a short name;
- `--> COLUMN = o.A, o.B` an output column and all it is computed from; `~` in place of `=`: those
  that are known, of maybe more;
- `problems: star ...` the codes of what is reported, exactly;
- `known: db.schema.orders(A, B) ...` columns the analysis is told;
- `targets: db.schema.facts`, `passed: o` what is written, and the table a `*` stands for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from kada_dagster.sql_lineage import Origin, TableName

DEFAULTS = {
    "snowflake": ("ANALYTICS", "PUBLIC"),
    "postgres": ("app", "public"),
    "redshift": ("dev", "public"),
    "bigquery": ("proj", "sales"),
    "databricks": ("main", "default"),
}
"""Database and schema of tables that name none."""

_KNOWN = re.compile(r"(\S+?)\(([^)]*)\)")
_COLUMN = re.compile(r"--> (.+?) (=|~)(.*)")


@dataclass
class Query:
    """A query and what a person says of it."""

    dialect: str
    name: str
    sql: str = ""
    tables: dict[str, TableName] = field(default_factory=dict)
    targets: set[TableName] = field(default_factory=set)
    columns: dict[str, set[Origin]] = field(default_factory=dict)
    incomplete: set[str] = field(default_factory=set)
    problems: set[str] = field(default_factory=set)
    known: dict[TableName, list[str]] = field(default_factory=dict)
    passed: TableName | None = None


def corpus() -> list[Query]:
    """Every query of every dialect."""
    folder = Path(__file__).with_name("corpus")
    return [
        _query(file.stem, block.strip())
        for file in sorted(folder.glob("*.sql"))
        for block in re.split(r"^====$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    ]


def _table(text: str) -> TableName:
    database, schema, name = text.split(".", 2)
    return TableName(database, schema, name)


def _query(dialect: str, block: str) -> Query:
    name, *lines = block.splitlines()
    query = Query(dialect, name.removeprefix("-- "))
    for place, line in enumerate(lines):
        column = _COLUMN.fullmatch(line.rstrip())
        if column:
            _take_column(query, *column.groups())
        elif re.match(r"-- (tables|targets|problems|known|passed):", line):
            _take(query, *line.removeprefix("-- ").split(":", 1))
        else:
            query.sql = "\n".join(lines[place:])
            return query
    raise ValueError(f"{dialect}: {name}: no query")


def _take(query: Query, key: str, text: str) -> None:
    if key == "tables":
        pairs = (pair.split("=", 1) for pair in text.split())
        query.tables = {short: _table(table) for short, table in pairs}
    elif key == "targets":
        query.targets = {_table(table) for table in text.split()}
    elif key == "problems":
        query.problems = set(text.split())
    elif key == "known":
        for table, columns in _KNOWN.findall(text):
            query.known[_table(table)] = [c.strip().strip('"') for c in columns.split(",")]
    else:
        query.passed = query.tables[text.strip()]


def _take_column(query: Query, name: str, sign: str, text: str) -> None:
    pairs = [origin.strip().split(".", 1) for origin in text.split(",") if origin.strip()]
    query.columns[name] = {(query.tables[short], column) for short, column in pairs}
    if sign == "~":
        query.incomplete.add(name)
