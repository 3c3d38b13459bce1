"""Defaults of a PostgreSQL database that change what it prints, and how long it works."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from kada_dagster_tests.loader.source.landing import Landing

ODD = "SELECT i::text, d::text, f::text FROM t"
LIMITS = (
    "SELECT current_setting('statement_timeout') AS one, "
    "current_setting('idle_in_transaction_session_timeout') AS other"
)
HIDDEN = (
    "CREATE ROLE {role} LOGIN; GRANT SELECT ON t TO {role}; "
    "ALTER TABLE t ENABLE ROW LEVEL SECURITY; SELECT 1"
)
_SETTINGS = {
    "IntervalStyle": "sql_standard",
    "DateStyle": "'SQL, DMY'",
    "extra_float_digits": "0",
    "statement_timeout": "'9s'",
    "idle_in_transaction_session_timeout": "'9s'",
}


@contextmanager
def odd_defaults(origin: Landing) -> Generator[None]:
    """A table with one row of what they bend, and the defaults for as long as this lasts."""
    origin.create("i interval, d date, f float8")
    origin.rows(
        "INSERT INTO t VALUES ('-1 day -02:03:04', '2026-01-02', 0.1::float8 + 0.2) RETURNING 1"
    )
    alter = f"ALTER DATABASE {origin.database}"
    made = "; ".join(f"{alter} SET {name} = {value}" for name, value in _SETTINGS.items())
    origin.rows(f"{made}; SELECT 1")
    try:
        yield
    finally:
        reset = "; ".join(f"{alter} RESET {name}" for name in _SETTINGS)
        origin.rows(f"{reset}; SELECT 1")
