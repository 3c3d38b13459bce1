"""What a name means where it stands: the relations of one FROM, and the queries around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from kada_dagster.sql_lineage.dialects import Dialect, Name
from kada_dagster.sql_lineage.relations import (
    Field,
    Found,
    Item,
    Relation,
    Rest,
    Trace,
    gap,
)

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

Env = Mapping[str, Relation]


class Alias(NamedTuple):
    """An item of SELECT that items after it may name.

    Attributes:
        trace: where its value comes from.
        is_column: whether a column of FROM has the same name for sure; it then goes first.
    """

    trace: Trace
    is_column: bool


@dataclass
class Scope:
    """The names one SELECT sees.

    Attributes:
        dialect: the rules for names.
        env: the queries of WITH that it sees, by key.
        parent: the scope of the query around it, None at the top.
        relations: those of FROM so far.
        items: what `*` stands for so far.
        merged: columns of JOIN ... USING, by key.
        aliases: of SELECT so far, by key.
        blurred: a NATURAL JOIN of unknown columns is among the joins.
        windows: the named windows, by key.
        is_hierarchy: CONNECT BY is there.
    """

    dialect: Dialect
    env: Env
    parent: Scope | None
    relations: list[Relation] = field(default_factory=list[Relation])
    items: list[Item] = field(default_factory=list[Item])
    merged: dict[str, Trace] = field(default_factory=dict[str, Trace])
    aliases: dict[str, Alias] = field(default_factory=dict[str, Alias])
    blurred: bool = False
    windows: dict[str, Expr] = field(default_factory=dict[str, "Expr"])
    is_hierarchy: bool = False

    def add(self, relation: Relation) -> None:
        """Take a relation of FROM in."""
        self.relations.append(relation)
        self.items.extend(relation.items)

    def column(self, parts: Sequence[Name]) -> Trace:
        """Where the column `a`, `t.a`, `s.t.a` ... or a field of it comes from."""
        scope: Scope | None = self
        while scope is not None and len(parts) > 1:
            found = scope._qualified(parts)
            if found is not None:
                return found
            scope = scope.parent
        inner = any(self.relation(part) for part in parts[1:-1])
        if len(parts) == 1 or (self.dialect.has_fields and not inner):
            trace = self._bare(parts[0])
            return trace if len(parts) == 1 else trace.field()
        path = ".".join(part.text for part in parts)
        return gap(f"unknown: {path}: nothing in FROM goes by that name")

    def row(self, name: Name) -> Trace | None:
        """All columns of the relation of a name; None where no relation has it."""
        relation = self.relation(name)
        return relation and relation.row()

    def relation(self, name: Name) -> Relation | None:
        """The relation of a name, of this query or of those around it."""
        scope: Scope | None = self
        while scope is not None:
            for relation in scope.relations:
                if relation.alias == name.key:
                    return relation
            scope = scope.parent
        return None

    def find(self, name: Name) -> Found | None:
        """A column by its bare name, in this FROM alone."""
        if name.key in self.merged:
            return Found(self.merged[name.key], True)
        found = [hit for relation in self.relations if (hit := relation.find(name))]
        if found and self.blurred:
            return Found(gap(f"ambiguous: {name.text} below a NATURAL JOIN"), False)
        certain = [hit for hit in found if hit.certain]
        if len(certain) == 1 or len(found) == 1:
            return (certain or found)[0]
        if found:
            return Found(gap(f"ambiguous: several tables may have {name.text}"), bool(certain))
        return None

    def _qualified(self, parts: Sequence[Name]) -> Trace | None:
        for relation in self.relations:
            depth = self._matched(relation, parts)
            if depth:
                found = relation.find(parts[depth])
                if found is None:
                    name = ".".join(part.text for part in parts[: depth + 1])
                    return gap(f"unknown: {name}: there is no such column")
                return found.trace if len(parts) == depth + 1 else found.trace.field()
        return None

    def _matched(self, relation: Relation, parts: Sequence[Name]) -> int:
        """How many of the parts name the relation."""
        if relation.alias is not None and relation.alias == parts[0].key:
            return 1
        for depth in range(2, min(len(parts) - 1, len(relation.path)) + 1):
            if relation.path[-depth:] == tuple(part.key for part in parts[:depth]):
                return depth
        return 0

    def _bare(self, name: Name) -> Trace:
        own = self.find(name)
        if own is not None and own.certain:
            return own.trace
        other = self._as_alias(name, own) or self._as_row(name, own)
        if other is not None:
            return other
        outer = self.parent and self.parent.seen_from_inside(name)
        if own is None:
            return outer.trace if outer else gap(f"unknown: {name.text}: nothing has that column")
        if outer is not None:
            return gap(f"ambiguous: {name.text} may be of this query or of the one around it")
        return own.trace

    def _as_alias(self, name: Name, own: Found | None) -> Trace | None:
        alias = self.aliases.get(name.key)
        if alias is None or (own is not None and alias.is_column):
            return None
        if own is None:
            return alias.trace
        return gap(f"ambiguous: {name.text} is an alias and may be a column too")

    def _as_row(self, name: Name, own: Found | None) -> Trace | None:
        if not self.dialect.has_rows or self.relation(name) is None:
            return None
        if own is not None:
            return gap(f"ambiguous: {name.text} is a relation and may be a column too")
        return self.row(name)

    def seen_from_inside(self, name: Name) -> Found | None:
        """A column by its bare name, in this FROM or in those around it."""
        own = self.find(name)
        if own is not None and own.certain:
            return own
        outer = self.parent and self.parent.seen_from_inside(name)
        if own is not None and outer is not None:
            return Found(gap(f"ambiguous: {name.text} in more than one query"), False)
        return own or outer


def join_using(scope: Scope, right: Relation, names: list[Name], side: str) -> None:
    """Take a relation in that is joined by columns of the same names.

    The one column that is left of each pair has the value of the left side, of the right side in a
    right join, of either in a full join.

    Args:
        scope: what to add to.
            right: the relation that is joined.
        names: the columns.
        side: `LEFT`, `RIGHT`, `FULL` or empty.
    """
    keys = {name.key for name in names}
    merged: list[Item] = []
    for name in names:
        first = scope.find(name) or Found(gap(f"unknown: USING {name.text}"), False)
        second = right.find(name) or Found(gap(f"unknown: USING {name.text}"), False)
        by_side = {"RIGHT": second.trace, "FULL": first.trace | second.trace}
        trace = by_side.get(side, first.trace)
        merged.append(Field(name, trace))
    kept = [*_without(scope.items, keys), *_without(right.items, keys)]
    scope.relations.append(right)
    scope.merged.update(
        {item.name.key: item.trace for item in merged if isinstance(item, Field) and item.name}
    )
    scope.items = [*merged, *kept]


def _without(items: Sequence[Item], keys: set[str]) -> list[Item]:
    kept: list[Item] = []
    for item in items:
        if isinstance(item, Rest):
            kept.append(item.without(keys))
        elif item.name is None or item.name.key not in keys:
            kept.append(item)
    return kept
