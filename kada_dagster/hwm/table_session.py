"""One transaction of the marks in PostgreSQL, and what its failures mean."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing, contextmanager
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from kada_dagster.errors import (
    ConnectionFailedError,
    KadaError,
    PermissionDeniedError,
    WatermarkError,
)
from kada_dagster.postgres.client import GRACE_SECONDS, ServerAddress, hung_up_after
from kada_dagster.postgres.failures import connecting, driver_text

if TYPE_CHECKING:
    import psycopg2
    from psycopg2.extensions import cursor as Cursor

_SETTINGS = """
SET LOCAL search_path = pg_catalog;
SET LOCAL timezone = 'UTC';
SET LOCAL statement_timeout = %(timeout)s;
SET LOCAL idle_in_transaction_session_timeout = %(timeout)s; -- whoever vanished holds no lock
"""
_PASSES = ("40", "53", "55", "57")
"""Classes of SQLSTATE that another try may not meet: rollbacks, full servers, locks, shutdowns."""


class TablesMissingError(WatermarkError):
    """The schema or a table of the marks is not there yet."""


class Transaction:
    """The statements of the marks, in a transaction that is open."""

    def __init__(self, cursor: Cursor, schema: str) -> None:
        self._cursor, self._schema = cursor, schema

    def run(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """Send one of the statements in `sql/`.

        Args:
            statement: the file's name without its ending.
            values: of its parameters.

        Returns:
            The rows of its last part, if it yields rows.
        """
        from psycopg2.sql import SQL, Identifier

        schema = Identifier(self._schema.replace("%", "%%"))  # % marks parameters in the text
        text = SQL(_sql(statement)).format(schema=schema)
        self._cursor.execute(text, {"schema": self._schema, **values})
        return self._cursor.fetchall() if self._cursor.description else []


@cache
def _sql(statement: str) -> str:
    file = files("kada_dagster.hwm").joinpath("sql").joinpath(f"{statement}.sql")
    return file.read_text(encoding="utf-8")


@contextmanager
def transaction(
    address: ServerAddress, database: str, schema: str, *, read_only: bool = False
) -> Generator[Transaction, None, None]:
    """Connect, and commit at the end, or roll back after an error.

    Args:
        address: the server; its statement timeout also limits waiting for a lock.
        database: its name.
        schema: of the tables.
        read_only: nothing will be written.

    Raises:
        ConnectionFailedError: the server does not answer, or cannot just now.
        PermissionDeniedError: the role may not log in, or not do this.
        TablesMissingError: the tables are not there.
        WatermarkError: anything else the server says.
        ConfigError: the database does not exist, a secret reference cannot be resolved.
    """
    import psycopg2

    password = address.password.reveal() if address.password else None
    secrets = (password,) if password else ()
    where = f"high_water_marks: {address.server}:{address.port}/{database}"
    with connecting(where, secrets):
        raw = psycopg2.connect(**address.arguments(database, password))
    with closing(raw), hung_up_after(raw, address.statement_timeout + GRACE_SECONDS):
        try:
            # a server may have other defaults
            raw.set_session(isolation_level="READ COMMITTED", readonly=read_only)
            with raw, raw.cursor() as cursor:
                cursor.execute(_SETTINGS, {"timeout": address.statement_timeout * 1000})
                yield Transaction(cursor, schema)
        except psycopg2.Error as error:
            raise _failed(where, error, driver_text(error, secrets)) from None


def _failed(where: str, error: psycopg2.Error, text: str) -> KadaError:
    state = error.pgcode or ""
    if state in ("42P01", "3F000"):
        return TablesMissingError(f"{where}: {text}")
    if state == "42501":
        return PermissionDeniedError(
            f"{where}: {text}; grant it to the role, or let another role make the tables: "
            "docs/marks.md has the statements"
        )
    if state == "25006":
        return WatermarkError(f"{where}: {text}; is it a standby? Name the primary as server")
    if not state or state.startswith("08"):
        return ConnectionFailedError(f"{where}: the connection was lost: {text}")
    if state.startswith(_PASSES):
        return ConnectionFailedError(f"{where}: {text}; another process may hold the mark")
    return WatermarkError(f"{where}: {text} (SQLSTATE {state})")
