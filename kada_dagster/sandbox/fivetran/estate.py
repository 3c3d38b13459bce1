"""What is in an account: groups with their destinations, connections, transformations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from kada_dagster.sandbox.fivetran.connection import Connection
from kada_dagster.sandbox.fivetran.refusal import not_found
from kada_dagster.sandbox.fivetran.service import MASK
from kada_dagster.sandbox.fivetran.times import written
from kada_dagster.sandbox.fivetran.transformation import Transformation


@dataclass(frozen=True)
class Group:
    """A group and the destination of the same id.

    Attributes:
        id: of both.
        name: of the group.
        created_at: moment.
        service: kind of the destination.
        config: of the destination, secrets masked.
        region: where its data is processed.
        setup_status: as it is written, in capitals or not.
    """

    id: str
    name: str
    created_at: int
    service: str = "snowflake"
    config: dict[str, Any] = field(default_factory=dict[str, Any])
    region: str = "AWS_US_EAST_1"
    setup_status: str = "connected"

    def payload(self) -> dict[str, Any]:
        """The group as the API has it."""
        return {"id": self.id, "name": self.name, "created_at": written(self.created_at)}

    def destination(self) -> dict[str, Any]:
        """The destination as the API has it."""
        return {
            "id": self.id,
            "group_id": self.id,
            "service": self.service,
            "region": self.region,
            "time_zone_offset": "0",
            "setup_status": self.setup_status,
            "daylight_saving_time_enabled": True,
            "networking_method": "Directly",
            "config": {"password": MASK, **self.config},
        }


@dataclass
class Estate:
    """The account.

    Attributes:
        account_id, account_name: of the account.
        groups, connections, transformations: by id, in the order they are listed.
    """

    account_id: str = "sandbox_account"
    account_name: str = "Sandbox Ltd"
    groups: dict[str, Group] = field(default_factory=dict[str, Group])
    connections: dict[str, Connection] = field(default_factory=dict[str, Connection])
    transformations: dict[str, Transformation] = field(default_factory=dict[str, Transformation])

    def group(self, id: str) -> Group:
        """The group of this id.

        Raises:
            RefusedError: 404.
        """
        if id not in self.groups:
            raise not_found("Group", id)
        return self.groups[id]

    def destination(self, id: str) -> Group:
        """The group whose destination has this id.

        Raises:
            RefusedError: 404.
        """
        if id not in self.groups:
            raise not_found("Destination", id)
        return self.groups[id]

    def connection(self, id: str) -> Connection:
        """The connection of this id.

        Raises:
            RefusedError: 404.
        """
        if id not in self.connections:
            raise not_found("Connection", id)
        return self.connections[id]

    def transformation(self, id: str) -> Transformation:
        """The transformation of this id.

        Raises:
            RefusedError: 404.
        """
        if id not in self.transformations:
            raise not_found("Transformation", id)
        return self.transformations[id]

    def chosen(self, group: str | None = None, schema: str | None = None) -> Sequence[Connection]:
        """Connections of a group, of a name, or all."""
        if group is None and schema is None:
            return list(self.connections.values())
        return [
            one
            for one in self.connections.values()
            if group in (None, one.group_id) and schema in (None, one.schema)
        ]
