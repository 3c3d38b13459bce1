"""What a failure of the driver means while a source is read."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from kada_dagster.loader.errors import SourceDeniedError, SourceLostError, SourceReadError
from kada_dagster.postgres.failures import driver_text

_GRANT = "grant it to the role that reads"
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
        said = f"{what}: {driver_text(error, secrets)}"
        is_lost = not state or state.startswith(("08", "57P", "53"))
    else:
        return
    if is_lost:
        raise SourceLostError(f"{said}; the load can be run again")
    if state == "42501":
        raise SourceDeniedError(f"{said}; {_POLICY if 'row-level' in said else _GRANT}")
    raise SourceReadError(f"{said} (SQLSTATE {state})")
