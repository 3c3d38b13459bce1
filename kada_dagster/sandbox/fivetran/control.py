"""What is asked of connections: sync, re-sync, pause, resume, schedule, setup tests."""

from __future__ import annotations

from kada_dagster.sandbox.fivetran.connection import Connection, Start
from kada_dagster.sandbox.fivetran.engine import RECONNECT, Engine
from kada_dagster.sandbox.fivetran.outcomes import EXPIRED, Outcome
from kada_dagster.sandbox.fivetran.quirks import Quirks
from kada_dagster.sandbox.fivetran.refusal import conflict, invalid, not_found, not_stopped
from kada_dagster.sandbox.fivetran.setup_tests import PASSED, SetupTest, let_in
from kada_dagster.sandbox.fivetran.syncs import Scope
from kada_dagster.sandbox.fivetran.timeline import Timeline
from kada_dagster.sandbox.fivetran.times import SECOND

STOP_LIMIT = 60.0
"""Seconds after which a call that stops a sync gives up."""

_FAILED = (SetupTest("Connecting to host"), SetupTest("Checking permissions", "FAILED", EXPIRED))


class Control:
    """Does what is asked. Calls that take the vendor's time let it pass on the clock.

    Args:
        timeline: when things happen.
        engine: the life of connections.
        quirks: of the API.
    """

    def __init__(self, timeline: Timeline, engine: Engine, quirks: Quirks) -> None:
        self._timeline, self._engine, self._quirks = timeline, engine, quirks

    def sync(self, connection: Connection, force: bool = False) -> None:
        """Start a sync; with `force` in place of one that runs.

        Raises:
            RefusedError: 500, the one that runs could not be stopped in time; 409, paused.
        """
        with self._timeline.settled():
            if connection.ignores:
                connection.ignores -= 1
                return
            stops = connection.stop_seconds if force and connection.running else 0.0
        self._pass(min(stops, STOP_LIMIT))
        with self._timeline.settled() as now:
            if stops > STOP_LIMIT:
                raise not_stopped()
            self._request(connection, force, now)

    def _request(self, connection: Connection, force: bool, now: int) -> None:
        if connection.paused and self._quirks.paused_sync == "refused":
            raise conflict("The connection is paused")
        if connection.running and not force:
            return
        start = Start("force" if connection.running else "request")
        if connection.running:
            # It is due already, so that the end of the old one plans nothing else.
            connection.due = (now, start)
            self._engine.end(connection, Outcome("canceled", reason="A sync was forced"))
        early = connection.rescheduled_for is not None and now < connection.rescheduled_for
        if not connection.can_start or (early and self._quirks.early_sync == "nothing"):
            return
        if connection.queued:
            start, connection.queued = connection.queued, None
        delay = round(self._quirks.start_delay * SECOND)
        self._engine.start_at(connection, now + delay, start)

    def pause(self, connection: Connection) -> None:
        """Pause it; a sync that runs ends.

        Raises:
            RefusedError: 500, the sync was not stopped in time; the connection is paused anyway.
        """
        with self._timeline.settled() as now:
            connection.paused, connection.due, connection.rescheduled_for = True, None, None
            connection.changed()
            self._engine.tell("pause_connector", connection, None)
            stops = connection.stop_seconds if connection.running else 0.0
            paused = Outcome.pauses()
            if connection.running and not stops:
                self._engine.end(connection, paused)
            elif connection.running:
                self._engine.end_at(connection, now + round(stops * SECOND), paused)
        self._pass(min(stops, STOP_LIMIT))
        if stops > STOP_LIMIT:
            raise not_stopped()

    def resume(self, connection: Connection) -> None:
        """Let it sync again; what is late starts at once."""
        with self._timeline.settled():
            if connection.paused:
                connection.paused = False
                connection.changed()
                self._engine.tell("resume_connector", connection, None)
                self._engine.plan(connection)

    def resync(self, connection: Connection, scope: Scope | None = None) -> None:
        """Read all data again, or that of some tables.

        Raises:
            RefusedError: 400, 404, the scope; 409, a sync runs and does not end in time.
        """
        with self._timeline.settled() as now:
            self._check(connection, scope)
            running = connection.running
            rest = (running.ends - now) / SECOND if running else 0.0
        self._pass(min(rest, self._quirks.resync_patience))
        with self._timeline.settled():
            if connection.running:
                raise conflict("A sync is in progress and cannot be completed. Try again later")
            connection.is_historical = connection.is_historical or scope is None
            connection.queued = Start("resync", scope)
            connection.changed()
            event = "resync_connector" if scope is None else "resync_table"
            self._engine.tell(event, connection, None)
            self._engine.plan(connection)

    def _check(self, connection: Connection, scope: Scope | None) -> None:
        if scope is None:
            return
        if not scope or not all(scope.values()):
            raise invalid("The scope and the tables of each schema in it must not be empty")
        if not connection.service.resyncs_tables:
            raise invalid(f"{connection.service.name} does not support table-level re-sync")
        config = connection.config if connection.has_schemas else None
        for schema, tables in scope.items():
            for table in tables:
                if config is None or config.table(schema, table) is None:
                    raise not_found("Table", f"{schema}.{table}")

    def schedule(self, connection: Connection, schedule_type: str) -> None:
        """Set the type of its schedule."""
        with self._timeline.settled():
            if schedule_type != connection.schedule_type:
                connection.schedule_type = "manual" if schedule_type == "manual" else "auto"
                connection.changed()
                self._engine.plan(connection)

    def reschedule(self, connection: Connection) -> None:
        """Plan anew, after what the schedule depends on was changed."""
        with self._timeline.settled():
            self._engine.plan(connection)

    def restart(self, connection: Connection) -> None:
        """Begin a historical sync now, in place of one that runs."""
        with self._timeline.settled() as now:
            connection.is_historical, start = True, Start("resync")
            connection.due = (now, start)
            connection.changed()
            self._engine.end(connection, Outcome("canceled", reason="A historical sync was begun"))
            self._engine.start(connection, start)

    def test(self, connection: Connection) -> tuple[SetupTest, ...]:
        """Run the setup tests, and believe them."""
        with self._timeline.settled():
            usual = PASSED if connection.setup_state == "connected" else _FAILED
            results = connection.tests.popleft() if connection.tests else usual
            if let_in(results):
                self.repair(connection)
            elif connection.setup_state == "connected":
                self.break_down(connection)
            return results

    def repair(self, connection: Connection) -> None:
        """Let its setup be right."""
        with self._timeline.settled():
            if connection.setup_state != "connected":
                connection.setup_state = "connected"
                connection.tasks.clear()
                connection.changed()
                self._engine.plan(connection)

    def break_down(self, connection: Connection) -> None:
        """Let its setup be broken; a sync that runs fails."""
        with self._timeline.settled():
            connection.setup_state = "broken"
            connection.tasks.append(RECONNECT)
            connection.changed()
            self._engine.end(connection, Outcome.failure(EXPIRED))

    def _pass(self, seconds: float) -> None:
        if seconds > 0:
            self._timeline.clock.wait(seconds)
