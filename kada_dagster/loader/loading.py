"""What a run of a task's asset does: one load, or one for each range, told apart in the history.

A range that was loaded is committed: a run that fails later reports it all the same, and another
attempt of the same run leaves it alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import dagster as dg

from kada_dagster.errors import ConfigError, KadaError
from kada_dagster.loader.load_ids import naming
from kada_dagster.loader.metadata import RANGE_END, Metadata, load_metadata
from kada_dagster.loader.partitions import chosen_parts

if TYPE_CHECKING:
    from kada_dagster.loader.definition.project import Project
    from kada_dagster.loader.definition.task_folder import Task
    from kada_dagster.loader.engine.split import Part
    from kada_dagster.loader.quality import Quality
    from kada_dagster.loader.resource import LoaderResource


@dataclass(frozen=True)
class Loaded:
    """The table of a task in a run, loaded or to be looked at.

    Attributes:
        resource: that loads and checks it.
        task: fills the table.
        project: of the task.
        parts: the ranges that were loaded; none for the whole table.
        read: rows that were read; None where that is not known of the whole table.
        metadata: of the whole table, for its materialization.
    """

    resource: LoaderResource
    task: Task
    project: Project
    parts: Sequence[Part] = ()
    read: int | None = None
    metadata: Metadata = field(default_factory=Metadata)

    def checked(self, names: Sequence[str]) -> list[Quality]:
        """The results of checks. What was loaded is committed, whatever they come to."""
        from kada_dagster.loader.quality import unchecked

        try:
            return self.resource.check(
                self.task, self.project, names, parts=self.parts, read=self.read
            )
        except KadaError as error:
            return unchecked(names, error)


def load_whole(
    context: dg.AssetExecutionContext, resource: LoaderResource, task: Task, project: Project
) -> Loaded:
    """Load a task.

    Raises:
        KadaError: the target is as it was.
    """
    with naming(_load_id(context)):
        result = resource.load(task, project, None, context.log.info)
    facts = load_metadata(task, result)
    return Loaded(resource, task, project, read=result.counts.read, metadata=facts)


def load_parts(
    context: dg.AssetExecutionContext, resource: LoaderResource, task: Task, project: Project
) -> Loaded:
    """Load the ranges of a run, each in a transaction of its own.

    Raises:
        KadaError: a range could not be loaded; those before it are, and are reported.
    """
    parts = _parts(context, task)
    before = _reported(context)
    done: dict[str, Metadata] = {}
    try:
        for part in parts:
            if part.name not in before:
                done[part.name] = _load_part(context, resource, task, project, part)
            facts: Any = done.get(part.name) or before[part.name]
            context.add_asset_metadata(facts, partition_key=part.name)
    except BaseException:
        for name, facts in done.items():
            made: Any = facts
            event = dg.AssetMaterialization(context.asset_key, metadata=made, partition=name)
            context.log_event(event)
        raise
    return Loaded(resource, task, project, parts, metadata={"ranges": len(parts)})


def _load_part(
    context: dg.AssetExecutionContext,
    resource: LoaderResource,
    task: Task,
    project: Project,
    part: Part,
) -> Metadata:
    context.log.info(f"{task}: range {part.name}")
    with naming(_load_id(context)):
        result = resource.load(task, project, part, context.log.info)
    end: Metadata = {} if part.upper is None else {RANGE_END: str(part.upper)}
    return load_metadata(task, result) | end


def _load_id(context: dg.AssetExecutionContext) -> str:
    """The same in all attempts of a run, and in runs Dagster starts since one failed."""
    run = context.run
    is_retry = "dagster/retry_number" in run.tags
    return run.root_run_id or run.run_id if is_retry else run.run_id


def _parts(context: dg.AssetExecutionContext, task: Task) -> list[Part]:
    split = task.definition.split
    if split is None or not (context.has_partition_key or context.has_partition_key_range):
        raise ConfigError(f"{task}: the run has no partition; launch it for a range or several")
    return chosen_parts(split, context.partition_keys, datetime.now(timezone.utc))


def _reported(context: dg.AssetExecutionContext) -> Mapping[str, Mapping[str, Any]]:
    """What attempts before this one loaded, by the name of the range."""
    if not context.op_execution_context.retry_number:
        return {}
    records = context.instance.get_records_for_run(
        context.run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION
    ).records
    events = [record.event_log_entry.asset_materialization for record in records]
    return {
        event.partition: event.metadata
        for event in events
        if event is not None and event.partition and event.asset_key == context.asset_key
    }
