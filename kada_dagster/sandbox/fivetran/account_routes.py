"""The account, groups, destinations, kinds of connections, transformations."""

from __future__ import annotations

from typing import Any

from kada_dagster.sandbox.fivetran.call import Call, ok
from kada_dagster.sandbox.fivetran.paging import in_json, page
from kada_dagster.sandbox.fivetran.refusal import invalid, not_found
from kada_dagster.sandbox.fivetran.services import SERVICES
from kada_dagster.sandbox.fivetran.world import FivetranWorld
from kada_dagster.sandbox.web import Answer


class AccountRoutes:
    """Answers about what is around the connections of a world."""

    def __init__(self, world: FivetranWorld) -> None:
        self._world = world

    def info(self, _call: Call) -> Answer:
        """GET account/info."""
        estate = self._world.estate
        data = {"account_id": estate.account_id, "account_name": estate.account_name}
        user = {"user_id": "sandbox_owner"}
        return ok("Account information retrieved successfully", {**data, **user})

    def groups(self, call: Call) -> Answer:
        """GET groups."""
        rows = [one.payload() for one in self._world.estate.groups.values()]
        return self._page(call, "Groups retrieved successfully", rows)

    def group(self, _call: Call, id: str) -> Answer:
        """GET groups/{}."""
        found = self._world.estate.group(id)
        return ok("Group details retrieved successfully", found.payload())

    def destinations(self, call: Call) -> Answer:
        """GET destinations."""
        rows = [one.destination() for one in self._world.estate.groups.values()]
        return self._page(call, "Destinations list retrieved successfully", rows)

    def destination(self, _call: Call, id: str) -> Answer:
        """GET destinations/{}."""
        found = self._world.estate.destination(id)
        return ok("Destination details retrieved successfully", found.destination())

    def connector_types(self, call: Call) -> Answer:
        """GET metadata/connector-types."""
        rows = [one.payload() for one in SERVICES.values()]
        return self._page(call, "Connectors list retrieved successfully", rows)

    def connector_type(self, _call: Call, service: str) -> Answer:
        """GET metadata/connector-types/{}."""
        if service not in SERVICES:
            raise not_found("Connector", service)
        data = SERVICES[service].payload(whole=True)
        return ok("Connector configuration retrieved successfully", data)

    def transformations(self, call: Call) -> Answer:
        """GET transformations."""
        with self._world.timeline.settled() as now:
            rows = [
                one.payload(now)
                for one in self._world.estate.transformations.values()
                if all(
                    call.query.get(name, value) == value
                    for name, value in (
                        ("group_id", one.group_id),
                        ("project_id", one.project_id),
                        ("type", one.type),
                    )
                )
            ]
        return self._page(call, "Transformations list retrieved successfully", rows)

    def transformation(self, _call: Call, id: str) -> Answer:
        """GET transformations/{}."""
        with self._world.timeline.settled() as now:
            found = self._world.estate.transformation(id)
            return ok("Transformation details retrieved successfully", found.payload(now))

    def change_transformation(self, call: Call, id: str) -> Answer:
        """PATCH transformations/{}: `paused` and `schedule`."""
        fields = call.fields()
        with self._world.timeline.settled() as now:
            found = self._world.estate.transformation(id)
            found.paused = bool(fields.get("paused", found.paused))
            found.schedule = fields.get("schedule", found.schedule)
            return ok("Transformation has been updated", found.payload(now))

    def run_transformation(self, call: Call, id: str) -> Answer:
        """POST transformations/{}/run."""
        if not isinstance(call.fields().get("full_refresh", False), bool):
            raise invalid("Invalid value of full_refresh")
        with self._world.timeline.settled() as now:
            self._world.estate.transformation(id).run(now)
        return ok(f"Transformation with id '{id}' has been started")

    def cancel_transformation(self, _call: Call, id: str) -> Answer:
        """POST transformations/{}/cancel."""
        with self._world.timeline.settled() as now:
            self._world.estate.transformation(id).cancel(now)
        return ok(f"Transformation with id '{id}' has been canceled")

    def _page(self, call: Call, message: str, rows: list[dict[str, Any]]) -> Answer:
        ends = self._world.quirks.null_cursor
        return page(message, rows, call.query, in_json, null_at_end=ends)
