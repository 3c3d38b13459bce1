"""UNION and INTERSECT: the columns of two relations as those of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kada_dagster.sql_lineage.relations import Field, Item, Relation, Rest, gap

if TYPE_CHECKING:
    from sqlglot.expressions import Expr


def combined(left: Relation, right: Relation, operation: Expr) -> Relation:
    """The columns of both sides, which go by the names of the left."""
    if operation.args.get("by_name"):
        return Relation(tuple(_by_name(left, right)))
    return Relation(tuple(_by_position(left.items, right.items)))


def _by_position(left: Sequence[Item], right: Sequence[Item]) -> list[Item]:
    items: list[Item] = []
    for first, second in zip(left, right):
        if isinstance(first, Rest) or isinstance(second, Rest):
            break
        items.append(first.and_gaps(second.trace))
    if len(items) == len(left) == len(right):
        return items
    known = all(isinstance(item, Field) for item in (*left, *right))
    reason = "star: the sides of a UNION differ in width" if known else "star: * in a UNION"
    return [*items, *(item.and_gaps(gap(reason)) for item in left[len(items) :])]


def _by_name(left: Relation, right: Relation) -> list[Item]:
    if not (left.is_known() and right.is_known()):
        reason = gap("star: * in a UNION BY NAME")
        return [item.and_gaps(reason) for item in left.items]
    items: list[Item] = []
    for item in left.items:
        other = right.find(item.name) if isinstance(item, Field) and item.name else None
        items.append(item.and_gaps(other.trace) if other else item)
    taken = {item.name.key for item in items if isinstance(item, Field) and item.name}
    for item in right.items:
        if isinstance(item, Field) and (item.name is None or item.name.key not in taken):
            items.append(item)
    return items
