"""Connections: listed, shown, changed, synced, tested."""

from __future__ import annotations

from typing import Any

from kada_dagster.sandbox.fivetran.call import Call, ok
from kada_dagster.sandbox.fivetran.changes import checked, runs_tests
from kada_dagster.sandbox.fivetran.connection import Connection
from kada_dagster.sandbox.fivetran.paging import page
from kada_dagster.sandbox.fivetran.payload import dumped, tested
from kada_dagster.sandbox.fivetran.refusal import RefusedError, conflict, invalid
from kada_dagster.sandbox.fivetran.setup_tests import SetupTest
from kada_dagster.sandbox.fivetran.world import FivetranWorld
from kada_dagster.sandbox.web import Answer

_SET = ("pause_after_trial", "sync_frequency", "daily_sync_time", "schema_status")
_SHOWN = ("data_delay_threshold", "data_delay_sensitivity", "networking_method",
          "hybrid_deployment_agent_id", "proxy_agent_id", "private_link_id",
          "destination_configuration")  # fmt: skip


class ConnectionRoutes:
    """Answers about connections of a world."""

    def __init__(self, world: FivetranWorld) -> None:
        self._world = world

    def list(self, call: Call) -> Answer:
        """GET connections."""
        return self._listed(call, "Connections list retrieved successfully", None)

    def list_of_group(self, call: Call, group: str) -> Answer:
        """GET groups/{}/connections."""
        self._world.estate.group(group)
        return self._listed(call, "Group connections retrieved successfully", group)

    def _listed(self, call: Call, message: str, group: str | None) -> Answer:
        world = self._world
        with world.timeline.settled():
            of = group or call.query.get("group_id")
            rows = world.estate.chosen(of, call.query.get("schema"))
            return page(
                message,
                rows,
                {**call.query, "of": of or ""},
                lambda one: dumped(one, world.quirks),
                null_at_end=world.quirks.null_cursor,
            )

    def one(self, _call: Call, id: str) -> Answer:
        """GET connections/{}."""
        return self._shown("Connection details retrieved successfully", id)

    def _shown(self, message: str, id: str, results: tuple[SetupTest, ...] | None = None) -> Answer:
        with self._world.timeline.settled():
            found = self._world.estate.connection(id)
            return ok(message, tested(found, self._world.quirks, results))

    def change(self, call: Call, id: str) -> Answer:
        """PATCH connections/{}."""
        connection = self._world.estate.connection(id)
        fields = checked(call.fields())
        stopped = self._change(connection, fields)
        results = self._world.run_tests(id) if runs_tests(fields) else None
        if stopped:
            raise stopped
        return self._shown("Connection has been updated", id, results)

    def _change(self, connection: Connection, fields: Any) -> RefusedError | None:
        """Change what is to be changed; a pause that took too long is told in the end."""
        control, stopped = self._world.control, None
        with self._world.timeline.settled():
            for name in _SET:
                setattr(connection, name, fields.get(name, getattr(connection, name)))
            connection.fields.update({name: fields[name] for name in _SHOWN if name in fields})
            connection.changed()
            self._world.webhooks.tell("edit_connector", connection, None)
        if "sync_frequency" in fields or "daily_sync_time" in fields:
            control.reschedule(connection)
        if "schedule_type" in fields:
            control.schedule(connection, fields["schedule_type"])
        if fields.get("is_historical_sync"):
            control.restart(connection)
        if "paused" in fields:
            try:
                (control.pause if fields["paused"] else control.resume)(connection)
            except RefusedError as error:
                stopped = error
        return stopped

    def sync(self, call: Call, id: str) -> Answer:
        """POST connections/{}/sync."""
        force = call.fields().get("force", False)
        if not isinstance(force, bool):
            raise invalid("Invalid value of force")
        return self._synced(id, force)

    def force(self, _call: Call, id: str) -> Answer:
        """POST connectors/{}/force: the older word for a forced sync."""
        return self._synced(id, True)

    def _synced(self, id: str, force: bool) -> Answer:
        self._world.start_sync(id, force=force)
        return ok(f"Sync has been successfully triggered for connection with id '{id}'")

    def test(self, call: Call, id: str) -> Answer:
        """POST connections/{}/test; a body is needed, an empty object will do."""
        self._world.estate.connection(id)
        if not call.body:
            raise invalid("The request body is missing")
        for name, value in call.fields().items():
            if name not in ("trust_certificates", "trust_fingerprints") or value not in (0, 1):
                raise invalid(f"Invalid value of {name}")
        return self._shown("Setup tests have been completed", id, self._world.run_tests(id))

    def state(self, _call: Call, id: str) -> Answer:
        """GET connections/{}/state, of connections that are programs."""
        state = self._program(id).state
        return ok("Connection state retrieved successfully", {"state": state})

    def set_state(self, call: Call, id: str) -> Answer:
        """PATCH connections/{}/state, of a program that is paused."""
        with self._world.timeline.settled():
            connection, state = self._program(id), call.fields().get("state")
            if not isinstance(state, dict):
                raise invalid("state must be an object")
            if connection.running:
                raise conflict("A sync is in progress")
            if not connection.paused:
                raise invalid("The connection must be paused")
            connection.state = {**state}
            return ok("Connection state has been updated", {"state": connection.state})

    def _program(self, id: str) -> Connection:
        found = self._world.estate.connection(id)
        if not found.service.has_state:
            raise invalid(f"{found.service.name} does not support connection state")
        return found
