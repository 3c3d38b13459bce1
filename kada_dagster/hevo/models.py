"""Models: SQL that Hevo runs in a destination, and what it reads and writes there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from kada_dagster.api.values import list_of, object_of, text
from kada_dagster.extracts.contract import Confidence, json_cell
from kada_dagster.extracts.output import Item
from kada_dagster.extracts.tables import Table, column_item, table_item
from kada_dagster.hevo.classic import schedule_of
from kada_dagster.hevo.client import CLASSIC, path_of
from kada_dagster.hevo.connections import Connection
from kada_dagster.hevo.crawl import Task
from kada_dagster.hevo.reading import Reading, compact

if TYPE_CHECKING:
    from kada_dagster.sql_lineage import SqlLineage, TableName


class Models:
    """Reads models.

    Args:
        reading: what all parts of the collector share.
        destinations: the account's classic destinations by id.
    """

    def __init__(self, reading: Reading, destinations: dict[str, Connection]) -> None:
        self._reading, self._output = reading, reading.output
        self._destinations = destinations

    def tasks(self) -> Iterator[Task]:
        """What to write of the models; the detail is asked for where the list has no SQL."""
        for given in self._reading.crawl.items(CLASSIC, "models"):
            number = text(given.get("id"))
            if not number:
                self._output.warn("without_name", "model")
                continue
            path = "" if "source_query" in given else path_of(CLASSIC, "models", number)
            yield Task(partial(self._write, given), path, trim=trim, is_kept=False)

    def _write(self, given: dict[str, Any], detail: dict[str, Any]) -> None:
        model = {**given, **detail}
        number, name = text(model.get("id")), text(model.get("name"))
        item = Item("PIPELINE", self._reading.id("model", number))
        destination_id = _destination_id(model)
        connection = self._destinations.get(destination_id)
        target = object_of(model.get("destination_table_details"))
        facts = compact(
            target,
            *("table_name", "load_type"),
            primary_keys=[text(key) for key in list_of(target.get("primary_keys"))],
            destination_id=destination_id,
            schedule=schedule_of(model.get("schedule")),
        )
        sql = text(model.get("source_query"))
        is_new = self._output.meta(
            item,
            "HEVO_MODEL",
            name or number,
            path=self._reading.path(name or number),
            query_code=self._reading.masker.sql(sql, connection.dialect if connection else ""),
            status=text(model.get("status")),
            attributes=json_cell(facts),
        )
        if destination_id:
            self._output.depends(item, self._reading.destination(destination_id))
        if is_new:
            self._link(item, name or number, sql, connection, text(target.get("table_name")))

    def _link(
        self, item: Item, name: str, sql: str, connection: Connection | None, table: str
    ) -> None:
        if connection is None:
            return self._output.warn("model_without_destination", name)
        target = connection.table("", "", table) if table else None
        if target is None:
            self._output.warn("table_not_named", f"model {name}: {table}")
        else:
            self._output.lineage(item, table_item(target), Confidence.DIRECT)
        if sql.strip():
            self._read(item, name, _analysed(sql, connection), connection, target)

    def _read(
        self,
        item: Item,
        name: str,
        found: SqlLineage,
        connection: Connection,
        target: Table | None,
    ) -> None:
        """Write what the SQL reads."""
        for problem in found.problems:
            self._output.warn("sql_not_understood", f"model {name}: {problem}")
        for one in found.tables:
            table = _named(connection, one)
            if table is None:
                self._output.warn("table_not_named", f"model {name}: {one.name}")
                continue
            self._output.lineage(table_item(table), item, Confidence.PARSED)
            if target is not None:
                self._output.lineage(table_item(table), table_item(target), Confidence.PARSED)
        if target is not None:
            self._columns(found, connection, target)

    def _columns(self, found: SqlLineage, connection: Connection, target: Table) -> None:
        for column in sorted(found.columns):
            for table_name, origin in sorted(found.columns[column]):
                table = _named(connection, table_name)
                if table is not None:
                    self._output.lineage(
                        column_item(table, origin), column_item(target, column), Confidence.PARSED
                    )


def trim(answer: dict[str, Any]) -> dict[str, Any]:
    """What is used of a model."""
    keys = ("source_query", "source_destination_id", "destination_id", "schedule")
    kept = {key: answer[key] for key in (*keys, "destination_table_details") if key in answer}
    return {**kept, "source_query": text(answer.get("source_query"))}


def _destination_id(model: dict[str, Any]) -> str:
    return text(model.get("source_destination_id")) or text(model.get("destination_id"))


def _analysed(sql: str, connection: Connection) -> SqlLineage:
    from kada_dagster.sql_lineage import analyse

    return analyse(
        sql,
        dialect=connection.dialect or connection.kind,
        database=connection.database or None,
        schema=connection.schema or None,
    )


def _named(connection: Connection, table: TableName) -> Table | None:
    """The table's name in K; the names are as the database stores them already."""
    return connection.stored_table(table.database or "", table.schema or "", table.name)
