"""Connections as objects, and what each of them syncs: schemas, tables and columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from kada_dagster.api.values import flag, list_of, object_of, text
from kada_dagster.extracts.contract import Confidence, json_cell, timestamp
from kada_dagster.fivetran.allowed import compact, scalars
from kada_dagster.fivetran.connection import Connection
from kada_dagster.fivetran.extraction.asking import Asking
from kada_dagster.fivetran.extraction.entries import write_entry
from kada_dagster.fivetran.extraction.flow import Flow, SyncedTable
from kada_dagster.fivetran.extraction.names import destination_schema
from kada_dagster.fivetran.extraction.places import source_place, unlisted_place
from kada_dagster.fivetran.extraction.reading import Reading
from kada_dagster.fivetran.extraction.tasks import Answer, Task

_INCOMPLETE, _CONNECTED, _DELETED = "incomplete", "connected", "DELETED"
_FACTS = (
    *("service", "service_version", "schedule_type", "sync_frequency", "daily_sync_time", "paused"),
    *("networking_method", "destination_schema_names", "data_delay_sensitivity"),
    *("data_delay_threshold", "hybrid_deployment_agent_id", "private_link_id"),
)
_STATES = ("sync_state", "update_state", "schema_status", "is_historical_sync", "rescheduled_for")


@dataclass(frozen=True)
class Connections:
    """Writes connections and what they sync.

    Attributes:
        reading: what all parts of the collector share.
        asking: asks for columns.
        columns: whether to ask for them.
    """

    reading: Reading
    asking: Asking
    columns: bool

    def is_asked(self, connection: Connection) -> bool:
        """Whether there may be a schema config: one whose set-up never succeeded has none."""
        return connection.setup_state != _INCOMPLETE

    def tasks(self, connection: Connection, answer: Answer) -> Iterator[Task]:
        """What to write of a connection, and to ask for.

        Args:
            connection: as listed.
            answer: its schema config.
        """
        yield Task(lambda _: self._write(connection, answer))
        flow, count = self._flow(connection), 0
        for name, schema in object_of(answer.data.get("schemas")).items():
            yield Task(partial(self._schema, connection, name, schema))
            for table_name, table in object_of(schema.get("tables")).items():
                yield self._table_task(flow, SyncedTable(name, schema, table_name, table))
                count += 1
        yield Task(lambda _: self.reading.progress(f"{connection.name}: tables", count))

    def _write(self, connection: Connection, answer: Answer) -> None:
        reading, output, group = self.reading, self.reading.output, connection.group_id
        item, names = reading.connection(connection.id), reading.names(connection)
        output.meta(
            item,
            "FIVETRAN_CONNECTION",
            names[-1],
            path=reading.path(*names),
            url=connection.url,
            created_at=timestamp(connection.created_at),
            parent_id=reading.parent(group),
            owner=connection.connected_by,
            status=connection.setup_state,
            attributes=json_cell(_facts(connection, answer)),
        )
        if group in reading.groups:
            output.member(item, reading.group(group))
        if group in reading.destinations:
            output.depends(item, reading.destination(group))
        else:
            output.warn("destination_missing", f"{connection.name}: {group}")
        if answer.problem:
            output.warn(answer.problem, answer.sample)

    def _flow(self, connection: Connection) -> Flow:
        reading, group = self.reading, connection.group_id
        name = reading.groups.get(group, "")
        target = reading.destinations.get(group) or unlisted_place(group, name, reading.mapping)
        source = source_place(connection, name, reading.mapping)
        return Flow(connection, reading.connection(connection.id), source, target)

    def _schema(
        self, connection: Connection, name: str, schema: Mapping[str, Any], _: Answer
    ) -> None:
        write_entry(self.reading, connection, (name,), schema)
        said = text(schema.get("name_in_destination"))
        if said and destination_schema(connection, said).confidence is not Confidence.DIRECT:
            self.reading.output.warn("schema_without_prefix", f"{connection.name}: {said}")

    def _table_task(self, flow: Flow, synced: SyncedTable) -> Task:
        write = partial(self._table, flow, synced)
        connection = flow.connection
        if not self.columns or connection.setup_state != _CONNECTED or not is_on(synced):
            return Task(write)
        names = (connection.id, synced.schema_name, synced.name)
        return Task(write, partial(self.asking.columns, *names, synced.table))

    def _table(self, flow: Flow, synced: SyncedTable, answer: Answer) -> None:
        names = (synced.schema_name, synced.name)
        write_entry(self.reading, flow.connection, names, synced.table)
        listed = object_of(synced.table.get("columns"))
        columns = {**listed, **object_of(answer.data.get("columns"))}
        for name, column in columns.items():
            write_entry(self.reading, flow.connection, (*names, name), column)
        if answer.problem:
            self.reading.output.warn(answer.problem, answer.sample)
        if is_on(synced):
            flow.write(self.reading.output, synced, columns)


def is_on(synced: SyncedTable) -> bool:
    """Whether rows of a table get to the destination."""
    flags = (flag(synced.schema.get("enabled")), flag(synced.table.get("enabled")))
    return False not in flags and synced.table.get("reason_code") != _DELETED


def _facts(connection: Connection, answer: Answer) -> dict[str, object]:
    status = object_of(connection.raw.get("status"))
    return compact(
        **scalars(connection.raw, *_FACTS),
        **scalars(status, *_STATES),
        **scalars(answer.data, "schema_change_handling", "enable_new_by_default"),
        succeeded_at=timestamp(connection.succeeded_at),
        failed_at=timestamp(connection.failed_at),
        tasks=_codes(status.get("tasks")),
        warnings=_codes(status.get("warnings")),
        config=dict(connection.config),
    )


def _codes(entries: object) -> list[str]:
    """The codes of tasks or warnings; their messages may quote data."""
    return [code for one in list_of(entries) if (code := text(object_of(one).get("code")))]
