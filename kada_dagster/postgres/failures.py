"""What a failure of the driver means: PostgreSQL's errors as this package's.

SQLSTATE classes: https://www.postgresql.org/docs/current/errcodes-appendix.html. A refused
connection carries no SQLSTATE, so its message is looked at as well.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kada_dagster.errors import (
    ConfigError,
    ConnectionFailedError,
    ExtractError,
    KadaError,
    PermissionDeniedError,
    SourceChangedError,
)
from kada_dagster.secrets import redact

if TYPE_CHECKING:
    import psycopg2

_REFUSED = re.compile(
    r"authentication failed|no password supplied|permission denied for"
    r"|no pg_hba\.conf entry|pg_hba\.conf rejects connection"
    r'|is not permitted to log in|password is empty|role "[^"]*" does not exist',
)
_NO_DATABASE = re.compile(r'database "(.*)" does not exist')
_WRONG_LOGIN = re.compile(
    r'authentication failed|password is empty|no password supplied|role "[^"]*" does not exist'
)


def is_refused_login(error: KadaError) -> bool:
    """Whether the server knows neither this user nor this password, whatever the database."""
    return bool(_WRONG_LOGIN.search(str(error)))


@contextmanager
def connecting(where: str, secrets: tuple[str, ...]) -> Generator[None, None, None]:
    """Turn a refused connection into a typed error.

    Args:
        where: server, port and database, for the message.
        secrets: values that must not appear in it.
    """
    import psycopg2

    try:
        yield
    except psycopg2.Error as error:
        raise _refused(where, driver_text(error, secrets)) from None


def _refused(where: str, text: str) -> KadaError:
    if _NO_DATABASE.search(text):
        return ConfigError(f"databases: {where}: {text}")
    if _REFUSED.search(text):
        return PermissionDeniedError(f"{where}: {text}; check username, password and CONNECT")
    if "root certificate file" in text or "sslmode" in text:
        return ConfigError(f"ssl_mode: {where}: {text}")
    return ConnectionFailedError(f"{where}: {text}; check server, port and the network")


@contextmanager
def reading(what: str, secrets: tuple[str, ...] = ()) -> Generator[None, None, None]:
    """Turn a failed statement into a typed error that names what was being read."""
    import psycopg2

    try:
        yield
    except psycopg2.Error as error:
        raise _failed(what, error, driver_text(error, secrets)) from None


def _failed(what: str, error: psycopg2.Error, text: str) -> KadaError:
    state = error.pgcode or ""
    if state == "57014":
        return SourceChangedError(f"{what}: {text}; raise statement_timeout if it is too short")
    if state.startswith(("40", "55")) or state == "XX000":
        return SourceChangedError(f"{what}: {text}; the catalogue changed while it was read")
    if state == "42501":
        return PermissionDeniedError(f"{what}: {text}; grant the collector's user SELECT on it")
    if not state or state.startswith(("08", "57P")):
        return ConnectionFailedError(f"{what}: the connection was lost: {text}")
    return ExtractError(f"{what}: {text} (SQLSTATE {state})")


def driver_text(error: Exception, secrets: tuple[str, ...]) -> str:
    """The first lines of what the driver says, as one, without the secrets."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return redact("; ".join(line.strip() for line in lines[:3]), secrets)
