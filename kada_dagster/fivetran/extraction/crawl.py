"""One crawl of an account: which list is read when, and what is written of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from kada_dagster.api.errors import ApiForbiddenError, ApiNotFoundError
from kada_dagster.errors import ConfigError
from kada_dagster.fivetran.client import FivetranClient
from kada_dagster.fivetran.connection import Connection
from kada_dagster.fivetran.extraction.connections import Connections
from kada_dagster.fivetran.extraction.inventory import write_destinations, write_groups
from kada_dagster.fivetran.extraction.reading import Reading
from kada_dagster.fivetran.extraction.syncs import SyncReader
from kada_dagster.fivetran.extraction.tasks import Answer, Task, asked
from kada_dagster.fivetran.extraction.transformations import write_transformations

_LISTS = ("groups", "destinations", "connections", "transformations")


@dataclass(frozen=True)
class Crawl:
    """Reads an account.

    Attributes:
        client: makes the calls.
        reading: what all parts of the collector share.
        connections: writes connections.
        syncs: writes syncs.
        only_groups: names or ids of the groups to read; empty for all.
    """

    client: FivetranClient
    reading: Reading
    connections: Connections
    syncs: SyncReader
    only_groups: Sequence[str]

    def run(self) -> None:
        """Read everything.

        Raises:
            KadaError: the account cannot be read to the end.
        """
        lists = dict(self.client.api.gather(_LISTS, self._list))
        for name, (_, refusal) in lists.items():
            if refusal:
                self.reading.output.warn("list_not_readable", f"{name}: {refusal}")
        wanted = self._wanted(lists["groups"][0])
        self._check_found(wanted, *lists["groups"], lists["connections"][0])
        write_groups(self.reading, _of(lists["groups"][0], "id", wanted))
        write_destinations(self.reading, _of(lists["destinations"][0], "group_id", wanted))
        found = list(self._chosen(lists["connections"][0], wanted))
        self._write_connections(found)
        only = None if wanted is None else {connection.id for connection in found}
        write_transformations(self.reading, lists["transformations"][0], only)
        self.reading.progress("syncs", self.syncs.write_all(found))

    def _list(self, name: str) -> tuple[list[Any], str]:
        """A list, and why there is none. Connections must be there, whatever else is not."""
        try:
            return list(getattr(self.client, name)()), ""
        except (ApiForbiddenError, ApiNotFoundError) as error:
            if name == "connections":
                raise
            return [], str(error)

    def _wanted(self, groups: list[dict[str, Any]]) -> set[str] | None:
        """Ids of the groups to read; None for all."""
        if not self.only_groups:
            return None
        known = {name: str(one.get("id")) for one in groups for name in (one.get("name"),)}
        ids = set(known.values())
        if groups and (missing := [n for n in self.only_groups if n not in known and n not in ids]):
            names = ", ".join(sorted(map(str, known)))
            raise ConfigError(f"groups: there is no group {missing[0]!r}; there are: {names}")
        return {name if name in ids else known.get(name, name) for name in self.only_groups}

    def _check_found(
        self,
        wanted: set[str] | None,
        groups: list[Any],
        refusal: str,
        listed: list[Connection],
    ) -> None:
        """Without the list of groups a name is taken for an id: one that fits no connection would
        make an empty extract of an account that is not empty.

        Raises:
            ConfigError: there is such a one.
        """
        unknown = sorted((wanted or set()) - {one.group_id for one in listed})
        if unknown and not groups:
            why = refusal or "it is empty"
            raise ConfigError(
                f"groups: the list of groups cannot be used ({why}), and no connection is in a "
                f"group with the id {unknown[0]!r}; take ids of groups with connections in place "
                "of names, or let the key's user read the groups"
            )

    def _chosen(self, listed: list[Connection], wanted: set[str] | None) -> Iterator[Connection]:
        """The connections to read."""
        return (one for one in listed if wanted is None or one.group_id in wanted)

    def _write_connections(self, connections: list[Connection]) -> None:
        """Ask for what belongs to them, side by side, and write it in their order."""
        for task, answer in self.client.api.gather(self._tasks(connections), _answer):
            task.write(answer)

    def _tasks(self, connections: list[Connection]) -> Iterator[Task]:
        for connection, answer in self.client.api.gather(connections, self._schemas):
            yield from self.connections.tasks(connection, answer)

    def _schemas(self, connection: Connection) -> Answer:
        if not self.connections.is_asked(connection):
            return Answer()
        return asked(partial(self.connections.asking.schemas, connection))


def _answer(task: Task) -> Answer:
    return Answer() if task.ask is None else asked(task.ask)


def _of(
    answers: list[dict[str, Any]], key: str, wanted: set[str] | None
) -> Iterator[dict[str, Any]]:
    return (one for one in answers if wanted is None or str(one.get(key)) in wanted)
