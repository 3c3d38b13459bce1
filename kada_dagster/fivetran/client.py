"""The REST API of a Fivetran account: which address holds what, and which does what.

Facts: https://fivetran.com/docs/rest-api/api-reference. Not here: when to do it, and whether it
worked, which `actions` knows. Nothing here compares a moment with the clock of this machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kada_dagster.api.address import segment
from kada_dagster.api.auth import BasicAuth
from kada_dagster.api.budget import RateBudget, shared_budget
from kada_dagster.api.errors import ApiCallError, ApiNotFoundError
from kada_dagster.api.retrying import Retries
from kada_dagster.api.sending import SendingClient
from kada_dagster.fivetran.connection import Connection
from kada_dagster.fivetran.endpoints import (
    SLOW,
    V2,
    Endpoints,
    connection_in,
    data_of,
    path_of,
    tested_in,
)
from kada_dagster.fivetran.history import SyncRecord, in_order, moment, spans
from kada_dagster.fivetran.resyncing import resync_tables
from kada_dagster.secrets import Secret

BASE_URL = "https://api.fivetran.com/v1"
CALLS_AN_HOUR = 20_000
"""What a paid account may call in any hour, all its tools together; a trial may call 500."""

NO_HISTORY = frozenset({403, 404, 405})
"""What is answered where there is no history to be had."""


@dataclass(frozen=True)
class Account:
    """A Fivetran account and how to reach it.

    Attributes:
        api_key: of a user (scoped) or of the system.
        api_secret: its secret.
        base_url: address of the API.
        timeout: seconds for a connection, and for every silence of the server.
        concurrency: requests at the same time.
        calls_per_hour: what may be called in any hour.
        budget: calls that may be made; None for the one that all of this key in this process
            share.
        retries: of calls that may do better. A `Retry-After` beyond them ends a call.
    """

    api_key: Secret
    api_secret: Secret
    base_url: str = BASE_URL
    timeout: float = 60
    concurrency: int = 4
    calls_per_hour: int = CALLS_AN_HOUR
    budget: RateBudget | None = None
    retries: Retries = field(default_factory=lambda: Retries(most=5, within=120, obeys=True))

    def open(self) -> FivetranClient:
        """A client; close it.

        Raises:
            ConfigError: the key cannot be looked up, or `base_url` is no address.
        """
        api = SendingClient(
            self.base_url,
            service="Fivetran",
            auth=BasicAuth(self.api_key, self.api_secret),
            timeout=self.timeout,
            budget=self.budget or self._shared_budget(),
            concurrency=self.concurrency,
            retries=self.retries,
        )
        return FivetranClient(api)

    def _shared_budget(self) -> RateBudget:
        account = f"{self.base_url} {self.api_key.reveal()}"
        return shared_budget("Fivetran", account, self.calls_per_hour, 3600)


@dataclass(frozen=True)
class FivetranClient(Endpoints):
    """Reads and changes the connections of an account. All errors are those of `ApiClient.read`.

    Attributes:
        api: the client below; `api.calls` counts requests, `api.date` is the server's clock.
    """

    def check(self) -> None:
        """Read which account the key is of."""
        self.api.get("/account/info")

    def connections(
        self, group: str | None = None, *, within: float | None = None
    ) -> Iterator[Connection]:
        """All connections, of the account or a group, each once: rows move between pages while
        they are read. If a page cannot be read, it raises.

        Args:
            group: id of the group; None for the account.
            within: seconds, for each page; see `ApiClient.read`.
        """
        path = f"/groups/{segment(group)}/connections" if group else "/connections"
        seen = set[str]()
        for item in self.items(path, accept=None if group else V2, within=within):
            found = connection_in(path, item, self.api.date)
            if found.id not in seen:
                seen.add(found.id)
                yield found

    def connection(self, connection_id: str, *, within: float | None = None) -> Connection:
        """One connection as it is now.

        Args:
            connection_id: of the connection.
            within: seconds, see `ApiClient.read`.

        Raises:
            ApiNotFoundError: it is gone.
        """
        path = path_of(connection_id)
        reply = self.ask(path, within=within)
        return connection_in(path, data_of(reply.value), reply.date)

    def groups(self, *, within: float | None = None) -> Iterator[dict[str, Any]]:
        """All groups: `id`, `name`, `created_at`; `within` as of `connections`."""
        return self.items("/groups", within=within)

    def destinations(self) -> Iterator[dict[str, Any]]:
        """All destinations, whose id is that of the group. Of `config`, take what you know."""
        return self.items("/destinations", accept=V2)

    def transformations(self) -> Iterator[dict[str, Any]]:
        """All transformations."""
        return self.items("/transformations")

    def schemas(self, connection_id: str) -> dict[str, Any] | None:
        """The schema configuration: schemas with their tables, by their names in the source.

        Returns:
            None for a connection that has none yet: it never synced.
        """
        try:
            return data_of(self.api.get(path_of(connection_id, "schemas")))
        except ApiNotFoundError as error:
            if error.code != "NotFound_SchemaConfig":
                raise
        return None

    def columns(self, connection_id: str, schema: str, table: str) -> dict[str, Any]:
        """The columns of a table, asked of the source at once.

        Args:
            connection_id: of the connection.
            schema: its name in the source.
            table: likewise.
        """
        path = path_of(connection_id, "schemas", schema, "tables", table, "columns")
        return data_of(self.api.read(path, timeout=SLOW).value)

    def history(
        self,
        connection_id: str,
        start: datetime,
        end: datetime,
        *,
        within: float | None = None,
    ) -> list[SyncRecord] | None:
        """The syncs between two moments, oldest first, each once.

        Args:
            connection_id: of the connection.
            start: however long ago: it is asked for week by week.
            end: of the span.
            within: seconds, for each page; see `ApiClient.read`.

        Returns:
            None where there is no history to be had, see `NO_HISTORY`.
        """
        try:
            return self.told_history(connection_id, start, end, within=within)
        except ApiCallError as error:
            if error.status in NO_HISTORY:
                return None
            raise

    def told_history(
        self,
        connection_id: str,
        start: datetime,
        end: datetime,
        *,
        within: float | None = None,
    ) -> list[SyncRecord]:
        """As `history`, for whom it must be there: that there is none to be had raises, too."""
        path = path_of(connection_id, "sync-history")
        found: list[SyncRecord] = []
        for first, last in spans(start, end):
            query = {"start_time": moment(first), "end_time": moment(last)}
            found += map(SyncRecord.read, self.items(path, query, within=within))
        return in_order(found)

    def connector_type(self, service: str) -> dict[str, Any]:
        """What Fivetran says of a service, `supported_features` among it."""
        return data_of(self.api.get(f"/metadata/connector-types/{segment(service)}"))

    def set_schedule(self, connection_id: str, schedule_type: str) -> Connection:
        """Set the type of its schedule; no setup tests are run.

        Args:
            connection_id: of the connection.
            schedule_type: `auto` or `manual`.
        """
        return self._change(connection_id, {"schedule_type": schedule_type}, repeatable=True)

    def set_paused(self, connection_id: str, paused: bool) -> Connection:
        """Pause it or let it sync again; no setup tests are run. Pausing stops what runs.

        Raises:
            ApiUnavailableError: Fivetran failed at it. Where `maybe_done` is set, it may have
                worked all the same: read the connection.
        """
        return self._change(connection_id, {"paused": paused}, repeatable=False)

    def _change(self, connection_id: str, change: dict[str, Any], repeatable: bool) -> Connection:
        path, body = path_of(connection_id), {**change, "run_setup_tests": False}
        reply = self.do("PATCH", path, body, repeatable=repeatable)
        found = Connection.read(data_of(reply.value), reply.date)
        return found if found.id else self.connection(connection_id)

    def sync(
        self,
        connection_id: str,
        *,
        force: bool = False,
        repeatable: bool | None = None,
        within: float | None = None,
    ) -> datetime | None:
        """Ask for a sync. Whether one runs then is not said.

        Args:
            connection_id: of the connection.
            force: stop the one that runs and start anew; else one that runs is left alone.
            repeatable: whether to ask again when the answer was lost; None: unless `force`.
            within: seconds, see `ApiClient.read`.

        Returns:
            When the server answered, by its clock; None if it does not say.
        """
        again = not force if repeatable is None else repeatable
        path = path_of(connection_id, "sync")
        return self.do("POST", path, {"force": force}, repeatable=again, within=within).date

    def test(self, connection_id: str, *, within: float | None = None) -> dict[str, Any]:
        """Run its setup tests.

        Returns:
            The connection's answer with `setup_tests`; of `config`, take nothing.

        Raises:
            ApiError: these are not in the answer, so that nothing is known of them.
        """
        path = path_of(connection_id, "test")
        reply = self.do("POST", path, {}, repeatable=True, within=within)
        return tested_in(path, data_of(reply.value))

    def resync(self, connection_id: str, *, within: float | None = None) -> datetime | None:
        """Have all data of all tables read again; see `sync` for what comes back."""
        path = path_of(connection_id, "resync")
        return self.do("POST", path, {}, repeatable=False, within=within).date

    def resync_tables(
        self,
        connection_id: str,
        scope: Mapping[str, Sequence[str]],
        *,
        within: float | None = None,
    ) -> datetime | None:
        """Have all data of some tables read again, and of no others; see `sync`.

        Args:
            connection_id: of the connection.
            scope: tables by schema, by their names in the source; neither empty.
            within: seconds, see `ApiClient.read`.

        Raises:
            ApiError: 400, single tables cannot be; 409, a sync runs.
            ResyncUnsupportedError: only one table at a time can be.
            ValueError: the scope, or a schema of it, is empty: that would be everything.
        """

        def post(names: tuple[str, ...], body: Mapping[str, Any]) -> datetime | None:
            path = path_of(connection_id, *names)
            return self.send("POST", path, body, repeatable=False, within=within).date

        tables = {schema: list(names) for schema, names in scope.items()}
        return resync_tables(post, tables, connection_id)
