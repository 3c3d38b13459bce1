"""What `checks:` of a task asks for: whether the target holds what it should, one query each.

Looks at the target after a load, and at the source where two sides are compared. Nothing here
changes anything, and no message holds a value of a row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from kada_dagster.errors import KadaError
from kada_dagster.loader.definition.project import Project
from kada_dagster.loader.definition.task_folder import Task
from kada_dagster.loader.engine.run import target_server
from kada_dagster.loader.engine.split import Part
from kada_dagster.loader.engine.state import StateTables
from kada_dagster.loader.engine.table import describe
from kada_dagster.loader.engine.target import names, transaction
from kada_dagster.loader.quality_counts import CheckedTable, source_rows, target_rows
from kada_dagster.loader.quality_schema import drift

Facts = Mapping[str, int | float | str]


@dataclass(frozen=True)
class Quality:
    """What one check found.

    Attributes:
        name: of the check.
        passed: whether all is well.
        message: in a sentence.
        facts: numbers worth plotting, by name.
        is_certain: False where the check could not be made.
    """

    name: str
    passed: bool
    message: str
    facts: Facts = field(default_factory=dict[str, int | float | str])
    is_certain: bool = True


def check_task(
    task: Task,
    project: Project,
    names: Sequence[str],
    *,
    target: str = "target",
    tables: StateTables = StateTables(),  # noqa: B008 - frozen
    parts: Sequence[Part] = (),
    read: int | None = None,
) -> list[Quality]:
    """Check the table of a task.

    Args:
        task: of the project; it has a table.
        project: it is part of.
        names: of the checks, as `CheckSettings.wanted` gives them.
        target: name of the target's profile.
        tables: where the state is kept.
        parts: ranges to count rows in; none for the whole table.
        read: rows of a load just done, for sources that cannot be counted without reading.

    Returns:
        A result for each name; one that could not be had is not certain.

    Raises:
        KadaError: the target cannot be reached.
    """
    limit = task.definition.run.time_limit
    seconds = limit.total_seconds() if limit else 0
    with transaction(target_server(project, target), time_limit=seconds) as opened:
        table = describe(opened, task.schema, task.table)
        checked = CheckedTable(task, project, opened, table, tables, parts, read)
        return [_made(name, checked) for name in names]


def unchecked(names: Sequence[str], error: KadaError) -> list[Quality]:
    """The results where no check could be made."""
    return [Quality(name, False, f"not checked: {error}", is_certain=False) for name in names]


def _made(name: str, checked: CheckedTable) -> Quality:
    try:
        with checked.target.attempt():
            passed, message, facts = _CHECKS[name](checked)
    except KadaError as error:
        return unchecked([name], error)[0]
    return Quality(name, passed, message, facts)


def _row_count(checked: CheckedTable) -> tuple[bool, str, Facts]:
    tolerance = getattr(checked.settings.row_count, "tolerance", 0.0)
    source, target = source_rows(checked), target_rows(checked)
    allowed = int(source * tolerance)
    passed = source - target <= allowed and (not checked.is_mirror or target - source <= allowed)
    facts = {"source_rows": source, "target_rows": target, "missing_rows": source - target}
    relation = "as many as" if source == target else "and"
    return passed, f"{target:,} rows, {relation} {source:,} of the source", facts


def _unique(checked: CheckedTable) -> tuple[bool, str, Facts]:
    from psycopg2.sql import SQL

    key = names(checked.task.definition.key)
    statement = SQL(
        "SELECT count(*), coalesce(sum(n), 0)::int8 FROM "
        "(SELECT count(*) AS n FROM {0}{1} GROUP BY {2} HAVING count(*) > 1) AS same"
    ).format(checked.table.identifier, checked.where_current(), key)
    keys, rows = checked.numbers("unique key", statement)
    columns = ", ".join(checked.task.definition.key)
    said = f"{keys:,} keys ({columns}) come more than once" if keys else f"({columns}) comes once"
    return not keys, said, {"repeated_keys": keys, "rows_of_repeated_keys": rows}


def _not_null(checked: CheckedTable) -> tuple[bool, str, Facts]:
    from psycopg2.sql import SQL, Identifier

    columns = checked.settings.not_null
    checked.table.named(columns)
    count = SQL("count(*) FILTER (WHERE {} IS NULL)")
    counts = SQL(", ").join(count.format(Identifier(name)) for name in columns)
    statement = SQL("SELECT {} FROM {}").format(counts, checked.table.identifier)
    missing = dict(zip(columns, checked.numbers("not null", statement)))
    wrong = [f"{name}: {number:,}" for name, number in missing.items() if number]
    said = f"rows without a value: {', '.join(wrong)}" if wrong else "every row has a value"
    return not wrong, said, {f"missing/{name}": number for name, number in missing.items()}


def _schema_drift(checked: CheckedTable) -> tuple[bool, str, Facts]:
    found = drift(checked)
    said = "; ".join(found) or "source and target have the same columns"
    return not found, said, {"differences": len(found)}


def _freshness(checked: CheckedTable) -> tuple[bool, str, Facts]:
    limit = checked.settings.freshness
    age = checked.tables.age(checked.target, checked.task.id)
    if age is None:
        return False, "never loaded", {}
    passed = limit is None or age <= limit.total_seconds()
    return passed, f"loaded {int(age):,} seconds ago; at most {limit}", {"age_seconds": int(age)}


_CHECKS: Mapping[str, Callable[[CheckedTable], tuple[bool, str, Facts]]] = {
    "row_count": _row_count,
    "unique": _unique,
    "not_null": _not_null,
    "schema_drift": _schema_drift,
    "freshness": _freshness,
}
