"""Relations as lineage sees them: columns with their origins, and columns nobody knows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from kada_dagster.sql_lineage.dialects import Name
from kada_dagster.sql_lineage.model import Origin, TableName


class Trace(NamedTuple):
    """Where a value comes from.

    Attributes:
        origins: the columns it is computed from.
        gaps: why there may be more, each a problem; empty where the origins are all there are.
        is_even: every field of the value comes from all of the origins; not so of a row or struct
            that is put together, of whose fields it is not known which is from where.
    """

    origins: frozenset[Origin] = frozenset()
    gaps: frozenset[str] = frozenset()
    is_even: bool = True

    def __or__(self, other: Trace) -> Trace:
        return union((self, other))

    def field(self) -> Trace:
        """Where a field of the value comes from."""
        if self.is_even:
            return self
        return Trace(gaps=self.gaps | {"unsupported: a field of a value that is put together"})


NOTHING = Trace()


def gap(problem: str) -> Trace:
    """A trace that says why there is none."""
    return Trace(gaps=frozenset({problem}))


def union(traces: Iterable[Trace]) -> Trace:
    """All origins and gaps of some traces."""
    found = list(traces)
    if len(found) == 1:
        return found[0]
    return Trace(
        frozenset[Origin]().union(*(trace.origins for trace in found)),
        frozenset[str]().union(*(trace.gaps for trace in found)),
        all(trace.is_even for trace in found),
    )


@dataclass(frozen=True)
class Field:
    """A column whose name is known, or known to be none."""

    name: Name | None
    trace: Trace

    def and_gaps(self, trace: Trace) -> Field:
        """The same column with a trace added."""
        return replace(self, trace=self.trace | trace)


@dataclass(frozen=True)
class Rest:
    """Columns nobody knows: any name may be one of them.

    Attributes:
        table: each is the column of that name of this table; None: of no table.
        trace: what each of them is computed from besides.
        hidden: keys of names that are none of them.
    """

    table: TableName | None
    trace: Trace = NOTHING
    hidden: frozenset[str] = frozenset()

    def column(self, name: Name) -> Trace | None:
        """Where the column of a name comes from, if it is one of these."""
        if name.key in self.hidden:
            return None
        if self.table is None:
            return self.trace
        return Trace(frozenset({(self.table, name.text)})) | self.trace

    def without(self, keys: Iterable[str]) -> Rest:
        """The same columns but for some names."""
        return replace(self, hidden=self.hidden.union(keys))

    def and_gaps(self, trace: Trace) -> Rest:
        """The same columns with a trace added to each."""
        return replace(self, trace=self.trace | trace)

    def whole(self) -> Trace:
        """All of them at once."""
        if self.table is None:
            return self.trace
        return self.trace | gap(f"star: the columns of {self.table.name} are not known")


Item = Field | Rest


class Found(NamedTuple):
    """A name looked up.

    Attributes:
        trace: where its column comes from.
        certain: whether the column is sure to be there.
    """

    trace: Trace
    certain: bool


@dataclass(frozen=True)
class Relation:
    """A table, subquery or function of FROM, or the result of a query.

    Attributes:
        items: its columns in order.
        alias: key of the name it goes by; None where it has none.
        path: its name as written, from the schema or database down, to qualify columns with.
        element: the column that goes by the relation's own name (UNNEST, a scalar function).
    """

    items: tuple[Item, ...]
    alias: str | None = None
    path: tuple[str, ...] = ()
    element: Field | None = None

    def find(self, name: Name) -> Found | None:
        """The column of a name; None where there can be none."""
        fields = self._fields.get(name.key, ())
        if len(fields) == 1:
            return Found(fields[0].trace, True)
        if fields:
            return Found(gap(f"ambiguous: two columns are named {name.text}"), True)
        traces = [trace for rest in self._rests if (trace := rest.column(name)) is not None]
        if len(traces) > 1:
            return Found(gap(f"ambiguous: column {name.text} of a *"), False)
        return Found(traces[0], False) if traces else None

    @cached_property
    def _fields(self) -> dict[str, list[Field]]:
        fields: dict[str, list[Field]] = {}
        for item in (*self.items, *((self.element,) if self.element else ())):
            if isinstance(item, Field) and item.name is not None:
                fields.setdefault(item.name.key, []).append(item)
        return fields

    @cached_property
    def _rests(self) -> list[Rest]:
        return [item for item in self.items if isinstance(item, Rest)]

    def row(self) -> Trace:
        """Every column at once."""
        items = (self.element,) if self.element else self.items
        row = union(item.trace if isinstance(item, Field) else item.whole() for item in items)
        return row if self.element else row._replace(is_even=False)

    def is_known(self) -> bool:
        """Whether every column is known."""
        return all(isinstance(item, Field) for item in self.items)

    def with_gap(self, problem: str) -> Relation:
        """The same relation, nothing of which is complete."""
        trace = gap(problem)
        return replace(self, items=tuple(item.and_gaps(trace) for item in self.items))

    def renamed(self, names: list[Name]) -> Relation:
        """The same relation whose first columns go by other names: `t(a, b)`."""
        items: list[Item] = []
        for place, name in enumerate(names):
            item = self.items[place] if place < len(self.items) else None
            if not isinstance(item, Field):
                return replace(
                    self, items=(*items, *_unnumbered(names[place:], self.items[place:]))
                )
            items.append(replace(item, name=name))
        return replace(self, items=(*items, *self.items[len(names) :]))


def _unnumbered(names: list[Name], items: tuple[Item, ...]) -> list[Item]:
    """Columns under other names where it is not known which column is which.

    Those whose names are given have no origins to tell; those that stood there keep no name, for
    one of the others may have taken its place.
    """
    unknown = gap(f"star: {names[0].text} names a column of a *")
    keys = [name.key for name in names]
    return [
        *(Field(name, unknown) for name in names),
        *(
            item.without(keys).and_gaps(unknown)
            if isinstance(item, Rest)
            else Field(None, item.trace | unknown)
            for item in items
        ),
    ]
