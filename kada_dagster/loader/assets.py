"""Tasks as assets: an op each, which loads the task, or the ranges of its run one by one.

The op is put together from Dagster's own parts in place of its decorators: these look at a function
as a user wrote it, which for a thousand tasks takes longer than to read their files.
"""

# No `from __future__ import annotations` here: Dagster compares the annotation of `context`
# with its classes, and does not resolve text.

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import dagster as dg

from kada_dagster.collector.failures import step_errors
from kada_dagster.errors import ConfigError
from kada_dagster.loader.checks import check_names, check_results, check_specs
from kada_dagster.loader.definition.profile_secrets import profile_secrets
from kada_dagster.loader.definition.task_folder import Task
from kada_dagster.loader.instance import LoaderInstance, group_name
from kada_dagster.loader.loading import Loaded, load_parts, load_whole
from kada_dagster.loader.metadata import source_rows, task_metadata, task_text
from kada_dagster.loader.partitions import partitions_of
from kada_dagster.secrets import Secret

PRIORITY_TAG = "dagster/priority"
_RESULT = "result"
_NOTHING = dg.In(dg.Nothing)
_LOADED, _CHECKED = dg.Out(dg.Nothing, is_required=False), dg.Out(None, is_required=False)


def build_assets(instance: LoaderInstance) -> list[dg.AssetsDefinition]:
    """The assets of all tasks.

    Raises:
        ConfigError: Dagster does not take what a task says; names its file.
    """
    return [_built(instance, task) for task in instance.project.tasks.values()]


def _built(instance: LoaderInstance, task: Task) -> dg.AssetsDefinition:
    try:
        return build_asset(instance, task)
    except ConfigError as error:
        raise ConfigError(f"{task.document.file}: {error}") from None
    except Exception as error:  # Dagster's own, of owners, tags, names
        raise ConfigError(f"{task.document.file}: Dagster refuses it: {error}") from error


def build_asset(instance: LoaderInstance, task: Task) -> dg.AssetsDefinition:
    """The asset of a task.

    Raises:
        Exception: whatever Dagster has against it.
    """
    spec = _spec(instance, task)
    checks = {f"check_{one.name}": one for one in check_specs(task, spec.key)}
    upstream = {f"upstream_{place}": dep.asset_key for place, dep in enumerate(spec.deps)}
    priority = task.definition.run.priority
    op = dg.OpDefinition(
        name=instance.op_name(task),
        compute_fn=_compute(instance, task),
        ins=dict.fromkeys(upstream, _NOTHING),
        outs={_RESULT: _LOADED, **dict.fromkeys(checks, _CHECKED)},
        required_resource_keys={instance.settings.resource_key},
        pool=instance.pool(task),
        tags={PRIORITY_TAG: str(priority)} if priority else None,
    )
    return dg.AssetsDefinition(
        keys_by_input_name=upstream,
        keys_by_output_name={_RESULT: spec.key},
        node_def=op,
        specs=[spec],
        check_specs_by_output_name=checks,
        can_subset=bool(checks),  # so that the checks can be made without a load
        backfill_policy=None if spec.partitions_def is None else dg.BackfillPolicy.single_run(),
    )


def _spec(instance: LoaderInstance, task: Task) -> dg.AssetSpec:
    definition, route = task.definition, instance.route(task)
    freshness = definition.checks.freshness
    split = definition.split
    return dg.AssetSpec(
        instance.keys[task.id],
        deps=[_dep(instance, task, name) for name in instance.project.waits_for[task.id]],
        description=task_text(task),
        group_name=group_name(task),
        kinds=_kinds(instance, task),
        owners=definition.owners or route.owners,
        tags={**route.tags, **definition.tags},
        metadata=task_metadata(task),
        code_version=task.fingerprint,
        partitions_def=None if split is None else partitions_of(split),
        freshness_policy=(
            None if freshness is None else dg.FreshnessPolicy.time_window(fail_window=freshness)
        ),
    )


def _dep(instance: LoaderInstance, task: Task, name: str) -> dg.AssetDep:
    """Ranges of time that differ meet where they overlap, if they do."""
    own, other = task.definition.split, instance.project.tasks[name].definition.split
    mapping = None
    if own is not None and other is not None and partitions_of(own) != partitions_of(other):
        both = (partitions_of(own), partitions_of(other))
        is_time = all(isinstance(one, dg.TimeWindowPartitionsDefinition) for one in both)
        mapping = (
            dg.TimeWindowPartitionMapping(allow_nonexistent_upstream_partitions=True)
            if is_time
            else dg.AllPartitionMapping()
        )
    return dg.AssetDep(instance.keys[name], partition_mapping=mapping)


def _kinds(instance: LoaderInstance, task: Task) -> set[str]:
    profile = instance.project.connections.get(task.connection or "")
    return {"postgres", getattr(profile, "type", "sql")}


def _compute(instance: LoaderInstance, task: Task) -> Callable[..., Iterator[Any]]:
    """What the op does: load and check, or check what is there where only that is asked for."""
    key, known = instance.keys[task.id], check_names(task)

    def secrets() -> list[Secret]:
        sent = [Secret(variable=name) for name in task.variables]
        return [*profile_secrets(instance.project.connections.values()), *sent]

    def load(context: dg.AssetExecutionContext, _: Mapping[str, Any]) -> Iterator[Any]:
        resource = getattr(context.resources, instance.settings.resource_key)
        asked = {check.name for check in context.selected_asset_check_keys}
        names = [name for name in known if name in asked]
        if key not in context.selected_asset_keys:
            there = Loaded(resource, task, instance.project)
            yield from check_results(task, key, there.checked(names))
            return
        with step_errors(context, task.definition.retries, secrets):
            load_all = load_whole if task.definition.split is None else load_parts
            loaded: Loaded = load_all(context, resource, task, instance.project)
        results = loaded.checked(names) if names else []
        yield dg.MaterializeResult(
            asset_key=key,
            metadata=loaded.metadata | (source_rows(results) if len(loaded.parts) < 2 else {}),
            check_results=list(check_results(task, key, results)),
        )

    return load
