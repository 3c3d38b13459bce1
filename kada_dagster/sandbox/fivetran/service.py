"""A kind of connection: what the vendor says of it, and what its configuration looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Layout = Literal["database", "one schema", "sheet", "platform", "none"]
"""How tables are arranged: in schemas of a database, in one schema of the service's name, as one
table, as the vendor's own log, or with no schema configuration at all (Magic Folder)."""

MASK = "******"
"""What the API shows of secrets."""


@dataclass(frozen=True)
class Service:
    """A kind of connection.

    Attributes:
        id: its word, as in `service`.
        name: as shown.
        type: class of services.
        layout: how its tables are arranged.
        features: ids of `supported_features`.
        config: a connection's configuration, secrets masked.
        tables: names of tables that accounts of this kind have; empty: any.
        version: `service_version` of connections.
        has_state: whether `/state` is for it.
    """

    id: str
    name: str
    type: str
    layout: Layout
    features: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])
    tables: tuple[str, ...] = ()
    version: int = 1
    has_state: bool = False

    @property
    def resyncs_tables(self) -> bool:
        """Whether tables can be synced again one by one."""
        return "RE_SYNC" in self.features

    def payload(self, *, whole: bool = False) -> dict[str, Any]:
        """The service as the list of connector types has it, or as its own page has."""
        address = f"https://fivetran.com/docs/connectors/{self.id}"
        short: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "type": self.type,
            "icons": [f"https://fivetran.com/icons/{self.id}.svg"],
            "icon_url": f"https://fivetran.com/icons/{self.id}.svg",
            "link_to_docs": address,
            "link_to_erd": f"{address}#schemainformation",
            "connector_class": "standard",
            "supported_features": [{"id": one} for one in self.features],
            "service_status": "general_availability",
        }
        return {**short, "config": {"type": "object"}, "auth": {}} if whole else short
