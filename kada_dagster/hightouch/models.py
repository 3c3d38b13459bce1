"""Models as objects, what they read, and the fields that syncs take from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kada_dagster.api.values import flag, text, whole
from kada_dagster.extracts.contract import Confidence, json_cell
from kada_dagster.extracts.output import Item
from kada_dagster.extracts.tables import column_item, table_item
from kada_dagster.hightouch.allowed import compact, tags_of
from kada_dagster.hightouch.columns import Columns
from kada_dagster.hightouch.connections import Connection
from kada_dagster.hightouch.databases import READABLE
from kada_dagster.hightouch.inventory import dates_of
from kada_dagster.hightouch.model_kinds import (
    CUSTOM,
    DBT,
    DBT_CLOUD,
    RAW_SQL,
    TABLE,
    VISUAL,
    Made,
    made_of,
)
from kada_dagster.hightouch.queries import Reads, read_query, read_table
from kada_dagster.hightouch.reading import Reading, sure


@dataclass(frozen=True)
class Model:
    """What is kept of a model for those that need it: visual models and syncs.

    Attributes:
        id: as the API has it.
        item: its object.
        names: its path behind the host.
        parent: id of the model a visual one is made from; None for any other kind.
        tables: what it reads.
        columns: the fields it has.
    """

    id: str
    item: Item
    names: tuple[str, ...]
    parent: str | None
    tables: tuple[Item, ...]
    columns: Columns


class Models:
    """Reads models.

    Args:
        reading: what all parts of the collector share.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading, self._output = reading, reading.output
        self._known: dict[str, Model] = {}

    def find(self, number: str) -> Model | None:
        """The model of an id."""
        return self._known.get(number)

    def field(self, model: Model, name: str) -> Item:
        """Write a field of a model; its name as the model has it."""
        item = self._reading.item("DATASET_FIELD", "model_field", model.id, name)
        names = (*model.names, name)
        self._reading.write_field(item, "HIGHTOUCH_MODEL_FIELD", names, model.item)
        return item

    def chain(self, model: Model) -> list[Model] | None:
        """A model, its parent, and so on to one that is not visual; None where there is no end."""
        chain, seen = [model], {model.id}
        while (parent := chain[-1].parent) is not None:
            found = self._known.get(parent)
            if found is None or found.id in seen:
                return None
            chain.append(found)
            seen.add(found.id)
        return chain

    def write(self, given: Mapping[str, Any]) -> None:
        """Write a model and, unless it is visual, what it reads."""
        number = text(given.get("id"))
        if not number:
            return self._output.warn("without_id", "model")
        if number in self._known:
            return None
        made, name = made_of(given), text(given.get("name")) or number
        source = self._reading.sources.get(text(given.get("sourceId")))
        item = self._reading.item("DATASET", "model", number)
        names = (source.name, name) if source else (name,)
        self._write_object(given, made, item, names, source)
        reads = self._reads(made, source, f"model {name}")
        self._write_reads(number, item, names, made, reads)
        return None

    def write_inherited(self) -> None:
        """Write what visual models get from their parents; once all models are written."""
        for model in self._known.values():
            if model.parent is None:
                continue
            chain = self.chain(model)
            if chain is None:
                self._output.warn(*self._endless(model))
                continue
            self._output.lineage(chain[1].item, model.item, Confidence.DIRECT)
            for table in chain[-1].tables:
                self._output.lineage(table, model.item, Confidence.INHERITED)

    def _endless(self, model: Model) -> tuple[str, str]:
        seen: set[str] = set()
        current: Model | None = model
        while current is not None and current.id not in seen:
            seen.add(current.id)
            current = self._known.get(current.parent or "")
        return "parent_missing" if current is None else "visual_cycle", f"model {model.names[-1]}"

    def _write_object(
        self,
        given: Mapping[str, Any],
        made: Made,
        item: Item,
        names: tuple[str, ...],
        source: Connection | None,
    ) -> None:
        facts = compact(
            kind=made.kind,
            slug=text(given.get("slug")),
            primary_key=text(given.get("primaryKey")),
            is_schema=flag(given.get("isSchema")),
            last_run_size=whole(given.get("lastRunSize")),
            tags=tags_of(given.get("tags")),
            folder_id=text(given.get("folderId")),
            parent_id=made.parent,
            dbt_unique_id=made.dbt_id,
        )
        self._output.meta(
            item,
            "HIGHTOUCH_MODEL",
            names[-1],
            description=text(given.get("description")),
            path=self._reading.path(*names),
            query_code=self._reading.masker.sql(made.code, source.kind if source else ""),
            parent_id=self._reading.item("TOOL", "source", source.id).id if source else "",
            attributes=json_cell(facts),
            **dates_of(given),
        )

    def _reads(self, made: Made, source: Connection | None, what: str) -> Reads:
        """What a model reads, by its kind; problems are counted."""
        if source is None:
            self._output.warn("source_missing", what)
        if made.kind == VISUAL:
            return Reads()
        if made.kind not in (RAW_SQL, TABLE, DBT, DBT_CLOUD):
            code = "model_without_sql" if made.kind == CUSTOM else "model_kind_unknown"
            self._output.warn(code, f"{what}: {made.kind}")
            return Reads()
        reads = read_model(made, source)
        for code, sample in reads.problems:
            self._output.warn(code, f"{what}: {sample}")
        return reads

    def _write_reads(
        self, number: str, item: Item, names: tuple[str, ...], made: Made, reads: Reads
    ) -> None:
        parent = made.parent if made.kind == VISUAL else None
        tables = tuple(table_item(named.table) for named in reads.tables)
        model = Model(number, item, names, parent, tables, reads.columns)
        self._known[number] = model
        for named, table in zip(reads.tables, tables, strict=True):
            self._output.lineage(table, item, sure(named, reads.confidence))
        for name, origins in reads.outputs:
            for named, column in origins:
                source = column_item(named.table, column)
                confidence = sure(named, reads.confidence)
                self._output.lineage(source, self.field(model, name), confidence)


def read_model(made: Made, source: Connection | None) -> Reads:
    """What a model with a query or a table reads; without a source only that it is a table."""
    database, schema, name = made.relation
    if made.kind == TABLE or (made.kind == DBT and name):
        if source is None:
            return Reads(columns=Columns(takes_any=True))
        if made.kind == TABLE:
            return read_table(source.spelt_table(name), name, Confidence.DIRECT)
        named = source.table(*map(source.stored, (database, schema, name)))
        return read_table(named, name, Confidence.DIRECT)
    return Reads() if source is None else _read_query(made, source)


def _read_query(made: Made, source: Connection) -> Reads:
    name = made.relation[2]
    if made.sql:
        if source.kind in READABLE:
            return read_query(made.sql, source)
        return Reads(problems=(("dialect_unknown", source.type),))
    if name:
        named = source.table("", "", source.stored(name))
        return read_table(named, name, Confidence.INFERRED)
    return Reads(problems=(("model_without_sql", made.kind),))
