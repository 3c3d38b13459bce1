"""What a step may ask about the run it is part of: its windows, and which steps run before it."""

from __future__ import annotations

import dagster as dg

from kada_dagster.collector.failures import StepContext
from kada_dagster.collector.instance import CollectorInstance
from kada_dagster.collector.partitions import RunWindows, run_windows
from kada_dagster.errors import ConfigError


def required_windows(context: StepContext, instance: CollectorInstance) -> RunWindows:
    """The windows of this run.

    Raises:
        ConfigError: the run has no partitions, or not those of closed windows in a row.
    """
    windows = run_windows(context.run, instance.partitions)
    if windows is None:
        raise ConfigError("the run has no partition; launch it for a window or a range of windows")
    return windows


def runs_step(context: StepContext, step: str) -> bool:
    """Whether a step is part of this run, so that this one starts only after it succeeded.

    Args:
        context: of the step that asks.
        step: name of an op; an asset's is its key joined with `__`.
    """
    chosen = context.run.step_keys_to_execute  # a re-execution may leave steps out
    return context.job_def.has_node_named(step) and (chosen is None or step in chosen)


def not_materialized(
    context: dg.AssetExecutionContext, asset: dg.AssetKey, windows: RunWindows
) -> list[str]:
    """The keys of this run's windows that an asset was never materialized for."""
    done = context.instance.get_materialized_partitions(asset)
    return [key for key in windows.keys if key not in done]
