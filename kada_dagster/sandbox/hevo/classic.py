"""What a classic account holds: pipelines, objects, schema mappings, models, workflows, users."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from kada_dagster.sandbox.hevo.connections import Connection


class SourceTable(NamedTuple):
    """A table of a source. What is empty is said by the connection instead."""

    database: str
    schema: str
    table: str

    def spelling(self) -> str:
        """How Hevo names it: its parts, joined with dots."""
        return ".".join(part for part in self if part)


@dataclass(frozen=True)
class Destination:
    """A destination, of either family.

    Attributes:
        id: of Hevo; the families number theirs apart.
        connection: where its tables are.
        status: Hevo's word.
    """

    id: int
    connection: Connection
    status: str = "ACTIVE"


@dataclass(frozen=True)
class Field:
    """One line of a mapping, of either family.

    Attributes:
        source: column of the source; None for one that Hevo adds.
        destination: column of the destination; None where it is not mapped.
        ignored: classic only.
        status: Edge only.
    """

    source: str | None
    destination: str | None
    ignored: bool = False
    status: str = "ACTIVE"


@dataclass(frozen=True)
class SchemaMapping:
    """How an event type becomes a table."""

    destination_table: str | None
    fields: tuple[Field, ...] = ()
    status: str = "MAPPED"


@dataclass(frozen=True)
class ClassicObject:
    """An object of a pipeline.

    Attributes:
        name: as Hevo spells it.
        status: Hevo's word.
        runs: moments of its runs, epoch milliseconds, ascending; the API shows only the last.
    """

    name: str
    status: str = "ACTIVE"
    runs: tuple[int, ...] = ()

    def last_run(self, moment: int | None) -> int | None:
        """The last run that was over at a moment (epoch milliseconds; None for the end of time)."""
        return max((run for run in self.runs if moment is None or run <= moment), default=None)


@dataclass(frozen=True)
class EventType:
    """An event type of a pipeline.

    Attributes:
        table: what it is in the source; of anything but a database only `table` is filled.
        status: Hevo's word; empty makes the API list the bare name.
        mapping: None where the API knows none and answers 404.
        name: as Hevo spells it; the table's parts joined with dots unless given.
    """

    table: SourceTable
    status: str = "MAPPED"
    mapping: SchemaMapping | None = None
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.name or self.table.spelling())


@dataclass(frozen=True)
class ClassicPipeline:
    """A pipeline of the classic family.

    Attributes:
        id: of Hevo.
        source: None for a draft without one.
        destination: None for a draft without one.
        code: Python of its transformation; None where there is none.
        is_gone: whether it is deleted after it was listed: what belongs to it answers 404.
    """

    id: int
    source: Connection | None
    destination: Destination | None
    objects: tuple[ClassicObject, ...] = ()
    event_types: tuple[EventType, ...] = ()
    code: str | None = None
    status: str = "ACTIVE"
    prefix: str | None = None
    is_gone: bool = False


class ModelRead(NamedTuple):
    """A table that a model's SQL reads, as the database stores its name.

    What is empty is the destination's own.
    """

    database: str
    schema: str
    table: str


@dataclass(frozen=True)
class Model:
    """A model: SQL in a destination that fills a table of it.

    Attributes:
        reads: the tables its SQL reads; none where nobody can parse it.
        columns: a column of the model's table, and the columns it is made of, each with the
            number of the read it belongs to; names as the database stores them.
    """

    id: int
    name: str
    destination: Destination
    sql: str
    table: str
    reads: tuple[ModelRead, ...] = ()
    columns: tuple[tuple[str, tuple[tuple[int, str], ...]], ...] = ()
    status: str = "ACTIVE"


@dataclass(frozen=True)
class Workflow:
    """A workflow; what is in it is not shown."""

    id: int
    name: str
    status: str = "ACTIVE"
    last_run_status: str = "SUCCESS"


@dataclass(frozen=True)
class User:
    """A user of the account."""

    email: str
    role: str = "MEMBER"
    status: str = "ACTIVE"
