"""Models: the queries that syncs send, of each of the six kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kada_dagster.sandbox.hightouch.entities import Entity
from kada_dagster.sandbox.hightouch.naming import TableOf

ColumnOf = tuple[TableOf, str]
"""A column of a table."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """What a model is made of.

    Attributes:
        reads: known: the tables it reads; none where they cannot be told.
        columns: known: columns of the output by name, each with the columns it is made from.
        has_any: known: whether further fields are those of the only table it reads.
    """

    reads: tuple[TableOf, ...] = ()
    columns: Mapping[str, tuple[ColumnOf, ...]] = field(
        default_factory=dict[str, tuple[ColumnOf, ...]]
    )
    has_any: bool = False

    @property
    def confidence(self) -> str:
        """Known: how sure its tables are."""
        return "PARSED"

    def payload(self) -> dict[str, Any]:
        """The keys of the answer that hold it."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class RawSql(Query):
    """A query."""

    sql: str

    def payload(self) -> dict[str, Any]:
        """`raw.sql`."""
        return {"queryType": "raw_sql", "raw": {"sql": self.sql}}


@dataclass(frozen=True, kw_only=True)
class WholeTable(Query):
    """A table or view, picked from a list. `word`: the query type, `tabel` to the vendor's docs."""

    name: str
    word: str = "table"
    has_any: bool = True

    @property
    def confidence(self) -> str:
        """It is said."""
        return "DIRECT"

    def payload(self) -> dict[str, Any]:
        """`table.name`."""
        return {"queryType": self.word, "table": {"name": self.name}}


@dataclass(frozen=True, kw_only=True)
class Dbt(Query):
    """A model of a dbt project. `relation`: what it makes, in the spelling of dbt."""

    unique_id: str
    relation: tuple[str, str, str]
    compiled_sql: str
    raw_sql: str = ""
    has_any: bool = True

    @property
    def confidence(self) -> str:
        """It is said."""
        return "DIRECT"

    def payload(self) -> dict[str, Any]:
        """`dbt`."""
        database, schema, name = self.relation
        return {
            "queryType": "dbt",
            "dbt": {
                "dbtUniqueId": self.unique_id,
                "compiledSql": self.compiled_sql,
                "rawSql": self.raw_sql,
                "database": database,
                "schema": schema,
                "name": name,
                "modelId": 1,
            },
        }


@dataclass(frozen=True, kw_only=True)
class DbtCloud(Query):
    """A model of dbt Cloud: its name, without database and schema."""

    unique_id: str
    name: str
    compiled_sql: str = ""
    raw_sql: str = ""

    @property
    def confidence(self) -> str:
        """Without SQL its name is all there is."""
        return "PARSED" if self.compiled_sql else "INFERRED"

    def payload(self) -> dict[str, Any]:
        """`dbt_cloud`."""
        return {
            "queryType": "dbt_cloud",
            "dbt_cloud": {
                "dbtUniqueId": self.unique_id,
                "compiledSql": self.compiled_sql,
                "rawSql": self.raw_sql,
                "name": self.name,
                "modelId": 1,
            },
        }


@dataclass(frozen=True, kw_only=True)
class Visual(Query):
    """A filter over another model. `parent`: its id; it may be gone, or lead back here."""

    parent: int
    filter: Any = field(default_factory=lambda: {"type": "and", "conditions": list[Any]()})

    def payload(self) -> dict[str, Any]:
        """`visual`."""
        return {"queryType": "visual", "visual": {"filter": self.filter, "parentId": self.parent}}


@dataclass(frozen=True, kw_only=True)
class Custom(Query):
    """A query in the words of a source that has no SQL."""

    query: Any

    def payload(self) -> dict[str, Any]:
        """`custom`."""
        return {"queryType": "custom", "custom": {"query": self.query}}


@dataclass(frozen=True, kw_only=True)
class Model(Entity):
    """A model.

    Attributes:
        source_id: its source; it may be gone.
        query: what it is made of.
        description: text; None is written as null.
        primary_key: column; None, written as null, where it is not synced itself.
        tags: labels.
        is_schema: whether it is a parent of others only.
        syncs: ids of its syncs.
        last_run_size: rows of its last run.
    """

    source_id: int
    query: Query
    description: str | None = ""
    primary_key: str | None = "id"
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    is_schema: bool = False
    syncs: tuple[int, ...] = ()
    last_run_size: int | None = None

    def own(self) -> dict[str, Any]:
        """What the model is."""
        return {
            "description": self.description,
            "primaryKey": self.primary_key,
            "sourceId": self.source_id,
            "tags": dict(self.tags),
            "isSchema": self.is_schema,
            "syncs": list(self.syncs),
            "lastRunSize": self.last_run_size,
            **self.query.payload(),
        }
