"""Who lives in a world: its clock, its account, and how things come into it and go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Literal

from kada_dagster.sandbox.fivetran.clock import Clock, ManualClock
from kada_dagster.sandbox.fivetran.connection import Connection
from kada_dagster.sandbox.fivetran.control import Control
from kada_dagster.sandbox.fivetran.engine import Engine
from kada_dagster.sandbox.fivetran.estate import Estate, Group
from kada_dagster.sandbox.fivetran.new_connection import new_connection
from kada_dagster.sandbox.fivetran.outcomes import Outcome, Usual
from kada_dagster.sandbox.fivetran.quirks import Quirks
from kada_dagster.sandbox.fivetran.timeline import Timeline
from kada_dagster.sandbox.fivetran.times import DAY, SECOND, datetime_of, moment_of
from kada_dagster.sandbox.fivetran.webhooks import Webhook, Webhooks


class Population:
    """An account and its time; see `FivetranWorld`."""

    def __init__(
        self, clock: Clock | None = None, *, quirks: Quirks | None = None, seed: int = 0
    ) -> None:
        self.clock = clock or ManualClock()
        self.quirks = quirks or Quirks()
        self.estate = Estate()
        self.timeline = Timeline(self.clock)
        self.webhooks = Webhooks(self.timeline, self.quirks)
        self._engine = Engine(self.timeline, self.quirks, seed, self.webhooks.tell)
        self.control = Control(self.timeline, self._engine, self.quirks)

    @property
    def now(self) -> datetime:
        """The time of the server."""
        return datetime_of(self.timeline.now)

    def advance(self, seconds: float) -> None:
        """Let so much time pass. Sleeps if the clock runs by itself."""
        self.clock.wait(seconds)
        with self.timeline.settled():
            pass

    def advance_to(self, moment: datetime) -> None:
        """Let the time come to a moment.

        Raises:
            ValueError: it is past.
        """
        self.advance((moment_of(moment) - self.clock.moment()) / SECOND)

    def later(self, seconds: float, happens: Callable[[], Any]) -> None:
        """Let something happen when so many seconds have passed."""
        self.timeline.at(self.timeline.now + round(seconds * SECOND), lambda: _do(happens))

    def add_group(
        self, name: str, *, id: str | None = None, service: str = "snowflake", **fields: Any
    ) -> Group:
        """Add a group and its destination.

        Args:
            name: of the group.
            id: of both; None: made from the name.
            service: kind of the destination.
            fields: others of `Group`.
        """
        made = id or "_".join(name.lower().split())
        created = self.timeline.now - 90 * DAY
        group = Group(made, name, created, service=service, **fields)
        self.estate.groups[made] = group
        return group

    def add_connection(
        self,
        service: str = "postgres",
        *,
        id: str | None = None,
        group: str | None = None,
        schema: str | None = None,
        new: bool = False,
        usual: Usual | None = None,
        **fields: Any,
    ) -> Connection:
        """Add a connection.

        Args:
            service: its kind.
            id: as in paths; None: a free one.
            group: id of its group; None: the first, made if there is none.
            schema: its name; None: its id.
            new: made now and never synced, so that its first sync starts now if its schedule is
                `auto`. Otherwise it is 30 days old, and half a period after its last success.
            usual: how its syncs go unless scripted; None: each succeeds in a minute.
            fields: others of `Connection`, e.g. `sync_frequency`, `schedule_type`, `paused`.
        """
        with self.timeline.settled() as now:
            if not self.estate.groups:
                self.add_group("Warehouse")
            number = len(self.estate.connections) + 1
            made = id or f"{service}_{number}"
            home = group or next(iter(self.estate.groups))
            self.estate.group(home)
            connection = new_connection(
                now,
                service=service,
                id=made,
                group=home,
                schema=schema or made,
                new=new,
                usual=usual or Outcome.success(),
                fields=fields,
            )
            self.estate.connections[made] = connection
            self.webhooks.tell("create_connector", connection, None)
            self._engine.plan(connection)
            return connection

    def delete_connection(self, id: str) -> None:
        """Take a connection away."""
        with self.timeline.settled():
            gone = self.estate.connection(id)
            gone.running = gone.due = None
            del self.estate.connections[id]
            self.webhooks.tell("delete_connector", gone, None)

    def add_webhook(
        self,
        url: str,
        events: Sequence[str],
        secret: str | None = None,
        *,
        group: str | None = None,
        active: bool = True,
        payload: Literal["new", "old"] = "new",
    ) -> Webhook:
        """Register a webhook; see `Webhook`. `group`: id of one; None: of the account."""
        with self.timeline.settled() as now:
            return self.webhooks.add(
                Webhook(
                    id=self.webhooks.new_id(),
                    url=url,
                    events=tuple(events),
                    secret=secret,
                    active=active,
                    group_id=group,
                    created_at=now,
                    payload=payload,
                )
            )


def _do(happens: Callable[[], Any]) -> None:
    happens()
