"""What LINKAGE must hold of models: the tables they read, their parents, their fields."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from functools import lru_cache

from kada_dagster.extracts.identity import component, object_id, object_path
from kada_dagster.sandbox.facts import LinkFact
from kada_dagster.sandbox.hightouch.estate import HightouchEstate
from kada_dagster.sandbox.hightouch.facts import MetaFact
from kada_dagster.sandbox.hightouch.model import DbtCloud, Model, RawSql, Visual
from kada_dagster.sandbox.hightouch.naming import MappingEntry, Named, Namer, TableOf

LINEAGE, DEPENDS_ON = "LINEAGE", "DEPENDS_ON"


def column_id(table: str, column: str) -> str:
    """The id of a column of a table."""
    return f"{table}.{component(column)}"


class ModelTruth:
    """The links of models; `fields` holds the rows of META of the fields they named.

    Args:
        estate: the workspace.
        host: its label in K.
        mapping: from names of connections to what is onboarded in K.
    """

    def __init__(
        self, estate: HightouchEstate, host: str, mapping: Mapping[str, MappingEntry]
    ) -> None:
        self._estate = estate
        self._host = host
        self._mapping = mapping
        self.fields: dict[str, MetaFact] = {}
        self._table = lru_cache(maxsize=None)(self._name_table)

    def id(self, model: Model) -> str:
        """The model's id."""
        return object_id(self._host, "model", str(model.id))

    def path(self, model: Model) -> str:
        """The model's path."""
        source = self._estate.sources.get(model.source_id)
        middle = (source.name or str(source.id),) if source else ()
        return object_path(self._host, *middle, model.name or str(model.id))

    def field(self, model: Model, name: str) -> str:
        """The id of a field, which thereby has a row in META."""
        field = object_id(self._host, "model_field", str(model.id), name)
        path = f"{self.path(model)}.{object_path(name)}"
        self.fields[field] = MetaFact(
            "DATASET_FIELD", field, "HIGHTOUCH_MODEL_FIELD", name, path, self.id(model)
        )
        return field

    def chain(self, model: Model) -> list[Model] | None:
        """The model, its parent and so on; None where that does not end."""
        chain, seen = [model], {model.id}
        while isinstance(query := chain[-1].query, Visual):
            parent = self._estate.models.get(query.parent)
            if parent is None or parent.id in seen:
                return None
            seen.add(parent.id)
            chain.append(parent)
        return chain

    def spelled(self, model: Model, name: str) -> str:
        """A field's name as the query at the end of the chain has it."""
        chain = self.chain(model)
        columns = list(self._columns(chain[-1])) if chain else []
        alike = [column for column in columns if column.casefold() == name.casefold()]
        return name if name in columns or len(alike) != 1 else alike[0]

    def links(self, model: Model) -> Iterator[LinkFact]:
        """What is known of a model without its syncs."""
        chain = self.chain(model)
        if chain is None:
            return
        own, root = self.id(model), chain[-1]
        if len(chain) > 1:
            yield LinkFact("DATASET", self.id(chain[1]), "DATASET", own, LINEAGE, "DIRECT")
        for table in root.query.reads if self._is_read(root) else ():
            if named := self._table(root.source_id, table):
                confidence = "INHERITED" if len(chain) > 1 else self._confidence(root, named)
                yield LinkFact("TABLE", named.id, "DATASET", own, LINEAGE, confidence)
        if len(chain) == 1:
            yield from self._columns_of_query(model)

    def way_up(self, model: Model, name: str) -> Iterator[LinkFact]:
        """Where a field that a sync names comes from."""
        chain = self.chain(model)
        if chain is None or not self._has(chain[-1], name):
            return
        for child, parent in itertools.pairwise(chain):
            ends = (self.field(parent, name), self.field(child, name))
            yield LinkFact("DATASET_FIELD", ends[0], "DATASET_FIELD", ends[1], LINEAGE, "INHERITED")
        root = chain[-1]
        if name not in self._columns(root):
            yield from self._column(root, root.query.reads[0], name, name)

    def _columns_of_query(self, model: Model) -> Iterator[LinkFact]:
        for name, origins in self._columns(model).items():
            for table, column in origins:
                yield from self._column(model, table, column, name)

    def _column(self, model: Model, table: TableOf, column: str, name: str) -> Iterator[LinkFact]:
        if named := self._table(model.source_id, table):
            ends = (column_id(named.id, column), self.field(model, name))
            confidence = self._confidence(model, named)
            yield LinkFact("COLUMN", ends[0], "DATASET_FIELD", ends[1], LINEAGE, confidence)

    def _has(self, root: Model, name: str) -> bool:
        return name in self._columns(root) or (self._is_read(root) and root.query.has_any)

    def _columns(self, root: Model) -> Mapping[str, tuple[tuple[TableOf, str], ...]]:
        return root.query.columns if self._is_read(root) else {}

    def _is_read(self, root: Model) -> bool:
        """Whether its query can be understood: SQL needs the source, which tells the dialect."""
        is_sql = isinstance(root.query, (RawSql, DbtCloud))
        return not is_sql or root.source_id in self._estate.sources

    def _confidence(self, root: Model, named: Named) -> str:
        return "INFERRED" if named.is_usual else root.query.confidence

    def _name_table(self, source: int, table: TableOf) -> Named | None:
        found = self._estate.sources.get(source)
        return Namer(found, self._mapping).table(table) if found else None
