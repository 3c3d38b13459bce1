"""What the engine needs of a source: columns, counts, and one pass over its rows as COPY data.

Protocols and plain values only. A kind of source implements `Source` in a module of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, ClassVar, Protocol, runtime_checkable

from typing_extensions import Self

from kada_dagster.loader.pg_types import TypeFacts, is_compared_by_server


@dataclass(frozen=True)
class Encoding:
    """A form of COPY data.

    Attributes:
        value: what stands behind FORMAT in the statement, with the options that belong to it.
    """

    value: str

    BINARY: ClassVar[Encoding]
    TEXT: ClassVar[Encoding]


Encoding.BINARY = Encoding("binary")
Encoding.TEXT = Encoding("text")


@dataclass(frozen=True)
class Column:
    """A column of what is read.

    Attributes:
        name: as the source spells it.
        source_type: type as the source prints it.
        target_type: the PostgreSQL type that holds every value of it.
        nullable: whether it may be missing; None where the source does not say.
        comment: of the source.
    """

    name: str
    source_type: str
    target_type: str
    nullable: bool | None = None
    comment: str = ""


@dataclass(frozen=True)
class TargetColumn:
    """A column of the table rows are copied into.

    Attributes:
        name: of the column.
        type: as PostgreSQL's `format_type` prints it.
        facts: what the target's catalogue says of the type.
        not_null: whether it refuses NULL.
        is_generated: whether its value is computed, so that it takes none.
        equals: the operator that says whether two of its values are the same one.
        has_default: whether it gets a value of its own in rows that bring none.
        is_strict: whether the server lets it have no NULL: of a primary key, or an identity.
        is_exact: whether values that are equal are known to be alike to the bit.
        plain: the type, or what the domain that it is is made of; '' where it is not known.
        comment: of the target.
    """

    name: str
    type: str
    facts: TypeFacts | None = None
    not_null: bool = False
    is_generated: bool = False
    equals: str = "="
    has_default: bool = False
    is_strict: bool = False
    is_exact: bool = False
    plain: str = ""
    comment: str = field(default="", compare=False)

    @property
    def is_own(self) -> bool:
        """Whether the server compares its values by operators of its own."""
        return is_compared_by_server(self.facts)


@dataclass(frozen=True)
class Bound:
    """A range of a column, `[lower, upper)`.

    Attributes:
        column: of what is read.
        lower: first value; None for no limit.
        upper: first value after it; None for no limit.
        includes_null: whether rows without a value belong to it, too.
        is_own: whether the server compares its type by operators of its own.
    """

    column: str
    lower: object | None = None
    upper: object | None = None
    includes_null: bool = False
    is_own: bool = False


@dataclass(frozen=True)
class Selection:
    """Which rows and columns to read.

    Attributes:
        table: name parts of a table, as the source spells them; None where `query` is given.
        query: a statement that gives rows, without a semicolon; None where `table` is given.
        bounds: all of them hold.
        columns: in this order; None for all.
        options: what else a kind of source needs to know: file patterns, paths of an API.
    """

    table: tuple[str, ...] | None = None
    query: str | None = None
    bounds: tuple[Bound, ...] = ()
    columns: tuple[str, ...] | None = None
    options: Mapping[str, object] = field(default_factory=dict[str, object])

    def __str__(self) -> str:
        return ".".join(self.table) if self.table else "the query"


@dataclass(frozen=True)
class TableInfo:
    """A table a source has, for making definitions.

    Attributes:
        name: its parts.
        columns: in their order.
        key: columns of the primary key; empty without one.
        comment: of the source.
        problem: why its columns could not be read; '' where they could.
    """

    name: tuple[str, ...]
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    comment: str = ""
    problem: str = ""


class Pipe(Protocol):
    """Where COPY data goes; a write may wait for the reader."""

    def write(self, data: bytes, /) -> int: ...


class Stream(Protocol):
    """One pass over the rows of a selection.

    Attributes:
        columns: of the rows, in the order of the data.
        encoding: of the data.
        rows: written so far; all of them after `write` came back.
    """

    columns: tuple[Column, ...]
    encoding: Encoding
    rows: int

    def write(self, pipe: Pipe) -> None:
        """Read to the end and write every row as COPY data; in a thread of its own.

        Raises:
            LoaderError: the source cannot be read to the end. An error of `pipe` goes through.
        """
        ...

    def cancel(self) -> None:
        """Make `write` end soon; from another thread, at any time."""
        ...

    def place(self, row: int) -> str:
        """Where a row of the data is from, for messages.

        Args:
            row: of the COPY data, from 1.

        Returns:
            As `orders.csv, row 17`; '' where the number itself says it.
        """
        ...


@runtime_checkable
class Remembering(Protocol):
    """A source that has something kept with the state of a task: which files were loaded.

    Attributes:
        notes: facts worth showing, by name.
    """

    notes: dict[str, str]

    def recall(self, selection: Selection, facts: Mapping[str, Any], *, replaces: bool) -> bool:
        """Look at what was kept, before anything is read.

        Args:
            selection: what will be read.
            facts: what the last load kept.
            replaces: whether the rows replace all those that are there.

        Returns:
            Whether there is anything to read.

        Raises:
            LoaderError: the source refuses.
        """
        ...

    def facts(self) -> dict[str, Any]:
        """What to keep, in the transaction of the rows."""
        ...

    def committed(self) -> None:
        """Do what is to be done when the rows are committed; the source may be closed.

        Raises:
            LoaderError: it cannot be done; the rows are there.
        """
        ...


class Source(Protocol):
    """An open source. A context manager that closes it."""

    def columns(self, selection: Selection) -> tuple[Column, ...]:
        """The columns of a selection, without reading its rows.

        Raises:
            LoaderError: the source refuses.
        """
        ...

    def stream(self, selection: Selection, into: Sequence[TargetColumn]) -> Stream:
        """One pass over the rows, columns in the order of `into`, as those columns take them.

        Args:
            selection: its `columns` are the source's names for those of `into`, in this order.
            into: columns of the table that takes the rows.

        Raises:
            LoaderError: the source refuses.
        """
        ...

    def count(self, selection: Selection) -> int:
        """How many rows a selection has, as `stream` sees them.

        Raises:
            LoaderError: the source refuses, or cannot count without reading.
        """
        ...

    def tables(self, schema: str | None) -> Iterator[TableInfo]:
        """The tables of a schema, or of the usual one.

        Raises:
            LoaderError: the source refuses, or has none.
        """
        ...

    def close(self) -> None:
        """Close the connection; what is being read ends with an error."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...
