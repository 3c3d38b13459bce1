"""What META must hold of an account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kada_dagster.extracts.contract import json_cell, timestamp
from kada_dagster.extracts.identity import object_id, object_path
from kada_dagster.sandbox.fivetran.connection import Connection, Notice
from kada_dagster.sandbox.fivetran.estate import Group
from kada_dagster.sandbox.fivetran.schema_config import Column
from kada_dagster.sandbox.fivetran.times import datetime_of, written, written_or_none
from kada_dagster.sandbox.fivetran.transformation import Transformation
from kada_dagster.sandbox.fivetran.truth_facts import MetaFact, cleaned
from kada_dagster.sandbox.fivetran.truth_names import kept_config
from kada_dagster.sandbox.fivetran.truth_synced import Entry, entries_of, schemas_of
from kada_dagster.sandbox.fivetran.world import FivetranWorld

_CONFIGURABLE = (
    *("networking_method", "destination_schema_names", "data_delay_sensitivity"),
    *("data_delay_threshold", "hybrid_deployment_agent_id", "private_link_id"),
)
_IN_SCHEDULES = ("schedule_type", "interval", "time_of_day", "smart_syncing")


def meta(world: FivetranWorld, host: str, *, columns: bool = False) -> list[MetaFact]:
    """Every row, sorted.

    Args:
        world: the account, as it is now.
        host: its label in K.
        columns: whether columns are asked for.
    """
    with world.timeline.settled() as now:
        return cleaned(_Meta(world, host, columns).rows(now))


class _Meta:
    def __init__(self, world: FivetranWorld, host: str, columns: bool) -> None:
        self._estate, self._digits = world.estate, world.quirks.digits
        self._host, self._columns = host, columns

    def rows(self, now: int) -> Iterator[MetaFact]:
        for group in self._estate.groups.values():
            yield from self._group(group)
        for connection in self._estate.connections.values():
            yield self._connection(connection)
            for schema in schemas_of(connection):
                ids = (connection.id, schema.name)
                facts = _switches(schema.enabled, schema.name_in_destination)
                yield self._entry(connection, "DATASET", "schema", ids, facts)
            for entry in entries_of(connection):
                yield from self._table(entry)
        for transformation in self._estate.transformations.values():
            yield from self._transformation(transformation, now)

    def _group(self, group: Group) -> Iterator[MetaFact]:
        own, name = self._id("group", group.id), group.name or group.id
        path, made = object_path(self._host, name), self._moment(group.created_at)
        yield MetaFact("WORKSPACE", own, "FIVETRAN_GROUP", name, path, created_at=made)
        facts = {
            "service": group.service,
            "region": group.region,
            "time_zone_offset": "0",
            "daylight_saving_time_enabled": True,
            "networking_method": "Directly",
            "config": kept_config(group.config),
        }
        yield MetaFact(
            "TOOL",
            self._id("destination", group.id),
            "FIVETRAN_DESTINATION",
            name,
            path,
            own,
            status=group.setup_status.lower(),
            attributes=_cell(facts),
        )

    def _connection(self, connection: Connection) -> MetaFact:
        return MetaFact(
            "PIPELINE",
            self._id("connection", connection.id),
            "FIVETRAN_CONNECTION",
            connection.schema or connection.id,
            self._path(connection),
            self._parent(connection),
            f"https://fivetran.com/dashboard/connections/{connection.id}/status",
            self._moment(connection.created_at),
            connection.connected_by,
            connection.setup_state,
            _cell({**self._of_connection(connection), **_of_schemas(connection)}),
        )

    def _of_connection(self, connection: Connection) -> dict[str, Any]:
        settings = {
            "networking_method": "Directly",
            "data_delay_sensitivity": "NORMAL",
            "data_delay_threshold": 0,
            **connection.fields,
        }
        return {
            **{key: settings.get(key) for key in _CONFIGURABLE},
            "service": connection.service.id,
            "service_version": connection.service.version,
            "schedule_type": connection.schedule_type,
            "sync_frequency": connection.sync_frequency,
            "daily_sync_time": connection.daily_sync_time,
            "paused": connection.paused,
            "sync_state": connection.sync_state,
            "update_state": connection.update_state,
            "schema_status": connection.schema_status,
            "is_historical_sync": connection.is_historical,
            "rescheduled_for": written_or_none(connection.rescheduled_for, self._digits),
            "tasks": _codes(connection.tasks),
            "warnings": _codes(connection.warnings),
            "succeeded_at": self._moment(connection.succeeded_at),
            "failed_at": self._moment(connection.failed_at),
            "config": kept_config(connection.fields.get("config")),
        }

    def _table(self, entry: Entry) -> Iterator[MetaFact]:
        ids = (entry.connection.id, entry.schema.name, entry.table.name)
        table = entry.table
        facts = {
            **_switches(table.enabled, table.name_in_destination, table.locked),
            "sync_mode": table.sync_mode,
        }
        yield self._entry(entry.connection, "DATASET_TABLE", "table", ids, facts)
        for column in entry.columns(self._columns):
            own = (*ids, column.name)
            facts = _of_column(column)
            yield self._entry(entry.connection, "DATASET_FIELD", "column", own, facts)

    def _entry(
        self,
        connection: Connection,
        type: str,
        kind: str,
        ids: tuple[str, ...],
        facts: Mapping[str, Any],
    ) -> MetaFact:
        holders = {"schema": "connection", "table": "schema", "column": "table"}
        return MetaFact(
            type,
            self._id(kind, *ids),
            f"FIVETRAN_{kind.upper()}",
            ids[-1],
            f"{self._path(connection)}.{object_path(*ids[1:])}",
            self._id(holders[kind], *ids[:-1]),
            attributes=_cell(facts),
        )

    def _transformation(self, one: Transformation, now: int) -> Iterator[MetaFact]:
        one.settle(now)
        own, path = self._id("transformation", one.id), object_path(self._host, one.id)
        yield MetaFact(
            "PIPELINE",
            own,
            "FIVETRAN_TRANSFORMATION",
            one.id,
            path,
            created_at=self._moment(one.created_at),
            owner="sandbox_owner",
            status=one.status,
            attributes=_cell(_of_transformation(one)),
        )
        for model in one.outputs:
            place = f"{path}.{object_path(model)}"
            number = self._id("model", one.id, model)
            yield MetaFact("DATASET_TABLE", number, "FIVETRAN_MODEL", model, place, own)

    def _parent(self, connection: Connection) -> str:
        is_there = connection.group_id in self._estate.groups
        return self._id("group", connection.group_id) if is_there else ""

    def _path(self, connection: Connection) -> str:
        group = self._estate.groups.get(connection.group_id)
        name = (group.name if group else "") or connection.group_id
        return object_path(self._host, name, connection.schema or connection.id)

    def _id(self, *names: str) -> str:
        return object_id(self._host, *names)

    def _moment(self, moment: int | None) -> str:
        """A moment as far as the API tells it."""
        if moment is None:
            return ""
        unit = 10 ** (6 - self._digits)
        return timestamp(datetime_of(moment // unit * unit))


def _of_schemas(connection: Connection) -> dict[str, Any]:
    config = connection.config
    if config is None or connection.setup_state == "incomplete" or not connection.has_schemas:
        return {}
    handling = config.schema_change_handling
    return {
        "schema_change_handling": handling,
        "enable_new_by_default": handling == "ALLOW_ALL",
    }


def _of_column(column: Column) -> dict[str, Any]:
    facts = _switches(column.enabled, column.name_in_destination, column.locked)
    return {**facts, "hashed": column.hashed, "is_primary_key": column.is_primary_key}


def _of_transformation(one: Transformation) -> dict[str, Any]:
    given = one.schedule
    schedule = {key: given.get(key) for key in _IN_SCHEDULES}
    schedule.update({key: sorted(given.get(key, ())) for key in ("cron", "days_of_week")})
    return {
        "type": one.type,
        "paused": one.paused,
        "last_started_at": written(one.started) if one.started else None,
        "last_ended_at": written(one.ended) if one.ended else None,
        "schedule": {key: value for key, value in schedule.items() if value not in (None, [])},
    }


def _switches(enabled: bool, name: str, locked: str = "") -> dict[str, Any]:
    return {"enabled": enabled, "name_in_destination": name, "reason_code": locked}


def _codes(notices: list[Notice]) -> list[str]:
    return [one.code for one in notices if one.code]


def _cell(facts: Mapping[str, Any]) -> str:
    """As a JSON cell, without what is empty."""
    return json_cell({key: one for key, one in facts.items() if one not in ("", None, [], {})})
