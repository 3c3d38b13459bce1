"""What a failure of any driver of Python's DB-API means.

SQLSTATE is looked at first, then the codes of Oracle and SQL Server, which drivers only print.
A message may repeat values of rows: what it quotes is left out, unless the statement was at fault.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Any

from kada_dagster.errors import ConfigError, KadaError
from kada_dagster.loader.errors import SourceDeniedError, SourceLostError, SourceReadError
from kada_dagster.secrets import redact

_STATE = re.compile(r"[0-9A-Z]{5}\Z")
_LOST_STATES = ("08", "57P", "53", "40", "HYT0", "S1T00")
_DENIED_STATES = ("28", "42501")
_LOST = re.compile(
    r"\b(?:ORA-(?:00028|01012|01033|01034|01089|03113|03114|03135|12\d{3}|08177)"
    r"|DPY-(?:4011|6\d{3})|DPI-1080)\b|connection (?:refused|reset|timed out|is closed)"
    r"|server closed the connection|database is locked|could not set lock on file",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:ORA-(?:01005|01017|01031|01045|28000|28001))\b|\((?:18456|229|230|916)\)"
    r"|authentication failed|login failed|access denied|permission (?:was )?denied"
    r'|role "[^"]*" does not exist'
    r"|insufficient privilege|not authorized|no password supplied",
    re.IGNORECASE,
)
_NOT_THERE = re.compile(r"can't open lib|data source name not found|IM002|IM003", re.IGNORECASE)
_NO_DATABASE = re.compile(
    r'database "?[^"]*"? does not exist|unknown database|unable to open database file|\(4060\)'
    r"|database does not exist",
    re.IGNORECASE,
)
_OF_STATEMENT = re.compile(
    r"syntax error|does not exist|no such (?:table|column)|invalid (?:object|column) name"
    r"|not found in from clause|ORA-009\d\d|unrecognized token",
    re.IGNORECASE,
)
_GRANT = "check the credentials and what the user may read"
_POLICY = (
    "give the role BYPASSRLS, or have its connection set row_security = on to load only the rows "
    "it may see"
)
_QUOTED = re.compile(r"""'(?:[^']|'')*'?|"[^"]*"?""")
_LINES = 2


@contextmanager
def reading(
    what: str,
    secrets: Iterable[str],
    kinds: tuple[type[Exception], ...],
    *,
    is_connecting: bool = False,
) -> Generator[None]:
    """Turn an error of a driver into a typed one.

    Args:
        what: is read, for the message.
        secrets: values that must not appear in it.
        kinds: what the driver raises.
        is_connecting: whether there is no connection yet.
    """
    try:
        yield
    except (*kinds, ValueError, OverflowError) as error:
        failure = meaning(what, error, secrets, is_connecting=is_connecting)
    else:
        return
    raise failure


def meaning(
    what: str, error: Exception, secrets: Iterable[str], *, is_connecting: bool
) -> KadaError:
    """The typed error; see `reading`."""
    wrapped: Any = error
    inner: Exception = getattr(wrapped, "orig", None) or error
    state = state_of(inner)
    said = "; ".join(line.strip() for line in _words(inner).strip().splitlines()[:_LINES])
    shown = redact(said, secrets)
    text = f"{what}: {shown if is_connecting else _shown(shown, state, inner)}"
    if is_connecting and (_NOT_THERE.search(said) or _NO_DATABASE.search(said)):
        return ConfigError(f"connections.yaml: {text}")
    if state.startswith(_DENIED_STATES) or _DENIED.search(said):
        return SourceDeniedError(f"{text}; {_POLICY if 'row-level' in said else _GRANT}")
    if is_connecting or _is_lost(wrapped, state, said):
        return SourceLostError(f"{text}; the load can be run again")
    return SourceReadError(text)


def state_of(error: Exception) -> str:
    """The SQLSTATE a driver tells, wherever it has it; '' if it tells none."""
    known: Any = error
    for told in (getattr(known, "pgcode", None), getattr(known, "sqlstate", None), *error.args[:1]):
        if isinstance(told, str) and _STATE.match(told):
            return told
    return ""


def _words(error: Exception) -> str:
    """The message, which some drivers have behind a code."""
    is_pair = len(error.args) == 2 and isinstance(error.args[1], str)
    return str(error.args[1] if is_pair else error)


def _is_lost(error: Any, state: str, said: str) -> bool:
    is_cut = getattr(error, "connection_invalidated", False) is True
    return is_cut or state.startswith(_LOST_STATES) or bool(_LOST.search(said))


def _shown(said: str, state: str, error: Exception) -> str:
    """The message, without what it quotes of rows."""
    if isinstance(error, (ValueError, OverflowError)):
        return f"a value that Python cannot hold ({type(error).__name__})"
    if state.startswith("42") or _OF_STATEMENT.search(said):
        return said
    return _QUOTED.sub("…", said)
