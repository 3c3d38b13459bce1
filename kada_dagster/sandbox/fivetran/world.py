"""The account as a world of its own: plain, without HTTP, moved by a clock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from kada_dagster.sandbox.fivetran.call import Call
from kada_dagster.sandbox.fivetran.clock import Clock
from kada_dagster.sandbox.fivetran.connection import Connection
from kada_dagster.sandbox.fivetran.history import told
from kada_dagster.sandbox.fivetran.outcomes import Outcome, Usual
from kada_dagster.sandbox.fivetran.payload import shown
from kada_dagster.sandbox.fivetran.population import Population
from kada_dagster.sandbox.fivetran.quirks import Quirks
from kada_dagster.sandbox.fivetran.setup_tests import SetupTest
from kada_dagster.sandbox.fivetran.syncs import Scope, Sync, history_item
from kada_dagster.sandbox.fivetran.times import moment_of


class Reply(NamedTuple):
    """An answer: status of HTTP, body as a value, headers."""

    status: int
    value: Any
    headers: Mapping[str, str]


class FivetranWorld(Population):
    """An account of Fivetran.

    What is read is as it is at the clock's moment; whatever was to happen until then has happened.
    May be used from many threads.

    Args:
        clock: the time of the server; None: one that is moved by hand.
        quirks: how the API behaves; they may be changed later.
        seed: of what is drawn, such as identities of syncs.

    Attributes:
        estate: groups, connections, transformations.
        webhooks: registered ones, and what is to be delivered.
        setup_tests_run: connection and moment of every run of setup tests that a caller caused.
    """

    def __init__(
        self, clock: Clock | None = None, *, quirks: Quirks | None = None, seed: int = 0
    ) -> None:
        super().__init__(clock, quirks=quirks, seed=seed)
        self.setup_tests_run: list[tuple[str, datetime]] = []

    # What is to happen

    def script(self, id: str, *outcomes: Outcome) -> None:
        """Tell how the next syncs of a connection go, after those told before."""
        self._find(id).outcomes.extend(outcomes)

    def usually(self, id: str, usual: Usual) -> None:
        """Tell how syncs go that are not scripted."""
        self._find(id).usual = usual

    def script_tests(self, id: str, *runs: list[SetupTest]) -> None:
        """Tell the results of the next runs of setup tests, one list each."""
        self._find(id).tests.extend(tuple(results) for results in runs)

    def ignore_starts(self, id: str, times: int = 1) -> None:
        """Let the next requests for a sync have no effect, though they are answered well."""
        self._find(id).ignores += times

    def start_sync(self, id: str, *, force: bool = False) -> None:
        """As POST /sync."""
        self.control.sync(self._find(id), force)

    def resync(self, id: str, scope: Scope | None = None) -> None:
        """As POST /resync."""
        self.control.resync(self._find(id), scope)

    def pause(self, id: str) -> None:
        """Pause a connection, as its owner may at any time."""
        self.control.pause(self._find(id))

    def resume(self, id: str) -> None:
        """Let a paused connection sync again."""
        self.control.resume(self._find(id))

    def set_schedule(self, id: str, schedule_type: str) -> None:
        """Set `auto` or `manual`."""
        self.control.schedule(self._find(id), schedule_type)

    def break_connection(self, id: str) -> None:
        """Let the setup of a connection be broken: its syncs fail from now on."""
        self.control.break_down(self._find(id))

    def repair(self, id: str) -> None:
        """Let its setup be right again."""
        self.control.repair(self._find(id))

    def run_tests(self, id: str) -> tuple[SetupTest, ...]:
        """Run the setup tests for a caller: it is counted."""
        connection = self._find(id)
        self.setup_tests_run.append((id, self.now))
        return self.control.test(connection)

    # What is so

    def syncs(self, id: str) -> list[Sync]:
        """All syncs of a connection, the oldest first, with the one that runs."""
        with self.timeline.settled():
            return list(self._find(id).syncs)

    def completed_syncs(self) -> list[tuple[str, Sync]]:
        """All syncs that have succeeded, of all connections, with their ids."""
        with self.timeline.settled():
            return [
                (id, sync)
                for id, connection in self.estate.connections.items()
                for sync in connection.syncs
                if sync.status == "COMPLETED"
            ]

    def list_connections(
        self, group: str | None = None, schema: str | None = None
    ) -> list[dict[str, Any]]:
        """The items of all pages of the list. They are kept: do not change them."""
        with self.timeline.settled():
            chosen = self.estate.chosen(group, schema)
            return [shown(one, self.quirks, whole=False) for one in chosen]

    def connection(self, id: str) -> Mapping[str, Any]:
        """`data` of a connection's own page. It is kept: do not change it.

        Raises:
            RefusedError: there is none.
        """
        with self.timeline.settled():
            return shown(self._find(id), self.quirks, whole=True)

    def schemas(self, id: str) -> dict[str, Any] | None:
        """`data` of its schema configuration; None: there is none (yet)."""
        with self.timeline.settled():
            found = self._find(id)
            return found.config.payload() if found.config and found.has_schemas else None

    def sync_history(self, id: str, start: datetime, end: datetime) -> list[dict[str, Any]] | None:
        """The items of all pages of `/sync-history`; None: it is not there."""
        with self.timeline.settled() as now:
            if isinstance(self.quirks.history, int):
                return None
            span = (moment_of(start), moment_of(end))
            found = told(self._find(id), self.quirks, now, span)
            return [history_item(one, skew, self.quirks.digits) for one, skew in found]

    def ask(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: Any = None
    ) -> Reply:
        """Any request, answered without HTTP, e.g. `ask("GET", "/v1/groups")`.

        Args:
            method: of HTTP.
            path: with `/v1`, its parts quoted.
            query: values by name.
            body: a JSON value; None: nothing is sent.
        """
        from kada_dagster.sandbox.fivetran.routes import Routes

        sent = b"" if body is None else json.dumps(body).encode()
        call = Call(method, path, query or {}, sent, {"content-type": "application/json"})
        answer = Routes(self).answer(call)
        return Reply(answer.status, json.loads(answer.body), answer.headers)

    def _find(self, id: str) -> Connection:
        return self.estate.connection(id)
