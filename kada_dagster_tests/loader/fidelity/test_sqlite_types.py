"""Every storage class of SQLite in every kind of column: the value arrives, or is refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

import psycopg2
import pytest

from kada_dagster.loader.errors import SourceReadError
from kada_dagster.loader.source.base import Selection
from kada_dagster.loader.source.sqlite import SqliteSource
from kada_dagster_tests.loader.source.landing import Landing

DECLARED = [
    *("INT", "INTEGER", "UNSIGNED BIG INT", "VARCHAR(255)", "NATIVE CHARACTER(70)", "TEXT", "CLOB"),
    *("BLOB", "REAL", "DOUBLE PRECISION", "FLOAT", "NUMERIC", "DECIMAL(10,5)", "STRING"),
    *("BOOLEAN", "DATE", "DATETIME", "TIMESTAMP", "TIME", "UUID", "JSON", ""),
]
"""Of each affinity of https://www.sqlite.org/datatype3.html some, and those with a meaning here."""

VALUES = {
    "integer": [0, -(2**63), 2**63 - 1],
    "real": [0.1, -5e-324, 1e300, float("inf")],
    "text": ["", "a\tb\\N\n日本 😀", "12", "2026-01-02", "2026-01-02 03:04:05.678", "23:59:59"],
    "blob": [b"", b"\x00\xff\\"],
}
MOMENTS = ("date", "timestamp without time zone", "time without time zone")
TAKEN = {
    "bigint": {"integer"},
    "double precision": {"real"},
    "numeric": {"integer", "real"},
    "text": {"integer", "real", "text"},
    "bytea": {"blob"},
    "boolean": {"integer"},
    "json": {"integer", "real"},
    **{moment: {"text"} for moment in MOMENTS},
    "uuid": set[str](),
}
"""Storage classes, by type of the target, of which values may arrive; of others none do."""

Pair = tuple[str, str, Any]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SqliteSource, list[Pair]]]:
    """A table for each declared type and value: its name, and what is stored in it."""
    path = tmp_path_factory.mktemp("sqlite") / "all.db"
    made: list[Pair] = []
    with closing(sqlite3.connect(path)) as raw:
        for declared in DECLARED:
            for value in (one for values in VALUES.values() for one in values):
                table = f"t{len(made)}"
                raw.execute(f"CREATE TABLE {table} (c {declared})")
                raw.execute(f"INSERT INTO {table} VALUES (?), (NULL)", (value,))
                kind, stored = raw.execute(f"SELECT typeof(c), c FROM {table}").fetchall()[0]
                made.append((table, kind, stored))
        raw.commit()
    with SqliteSource(path, "shop") as source:
        yield source, made


def test_a_value_arrives_as_it_is_stored_or_is_refused(
    landing: Landing, pairs: tuple[SqliteSource, list[Pair]]
) -> None:
    source, tables = pairs
    arrived = refused = 0
    for table, kind, stored in tables:
        selection = Selection(table=(table,))
        (column,) = source.columns(selection)
        try:
            landing.load(source, selection)
        except (SourceReadError, psycopg2.DataError):
            refused += 1
            assert not _must_arrive(column.target_type, kind, stored), (column, stored)
            continue
        arrived += 1
        assert kind in TAKEN[column.target_type], (column, stored)
        (value,), (missing,) = landing.rows("SELECT c::text FROM t")
        assert missing is None
        assert _is_same(column.target_type, stored, value), (column, stored, value)
    assert (arrived > 100, refused > 100) == (True, True)


def _must_arrive(target: str, kind: str, stored: Any) -> bool:
    """All values of a storage class, unless the type itself has fewer."""
    if target in ("boolean", "json", *MOMENTS):
        return target == "boolean" and stored == 0 and kind == "integer"
    return kind in TAKEN[target]


def _is_same(target: str, stored: Any, value: str) -> bool:
    if target == "bytea":
        return value == "\\x" + stored.hex()
    if target == "boolean":
        return value == ("true" if stored else "false")
    if isinstance(stored, int):
        return int(value) == stored
    if isinstance(stored, float):
        return float(value) == stored and Decimal(value) == Decimal(repr(stored))
    return value in (stored, f"{stored} 00:00:00")  # a date is a moment, too
