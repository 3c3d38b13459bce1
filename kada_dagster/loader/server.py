"""Connections to PostgreSQL, as source and as target: the same settings on both ends.

Text that one server prints must be read by the other as the same value, so everything that the
form of values depends on is set on both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from kada_dagster.postgres.client import ServerAddress
from kada_dagster.postgres.failures import connecting

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

FORMS: Mapping[str, str] = MappingProxyType(
    {
        "timezone": "UTC",
        "datestyle": "ISO, MDY",
        "intervalstyle": "postgres",
        "bytea_output": "hex",
        "extra_float_digits": "3",
        "lc_monetary": "C",
        "xmloption": "content",
        "array_nulls": "on",
        "quote_all_identifiers": "off",
        "standard_conforming_strings": "on",
    }
)
"""What the form of values depends on."""

_ALIVE: Mapping[str, int] = MappingProxyType(
    {
        "keepalives_idle": 60,
        "keepalives_interval": 15,
        "keepalives_count": 4,
        "tcp_user_timeout": 600_000,
    }
)
"""A peer that is gone without a word is noticed within two minutes, or ten while it is sent data:
for so long a target that waits for a row another session holds may take in none."""


_TRANSACTION_LIMIT_SINCE = 17


@dataclass(frozen=True)
class Server:
    """A database and how to connect to it.

    Attributes:
        address: of the server.
        database: its name.
        options: further parameters of libpq, as `application_name`.
    """

    address: ServerAddress
    database: str
    options: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def where(self) -> str:
        """Server, port and database, for messages."""
        return f"{self.address.server}:{self.address.port}/{self.database}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values no message may hold.

        Raises:
            ConfigError: the password's reference cannot be resolved.
        """
        password = self.address.password
        return (password.reveal(),) if password else ()

    def connect(self) -> Connection:
        """A new connection, outside of any transaction.

        Raises:
            ConfigError: the database does not exist, a secret cannot be found.
            ConnectionFailedError: the server does not answer.
            PermissionDeniedError: it refuses the credentials.
        """
        import psycopg2

        secrets = self.secrets
        arguments: dict[str, Any] = self.address.arguments(self.database, next(iter(secrets), None))
        arguments.update(_ALIVE, **self.options)
        with connecting(self.where, secrets):
            return psycopg2.connect(**arguments)


def settings(**more: str) -> str:
    """The statements that make a transaction print and read values the same way everywhere.

    Args:
        more: further settings, values without quotes in them.
    """
    return "; ".join(f"SET LOCAL {name} = '{value}'" for name, value in {**FORMS, **more}.items())


def allowances(server: Server, version: int, time_limit: float = 0) -> dict[str, str]:
    """Settings that let a load take its time and see all rows.

    A transaction in which nothing happens waits for the other end, or for an API. Rows that a
    policy keeps from the role are an error, as for pg_dump, and not just missing.

    Args:
        server: what the options of its profile say of a setting stays.
        version: its major version.
        time_limit: seconds any statement may take, whatever is said there; 0 for no limit.
    """
    found = {"idle_in_transaction_session_timeout": "0", "row_security": "off"}
    if version >= _TRANSACTION_LIMIT_SINCE:
        found["transaction_timeout"] = "0"
    milliseconds = str(int(time_limit * 1000))
    given = server.options.get("options", "")
    usual = {"statement_timeout": milliseconds, **found}
    kept = {name: value for name, value in usual.items() if name not in given}
    return kept | ({"statement_timeout": milliseconds} if time_limit else {})
