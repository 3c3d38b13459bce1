"""The asset specs of one account, and which of them belong to which connection.

What a spec looks like is the translator's; what materializing it does is in `assets`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from kada_dagster.errors import ConfigError
from kada_dagster.fivetran.props import AccountProps, connection_props
from kada_dagster.fivetran.snapshot_model import KnownConnection
from kada_dagster.fivetran.translator import FivetranTranslator

if TYPE_CHECKING:
    from kada_dagster.config import FivetranAccountSettings
    from kada_dagster.fivetran.connection import Connection


@dataclass(frozen=True)
class ConnectionAssets:
    """The assets of one connection.

    Attributes:
        connection: what is known of it.
        spec: of the connection itself.
        tables: of its tables.
    """

    connection: KnownConnection
    spec: dg.AssetSpec
    tables: Sequence[dg.AssetSpec]

    @property
    def keys(self) -> list[dg.AssetKey]:
        """The connection's key, then those of its tables."""
        return [self.spec.key, *(table.key for table in self.tables)]


@dataclass(frozen=True)
class AccountAssets:
    """The assets of one account.

    Attributes:
        settings: the account.
        translator: made the specs.
        connections: by id.
        sources: the tables of the sources, upstream.
    """

    settings: FivetranAccountSettings
    translator: FivetranTranslator
    connections: Mapping[str, ConnectionAssets]
    sources: Sequence[dg.AssetSpec]

    @classmethod
    def of(cls, props: AccountProps, translator: FivetranTranslator | None) -> AccountAssets:
        """The assets a translator makes of an account.

        Raises:
            ConfigError: two of them have the same key.
        """
        making = translator or FivetranTranslator()
        connections = {
            parent.connection.id: ConnectionAssets(
                parent.connection,
                making.get_connection_spec(parent),
                [making.get_table_spec(table) for table in tables],
            )
            for parent, tables in props.connections
        }
        keys = [key for assets in connections.values() for key in assets.keys]
        _require_unique(props.account.name, keys)
        upstream = (making.get_source_spec(t) for _, tables in props.connections for t in tables)
        found = {spec.key: spec for spec in upstream if spec is not None}
        sources = [spec for key, spec in found.items() if key not in {*keys}]
        return cls(props.account, making, connections, sources)

    def keys(self, connection_id: str, *, schema: str = "") -> list[dg.AssetKey]:
        """What a sync of a connection brings up to date: the connection, then its tables.

        Args:
            connection_id: of the connection; one that is not in the snapshot has no tables.
            schema: its display name, for the translator.
        """
        if found := self.connections.get(connection_id):
            return found.keys
        unseen = KnownConnection(connection_id, group_id="", service="", schema=schema)
        props = connection_props(self.settings, unseen, None)
        return [self.translator.get_connection_spec(props).key]

    def default_key(self, connection: Connection) -> dg.AssetKey:
        """The key of a connection that is not in the snapshot."""
        known = KnownConnection(
            connection.id, connection.group_id, connection.service, connection.schema
        )
        return self.translator.get_connection_spec(connection_props(self.settings, known, None)).key


def _require_unique(account: str, keys: Iterable[dg.AssetKey]) -> None:
    for key, count in Counter(keys).items():
        if count > 1:
            raise ConfigError(
                f"fivetran account {account}: {count} assets have the key "
                f"{key.to_user_string()!r}; let the translator keep them apart"
            )
