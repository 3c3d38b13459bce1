"""Loads of the demo: the ranges of split tasks in a run each, then all other tasks in one."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

import dagster as dg

from kada_dagster.config import LoaderSettings
from kada_dagster.loader.definition.project import read_project
from kada_dagster.loader.definition.task_folder import Task
from kada_dagster.loader.instance import LoaderInstance
from kada_dagster.sandbox.demo.runs import QUIET, range_tags

_COUNTS = ("rows_read", "rows_inserted", "rows_updated", "rows_deleted")


def load(loader: LoaderSettings, definitions: dg.Definitions, instance: dg.DagsterInstance) -> None:
    """Load every task of a loader, and say what each did."""
    made = LoaderInstance(loader, read_project(loader.project, loader.target))
    tasks = made.project.tasks.values()
    job = definitions.resolve_implicit_global_asset_job_def()
    for split in (task for task in tasks if task.definition.split is not None):
        key = made.keys[split.id]
        keys = definitions.resolve_assets_def(key).partitions_def
        assert keys is not None
        names = keys.get_partition_keys()
        _run(job, instance, loader, {key: split}, what=f"{split}, {len(names)} ranges", names=names)
    whole = {made.keys[task.id]: task for task in tasks if task.definition.split is None}
    _run(job, instance, loader, whole, what=f"{len(whole)} tables")


def _run(
    job: dg.JobDefinition,
    instance: dg.DagsterInstance,
    loader: LoaderSettings,
    tasks: dict[dg.AssetKey, Task],
    *,
    what: str,
    names: Sequence[str] = (),
) -> None:
    """One Dagster run of these tasks, as the UI would launch it."""
    started = time.monotonic()
    result = job.execute_in_process(
        instance=instance,
        asset_selection=[*tasks],
        tags=range_tags(names) if names else {},
        run_config=QUIET,
    )
    seconds = time.monotonic() - started
    print(f"{loader.name}: Dagster run {result.run_id[:8]}, {what}: {seconds:.1f} s")
    events = result.get_asset_materialization_events()
    loaded = [event.step_materialization_data.materialization for event in events]
    for key, task in tasks.items():
        own = [one for one in loaded if one.asset_key == key]
        counts = (f"{_sum(own, name):,} {name.removeprefix('rows_')}" for name in _COUNTS)
        print(f"  {task.id:<20}{task.definition.mode:<8}{', '.join(counts)}")
    checks = result.get_asset_check_evaluations()
    if checks:
        print(f"  checks passed: {sum(one.passed for one in checks)} of {len(checks)}", flush=True)


def _sum(loaded: Iterable[dg.AssetMaterialization], name: str) -> int:
    """A count, over the ranges of a table."""
    values: list[Any] = [one.metadata[name].value for one in loaded if name in one.metadata]
    return sum(values)
