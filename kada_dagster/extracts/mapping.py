"""The `mapping` of a tool's source: what its connections are called in K.

A tool knows a database by the name of a connection; K knows it by host and database. Both shapes of
the vendor's "Host / Database Mapping" page are read: `{connection: {host, database}}` and
`{connection: host}`. Nothing else is guessed: a connection without an entry keeps the tool's own
names and is counted. Snowflake needs no entry: its host is the account identifier.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple, cast

from kada_dagster.errors import ConfigError

UNMAPPED = "connection_unmapped"
"""Code of the warning for a connection without an entry."""

_SNOWFLAKE = re.compile(
    r"(?:https?://)?([^/:]*?)(?:\.snowflakecomputing\.[a-z.]+)?(?::\d+)?(?:/.*)?"
)

_NO_REGION = "us-west-2"


class Place(NamedTuple):
    """Where a connection's tables are in K.

    Attributes:
        host: label of the host.
        database: name of the database, None where neither the mapping nor the tool names one.
    """

    host: str
    database: str | None


def snowflake_host(account: str, region: str = "") -> str:
    """The label of a Snowflake account in K: its identifier, in lower case.

    Args:
        account: identifier or address, e.g. `ab12345.australia-east.azure` or
            `https://ab12345.australia-east.azure.snowflakecomputing.com`.
        region: where the tool keeps it apart from the account; `us-west-2` is left out as Snowflake
            leaves it out.
    """
    match = _SNOWFLAKE.fullmatch(account.strip().lower())
    host = match[1] if match and match[1] else account.strip().lower()
    region = region.strip().lower()
    if not region or region == _NO_REGION or "." in host or "-" in host:
        return host
    return f"{host}.{region}"


class ConnectionMapping:
    """Looks connections up in a `mapping`: the exact name first, then without case.

    Args:
        entries: the field `mapping`; each value a host, or `{host, database}`, of which `database`
            may be missing.
        warn: called with `connection_unmapped` and the connection's name for each of them that has
            no entry, once however often it is asked for.

    Raises:
        ConfigError: an entry has no host or another shape.
    """

    def __init__(
        self, entries: Mapping[str, object], warn: Callable[[str, str], None] | None = None
    ) -> None:
        self._exact = {name: _entry(name, value) for name, value in entries.items()}
        self._folded: dict[str, Place] = {}
        self._clashing: set[str] = set()
        self._warn = warn
        self._warned: set[str] = set()
        for name, place in self._exact.items():
            if self._folded.setdefault(name.casefold(), place) != place:
                self._clashing.add(name.casefold())

    def place(
        self,
        *names: str | None,
        host: str,
        database: str | None = None,
        kind: str = "",
    ) -> Place:
        """Where the tables of a connection are.

        Args:
            names: what the connection may be called in the mapping, the best first: its name, then
                e.g. slug or id. The first with an entry counts; the first of all is what a warning
                names.
            host: the tool's own address of it, used where there is no entry.
            database: the tool's own database, used where no entry names one.
            kind: type of the database; for `snowflake` (in any case) an entry is not needed.

        Returns:
            Host and database as K has them, as far as is known.

        Raises:
            ConfigError: only entries that differ in case could be meant, and they disagree.
        """
        found = self.find(*names)
        if found is not None:
            return Place(found.host, found.database or database)
        if kind.lower() == "snowflake" and host:
            return Place(snowflake_host(host), database)
        self.missed(next((name for name in names if name), host))
        return Place(host, database)

    def find(self, *names: str | None) -> Place | None:
        """What the mapping says of a connection, if anything; see `place`.

        Raises:
            ConfigError: only entries that differ in case could be meant, and they disagree.
        """
        given = [name for name in names if name]
        for name in given:
            if name in self._exact:
                return self._exact[name]
        for name in given:
            key = name.casefold()
            if key in self._clashing:
                raise ConfigError(
                    f"mapping: {name!r} fits several entries that differ in case; name it exactly"
                )
            if key in self._folded:
                return self._folded[key]
        return None

    def missed(self, name: str) -> None:
        """Count a connection that has no entry, once."""
        if name not in self._warned:
            self._warned.add(name)
            if self._warn is not None:
                self._warn(UNMAPPED, name)


def _entry(name: str, value: object) -> Place:
    if isinstance(value, str) and value.strip():
        return Place(value.strip(), None)
    if isinstance(value, Mapping):
        fields = cast("Mapping[object, object]", value)
        host, database = fields.get("host"), fields.get("database")
        known = set(fields) <= {"host", "database"}
        if known and isinstance(host, str) and host.strip() and isinstance(database, str | None):
            return Place(host.strip(), (database or "").strip() or None)
    raise ConfigError(
        f"mapping.{name}: must be a host, or `host` and `database`; both are names as in K"
    )
