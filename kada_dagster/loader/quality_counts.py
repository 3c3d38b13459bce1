"""Rows of a task's table and of what it is loaded from, counted the same way on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import cached_property
from typing import TYPE_CHECKING

from kada_dagster.loader.definition.parts import CheckSettings
from kada_dagster.loader.definition.project import Project
from kada_dagster.loader.definition.task_folder import Task
from kada_dagster.loader.engine.context import LoadPlan
from kada_dagster.loader.engine.plan import plan_of
from kada_dagster.loader.engine.run import opened_source
from kada_dagster.loader.engine.split import Part, parts_of
from kada_dagster.loader.engine.state import StateTables
from kada_dagster.loader.engine.table import Table
from kada_dagster.loader.engine.target import Target
from kada_dagster.loader.errors import NotSupportedError
from kada_dagster.loader.source.base import Bound
from kada_dagster.loader.source.postgres_query import rows_of, where

if TYPE_CHECKING:
    from psycopg2.sql import Composable


@dataclass(frozen=True)
class CheckedTable:
    """A table of the target, looked at in a transaction.

    Attributes:
        task: that fills it.
        project: of the task.
        target: the transaction.
        table: as the catalogue describes it.
        tables: where the state is kept.
        parts: ranges rows are counted in; none for all that are loaded.
        read: rows of the load just done, where it is known.
    """

    task: Task
    project: Project
    target: Target
    table: Table
    tables: StateTables
    parts: Sequence[Part] = ()
    read: int | None = None

    @property
    def settings(self) -> CheckSettings:
        """What is asked for."""
        return self.task.definition.checks

    @cached_property
    def plan(self) -> LoadPlan:
        """Of a load of the whole table."""
        return plan_of(self.task, None, None)

    @property
    def is_mirror(self) -> bool:
        """Whether the target has no more rows than the source, because those that go are gone."""
        return self.task.definition.replaces_all or self.plan.deletes != "none"

    @property
    def ranges(self) -> list[Part | None]:
        """The parts, those that follow each other as one; just None for all rows.

        Of a split table rows before the first range, or behind the present one, are not loaded.
        """
        split, joined = self.task.definition.split, list[Part]()
        every = parts_of(split, datetime.now(timezone.utc)) if split else ()
        for part in self.parts or every:
            if joined and joined[-1].upper == part.lower:
                joined[-1] = replace(joined[-1], upper=part.upper)
            else:
                joined.append(part)
        return [*joined] or [None]

    def where_current(self, part: Part | None = None) -> Composable:
        """The condition for rows that stand for a row of the source as it is now."""
        from psycopg2.sql import SQL, Identifier

        definition, plan = self.task.definition, self.plan
        bounds: list[Bound] = []
        if part is not None and definition.split is not None:
            column = _target_name(definition.split.by, definition.columns)
            own = any(one.is_own for one in self.table.columns if one.name == column)
            bounds.append(Bound(column, part.lower, part.upper, part.includes_null, own))
        condition = where(bounds)
        if definition.mode == "history":
            current = SQL("{}").format(Identifier(plan.history.names[2]))
        elif plan.soft_column:
            current = SQL("{} IS NULL").format(Identifier(plan.soft_column))
        else:
            return condition
        return condition + SQL(" AND " if bounds else " WHERE ") + current

    def numbers(self, what: str, statement: Composable) -> list[int]:
        """The numbers of the one row a query gives."""
        return [int(number) for number in self.target.rows(what, statement)[0]]


def source_rows(checked: CheckedTable) -> int:
    """Rows the source has now; of a SELECT in the target, those it gave to the load just done.

    It may read the very table, or the clock, and give others now.

    Raises:
        LoaderError: it refuses; or it cannot be counted, and what was read is not known.
    """
    from psycopg2.sql import SQL

    task = checked.task
    if task.definition.is_read and not (checked.read == 0 and _may_be_as_before(task)):
        if checked.read is None:
            raise NotSupportedError(f"{task}: rows are counted only when they are loaded")
        return checked.read
    if task.connection is None and checked.read is not None:
        return checked.read
    if task.connection is None:
        statement = SQL("SELECT count(*) FROM {}").format(rows_of(checked.plan.selection))
        return checked.numbers("rows of the SELECT", statement)[0]
    selections = [plan_of(task, None, part).selection for part in checked.ranges]
    with opened_source(task, checked.project, checked.target) as source:
        return sum(source.count(selection) for selection in selections)


def _may_be_as_before(task: Task) -> bool:
    """Whether files that are all loaded already are not read again; those can be counted."""
    files = task.definition.source.files if task.definition.source else None
    return files is not None and files.once and files.after == "keep"


def target_rows(checked: CheckedTable) -> int:
    """Rows of the target that stand for a row of the source."""
    from psycopg2.sql import SQL

    count = SQL("SELECT count(*) FROM {}{}")
    return sum(
        checked.numbers(
            "rows", count.format(checked.table.identifier, checked.where_current(part))
        )[0]
        for part in checked.ranges
    )


def _target_name(source: str, columns: dict[str, str]) -> str:
    return next((name for name, read in columns.items() if read == source), source)
