"""What PostgreSQL's refusals mean to a load. No message repeats a value of a row.

SQLSTATE classes: https://www.postgresql.org/docs/current/errcodes-appendix.html.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kada_dagster.errors import KadaError
from kada_dagster.loader.errors import (
    LoadBusyError,
    TargetDeniedError,
    TargetError,
    TargetLostError,
)
from kada_dagster.loader.values_in_messages import without_values
from kada_dagster.secrets import redact

if TYPE_CHECKING:
    import psycopg2

_LOST = ("08", "57P", "53")
_GRANT = "grant it to the role that loads"
_POLICY = (
    "give the role BYPASSRLS, or write options: {options: '-c row_security=on'} in its profile to "
    "find and delete only the rows it may see"
)
_PLACE = re.compile(r"COPY [^,]+, [^\W\d]+ (\d+)(?:, [^\W\d]+ (.+?))? ?(?::|\Z)", re.MULTILINE)


@contextmanager
def loading(
    what: str, secrets: tuple[str, ...], place: Callable[[int], str] | None = None
) -> Generator[None]:
    """Turn an error of psycopg2 into a typed one.

    Args:
        what: is being done, with the table's name.
        secrets: values that must not appear in the message.
        place: says where a row of the data is from; '' where its number says it.
    """
    import psycopg2

    try:
        yield
    except psycopg2.Error as error:
        failure = _meaning(what, error, secrets, place)
    else:
        return
    raise failure


def _meaning(
    what: str,
    error: psycopg2.Error,
    secrets: tuple[str, ...],
    place: Callable[[int], str] | None,
) -> KadaError:
    state = error.pgcode or ""
    text = f"{what}: {redact(message_of(error, place), secrets)}"
    if not state or state.startswith(_LOST):
        return TargetLostError(f"{text}; the load can be run again")
    if state == "55P03":
        return LoadBusyError(f"{text}; another session holds the table: run the load again later")
    if state.startswith("40"):
        return LoadBusyError(f"{text}; another session was in the way: run the load again")
    if state == "57014":
        return TargetError(f"{text}; raise run.time_limit if the load may take longer")
    if state == "42501":
        return TargetDeniedError(f"{text}; {_POLICY if 'row-level' in text else _GRANT}")
    if state == "22008":
        text += "; where day or month come first in texts of files, write source.files.dates"
    return TargetError(f"{text} (SQLSTATE {state})")


def message_of(error: psycopg2.Error, place: Callable[[int], str] | None) -> str:
    """The server's message, with names and the place in the data, and without values."""
    primary = error.diag.message_primary or str(error).strip().partition("\n")[0]
    found = _PLACE.search(error.diag.context or "")
    said = without_values(primary, error.pgcode or "", is_of_row=bool(found and found[2]))
    if found:
        column = f", column {found[2]}" if found[2] else ""
        where = place(int(found[1])) if place else ""
        said += f" ({where or f'row {found[1]} of what was read'}{column})"
    return said + _named(error, said)


def _named(error: psycopg2.Error, said: str) -> str:
    names = {
        "constraint": error.diag.constraint_name,
        "column": error.diag.column_name,
    }
    return "".join(f", {kind} {name}" for kind, name in names.items() if name and name not in said)
