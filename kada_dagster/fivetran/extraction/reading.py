"""What all parts of the collector share while they read one window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from kada_dagster.extracts.identity import object_id, object_path
from kada_dagster.extracts.mapping import ConnectionMapping
from kada_dagster.extracts.output import Item, Output
from kada_dagster.fivetran.connection import Connection
from kada_dagster.fivetran.extraction.places import Place
from kada_dagster.hwm.window import Window


@dataclass(frozen=True)
class Reading:
    """One run of the collector.

    Attributes:
        host: label of the account in K.
        window: events are those of it.
        output: takes the rows.
        mapping: what connections and destinations are called in K.
        mask: leave out texts that may quote data.
        progress: told what was just read, and how much of it.
        groups: names of the groups read so far, by id.
        destinations: the destinations read so far, by id.
    """

    host: str
    window: Window
    output: Output
    mapping: ConnectionMapping
    mask: bool
    progress: Callable[[str, int], None]
    groups: dict[str, str] = field(default_factory=dict[str, str])
    destinations: dict[str, Place] = field(default_factory=dict[str, Place])

    def item(self, object_type: str, kind: str, *names: str) -> Item:
        """An object of Fivetran: its kind, then what is unique within it."""
        return Item(object_type, object_id(self.host, kind, *names))

    def path(self, *names: str) -> str:
        """The path of an object of Fivetran."""
        return object_path(self.host, *names)

    def group(self, number: str) -> Item:
        """A group."""
        return self.item("WORKSPACE", "group", number)

    def group_name(self, number: str) -> str:
        """A group's name; its id where it has none, or is not listed."""
        return self.groups.get(number) or number

    def names(self, connection: Connection) -> tuple[str, str]:
        """The names of a connection's group and of itself."""
        return self.group_name(connection.group_id), connection.schema or connection.id

    def parent(self, group: str) -> str:
        """The id of a group as a container; empty where it is not listed."""
        return self.group(group).id if group in self.groups else ""

    def destination(self, number: str) -> Item:
        """A destination."""
        return self.item("TOOL", "destination", number)

    def connection(self, number: str) -> Item:
        """A connection."""
        return self.item("PIPELINE", "connection", number)
