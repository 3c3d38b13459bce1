"""What a failure of PyMySQL means. Codes: https://mariadb.com/kb/en/mariadb-error-codes/."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from kada_dagster.errors import ConfigError, KadaError
from kada_dagster.loader.errors import SourceDeniedError, SourceLostError, SourceReadError
from kada_dagster.secrets import redact

_LOST = frozenset(
    {
        *(1040, 1053, 1158, 1159, 1160, 1161, 1203, 1205, 1213, 1226, 1317, 1412, 1927),
        *(2002, 2003, 2006, 2013, 2014, 2055, 4031),
    }
)
"""Among them: a user's connections or queries are used up (1226), a table was changed behind the
snapshot (1412), the server hung up on who was idle (4031)."""
_DENIED = frozenset({1044, 1045, 1142, 1143, 1227, 1370, 1698})
_NO_DATABASE = 1049


@contextmanager
def reading(driver: Any, what: str, secrets: tuple[str, ...]) -> Generator[None]:
    """Turn an error of the driver into a typed one.

    Args:
        driver: PyMySQL.
        what: is read, for the message.
        secrets: values that must not appear in it.
    """
    try:
        yield
    except (driver.err.Error, OSError, ValueError, AttributeError) as error:
        if isinstance(error, (ValueError, AttributeError)) and not _is_closed(error):
            raise
        failure = _meaning(driver, what, error, secrets)
    else:
        return
    raise failure


def _is_closed(error: Exception) -> bool:
    """Whether another thread closed the connection under the one that reads."""
    return "closed file" in str(error) or "NoneType" in str(error)


def _meaning(driver: Any, what: str, error: Exception, secrets: tuple[str, ...]) -> KadaError:
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    said = str(error.args[1]) if len(error.args) > 1 else str(error)
    text = f"{what}: {redact(said, secrets)}"
    is_driver = isinstance(error, driver.err.Error)
    if code == _NO_DATABASE:
        return ConfigError(f"connections.yaml: {text}")
    if code in _DENIED:
        return SourceDeniedError(f"{text}; check username, password and what the user may read")
    if not is_driver or code in _LOST or isinstance(error, driver.err.InterfaceError):
        return SourceLostError(f"{text}; the load can be run again")
    return SourceReadError(f"{text} (error {code})")
