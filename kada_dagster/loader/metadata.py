"""What a task and its loads say about themselves in the Dagster UI: plain facts, no decisions.

Counts are integers under stable names, so that the UI plots them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from kada_dagster.loader.definition.task_folder import Task
    from kada_dagster.loader.engine.run import LoadResult
    from kada_dagster.loader.quality import Quality
    from kada_dagster.loader.source.base import TargetColumn

Metadata = dict[str, dg.MetadataValue | str | int | float | bool]

BEGAN = "began"
"""When a load began to read: what changed at the source later is not in it for sure."""
ROWS_READ = "rows_read"
RANGE_END = "range_end"
"""Where the range of a load ended; its begin is the name of the partition."""


def task_metadata(task: Task) -> Metadata:
    """What is known of a task before it runs."""
    facts: Metadata = {"definition": dg.PathMetadataValue(str(task.document.file))}
    if task.has_table:
        facts["dagster/table_name"] = task.id
    return facts


def task_text(task: Task) -> str:
    """The description of a task: its own words, then what it does and when."""
    definition = task.definition
    lines = [definition.description, f"Mode `{definition.mode}`{_source(task)}", _runs(task)]
    return "\n\n".join(line for line in lines if line)


def load_metadata(task: Task, result: LoadResult) -> Metadata:
    """What a load did.

    Args:
        task: that was loaded.
        result: of the load.
    """
    counts = result.counts
    facts: Metadata = {
        ROWS_READ: counts.read,
        "rows_inserted": counts.inserted,
        "rows_updated": counts.updated,
        "rows_deleted": counts.deleted,
        "rows_unchanged": counts.unchanged,
        "bytes": result.size,
        "duration_seconds": round(result.seconds, 3),
        "rows_per_second": round(counts.read / max(result.seconds, 0.001)),
        BEGAN: dg.TimestampMetadataValue(result.began),
    }
    marks = {"mark_before": result.mark_before, "mark_after": result.mark_after}
    facts |= {name: mark for name, mark in marks.items() if mark is not None}
    facts |= {f"note/{name}": text for name, text in result.notes.items()}
    facts |= _table_facts(task, result)
    return facts


def source_rows(results: Sequence[Quality]) -> Metadata:
    """The rows of the source, where a check counted them."""
    counted = [one.facts["source_rows"] for one in results if "source_rows" in one.facts]
    return {"source_rows": counted[0]} if counted else {}


def _table_facts(task: Task, result: LoadResult) -> Metadata:
    facts: Metadata = {}
    if result.part:
        facts["dagster/partition_row_count"] = result.counts.read
    elif _holds_what_was_read(task, result):
        facts["dagster/row_count"] = result.counts.read
    if result.columns:
        facts["dagster/column_schema"] = dg.TableSchemaMetadataValue(_schema(result.columns))
    return facts


def _schema(columns: Sequence[TargetColumn]) -> dg.TableSchema:
    return dg.TableSchema(
        [
            dg.TableColumn(
                column.name,
                column.type,
                description=column.comment or None,
                constraints=dg.TableColumnConstraints(nullable=not column.not_null),
            )
            for column in columns
        ]
    )


def _holds_what_was_read(task: Task, result: LoadResult) -> bool:
    """Whether the table has just the rows that were read; with none, it may have kept its own."""
    return task.definition.replaces_all and task.has_table and result.counts.read > 0


def _source(task: Task) -> str:
    source = task.definition.source
    if source is None:
        files = [*task.definition.before, *task.definition.sql, *task.definition.after]
        return ": " + ", ".join(f"`{file}`" for file in files) if files else ""
    if source.files is not None:
        what = source.files.pattern
    elif source.http is not None:
        what = source.http.path
    else:
        what = ".".join(source.table) if source.table else source.query
    return f", from {task.connection}: `{what}`"


def _runs(task: Task) -> str:
    run = task.definition.run
    said: Mapping[str, object] = {
        "cron": f"`{run.cron}` {run.timezone}" if run.cron else None,
        "hours": f"{', '.join(run.windows)} {run.timezone}" if run.windows else None,
        "pause": run.pause,
        "time limit": run.time_limit,
    }
    return ", ".join(f"{name} {value}" for name, value in said.items() if value is not None)
