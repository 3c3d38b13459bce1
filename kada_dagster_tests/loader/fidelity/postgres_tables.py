"""Tables with a column for each type a server of PostgreSQL offers, and one for its array."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from kada_dagster.loader.definition.project import Project, read_project
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.loader.fidelity.postgres_samples import (
    EXTENSIONS,
    OWN,
    REFUSED,
    SAMPLES,
    SINCE,
    TEXT_ONLY,
)
from kada_dagster_tests.loader.folders import write
from kada_dagster_tests.loader.source.landing import Landing, new_landing

_OFFERED = """
SELECT format_type(t.oid, NULL), a.oid IS NOT NULL
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_type a ON a.oid = t.typarray
LEFT JOIN pg_class c ON c.oid = t.typrelid
WHERE n.nspname IN ('pg_catalog', 'information_schema', 'public') AND t.typisdefined
  AND t.typtype <> 'p'                  -- of functions' arguments, never of a column
  AND coalesce(c.relkind, 'c') = 'c'    -- rows of tables: every table has such a type
  AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)
ORDER BY 1
"""
_DECLARED = """
SELECT CASE d.typtype WHEN 'd' THEN format_type(d.typbasetype, d.typtypmod)
                      ELSE format_type(a.atttypid, a.atttypmod) END
FROM pg_attribute a JOIN pg_type d ON d.oid = a.atttypid
WHERE a.attrelid = %s::regclass AND a.attnum > 0 ORDER BY a.attnum
"""


def offered(landing: Landing) -> dict[str, bool]:
    """The types, and whether there are arrays of them, but those that take no value."""
    return {name: has for name, has in landing.rows(_OFFERED) if name not in REFUSED}


@contextmanager
def prepared(server: PostgresServer, first: str = "") -> Iterator[Landing]:
    """A database with types of its own and with the extensions that are there.

    Args:
        server: it is on.
        first: SQL to run before, so that its types get other numbers.
    """
    with new_landing(server) as made:
        run(made, "SET client_min_messages = 'warning'")
        run(made, first + OWN)
        there = {row[0] for row in made.rows("SELECT name FROM pg_available_extensions")}
        for name in EXTENSIONS:
            if name in there:
                run(made, f"CREATE EXTENSION {name}")
        yield made


@dataclass(frozen=True)
class Column:
    """A column and its values, as texts."""

    type: str
    values: list[str]


def columns_of(types: dict[str, bool], version: int, *, has_xml: bool) -> list[Column]:
    """A column for every type, for every array, and for every declaration with a size.

    Args:
        types: see `offered`.
        version: of the older server.
        has_xml: whether both servers can read XML.
    """
    made: list[Column] = []
    sized = [name for name in SAMPLES if "(" in name or name.endswith("[]") or name in _OTHER]
    for name in [*types, *(name for name in sized if name not in types)]:
        texts = [text for text in SAMPLES[name] if version >= SINCE.get((name, text), 0)]
        if name == "xml" and not has_xml:
            texts = []
        made.append(Column(name, texts))
        if types.get(name) and texts:
            made.append(Column(f"{name}[]", _arrays(name, texts)))
    return made


_OTHER = ("interval year to month",)


def _arrays(name: str, texts: list[str]) -> list[str]:
    """None, a missing one among others, two dimensions, and one that begins at 2."""
    between = ";" if name == "box" else ","
    quoted = ['"' + text.replace("\\", r"\\").replace('"', r"\"") + '"' for text in texts]
    row = "{" + between.join(["NULL", *quoted]) + "}"
    return ["{}", row, "{" + row + between + row + "}", "[2:2]={" + quoted[0] + "}"]


def fill(landing: Landing, table: str, columns: Sequence[Column]) -> None:
    """Make the table, and put the values in: first ones in the first row, in the last row none."""
    run(landing, create_text(table, columns))
    for at in range(1 + max(len(column.values) for column in columns)):
        row = [
            f"$v${column.values[at]}$v$::{column.type}" if at < len(column.values) else "NULL"
            for column in columns
        ]
        run(landing, f"INSERT INTO {table} VALUES ({at}, {', '.join(row)})")


def create_text(table: str, columns: Sequence[Column]) -> str:
    """The statement that makes a table; the first column numbers its rows."""
    listed = ", ".join(f"c{at} {column.type}" for at, column in enumerate(columns))
    return f"DROP TABLE IF EXISTS {table}; CREATE TABLE {table} (n int NOT NULL, {listed})"


def exact(columns: Sequence[Column]) -> list[Column]:
    """Those whose binary form is the same on every server."""
    return [column for column in columns if not _is_text_only(column.type)]


def _is_text_only(name: str) -> bool:
    """Types with a form of their own, arrays of these, and of types a script of initdb makes."""
    element = name.removesuffix("[]")
    is_scripted = name != element and name.startswith("information_schema.")
    return is_scripted or name in TEXT_ONLY or element in TEXT_ONLY


def sent(
    landing: Landing, table: str, columns: Sequence[Column], form: str
) -> dict[str, list[bytes | None]]:
    """The values of each column as the server sends them itself, in the order of the rows."""
    data = BytesIO()
    with landing.raw.cursor() as cursor:
        rows = f"SELECT * FROM {table} ORDER BY n"
        cursor.copy_expert(f"COPY ({rows}) TO STDOUT (FORMAT {form})", data)
    text = data.getvalue()
    if form == "text":
        found = [[*line.split(b"\t")] for line in text.splitlines()]
    else:
        found = list(_binary_rows(text))
    return {column.type: [row[at] for row in found] for at, column in enumerate(columns, 1)}


def _binary_rows(data: bytes) -> Iterator[list[bytes | None]]:
    """Facts: https://www.postgresql.org/docs/current/sql-copy.html, binary format."""
    at = 19  # behind the header
    while data[at : at + 2] != b"\xff\xff":
        row: list[bytes | None] = []
        count, at = int.from_bytes(data[at : at + 2], "big"), at + 2
        for _ in range(count):
            size, at = int.from_bytes(data[at : at + 4], "big", signed=True), at + 4
            row.append(None if size < 0 else data[at : at + size])
            at += max(size, 0)
        yield row


def declared(landing: Landing, table: str) -> list[str]:
    """The types of a table's columns, as they are declared; of domains, what they are made of."""
    return [row[0] for row in landing.rows(_DECLARED, table)]


def run(landing: Landing, sql: str) -> None:
    """Run statements."""
    with landing.raw.cursor() as cursor:
        cursor.execute(sql)


def project(folder: Path, source: Landing, target: Landing, ddl: str) -> Project:
    """A project with a task for each of the two tables."""
    ends = {"target": target, "erp": source}
    profiles = [f"{name}: {_profile(landing)}\n" for name, landing in ends.items()]
    tasks = {
        f"routes/erp/public/{table}/task.yaml": f"mode: full\nsource: {{table: public.{table}}}\n"
        f"target: {{ddl: {ddl}, swap: delete}}\n"
        for table in ("exact", "whole")
    }
    return read_project(write(folder, {"connections.yaml": "".join(profiles), **tasks}))


def _profile(landing: Landing) -> str:
    fields: dict[str, Any] = {
        "type": "postgres",
        "host": "127.0.0.1",
        "port": landing.server.port,
        "database": landing.database,
        "username": "postgres",
    }
    return "{" + ", ".join(f"{key}: {value}" for key, value in fields.items()) + "}"
