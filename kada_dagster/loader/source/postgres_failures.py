"""What a failure of the driver means while a source is read. No message repeats a row's value."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kada_dagster.loader.errors import SourceDeniedError, SourceLostError, SourceReadError
from kada_dagster.loader.values_in_messages import without_values
from kada_dagster.postgres.failures import driver_text
from kada_dagster.secrets import redact

if TYPE_CHECKING:
    import psycopg2

_DENIED = "42501"
_LOST = ("08", "57P", "53", "40", "55P03", "72000")
"""Also a standby whose recovery was in the way (40001), a lock that was not to be had."""
_GRANT = "grant it to the role that reads"
_OF_ROWS = ("22", "23", "42", "P0")  # classes of SQLSTATEs whose messages may quote values
_POLICY = (
    "give the role BYPASSRLS, or write options: {options: '-c row_security=on'} in its profile "
    "to load only the rows it may see"
)


@contextmanager
def reading(what: str, secrets: tuple[str, ...]) -> Generator[None]:
    """Turn an error of psycopg2 into a typed one.

    Args:
        what: is read, for the message.
        secrets: values that must not appear in it.
    """
    import psycopg2

    try:
        yield
    except psycopg2.Error as error:
        state = error.pgcode or ""
        said = f"{what}: {_shown(error, secrets)}"
        is_lost = not state or state.startswith(_LOST)
    else:
        return
    if is_lost:
        raise SourceLostError(f"{said}; the load can be run again")
    if state == _DENIED:
        raise SourceDeniedError(f"{said}; {_POLICY if 'row-level' in said else _GRANT}")
    raise SourceReadError(f"{said} (SQLSTATE {state})")


def _shown(error: psycopg2.Error, secrets: tuple[str, ...]) -> str:
    """The message; where a row may be at fault, without what is quoted and without details.

    What is wrong in the statement has a place there, and all that is quoted is of the statement.
    """
    state, primary = error.pgcode or "", error.diag.message_primary
    is_of_statement = error.diag.statement_position and state.startswith("42")
    names_what = bool(is_of_statement) or state == _DENIED
    if not primary or names_what or not state.startswith(_OF_ROWS):
        return driver_text(error, secrets)
    return redact(without_values(primary, state, is_of_row=True), secrets)
