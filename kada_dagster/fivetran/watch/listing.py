"""The connections the sensor looks at: all of the account, or those of some of its groups."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from kada_dagster.errors import ConfigError

if TYPE_CHECKING:
    from kada_dagster.fivetran.client import FivetranClient
    from kada_dagster.fivetran.connection import Connection
    from kada_dagster.fivetran.history import SyncRecord


class ListedAccount:
    """Reads an account as the watch needs it.

    Args:
        client: of the account.
        groups: ids or names; none for all. Names take a call more than ids.
        within: seconds in which a call must begin. A tick that waited for the account's calls to
            come back would keep a thread of the code server for an hour.
    """

    def __init__(
        self, client: FivetranClient, groups: Sequence[str] = (), *, within: float = 15.0
    ) -> None:
        self._client, self._groups, self._within = client, groups, within

    def connections(self) -> list[Connection]:
        """All connections of the groups; the account's list is read, which is the fewest calls.

        Raises:
            ConfigError: a group is not there.
        """
        listed = list(self._client.connections(within=self._within))
        if not self._groups:
            return listed
        wanted = self._ids({one.group_id for one in listed})
        return [one for one in listed if one.group_id in wanted]

    def history(
        self, connection_id: str, start: datetime, end: datetime
    ) -> list[SyncRecord] | None:
        """The syncs of a span of time; None where the API has none."""
        return self._client.history(connection_id, start, end, within=self._within)

    def _ids(self, seen: set[str]) -> set[str]:
        """The ids of the groups, of which some may be given by name or have no connection."""
        if seen.issuperset(self._groups):
            return set(self._groups)
        listed = self._client.groups(within=self._within)
        names = {str(group.get("id")): str(group.get("name")) for group in listed}
        found = {key for key, name in names.items() if {key, name} & set(self._groups)}
        known = found | {names[key] for key in found}
        for group in self._groups:
            if group not in known:
                raise ConfigError(f"groups: the account has no group {group!r}; take its id")
        return found
