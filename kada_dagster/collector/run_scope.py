"""What a step may ask about the run it is part of: its windows, and which steps run before it."""

from __future__ import annotations

from datetime import datetime

import dagster as dg

from kada_dagster.collector.failures import StepContext
from kada_dagster.collector.instance import CollectorInstance
from kada_dagster.collector.partitions import RunWindows, run_windows
from kada_dagster.errors import ConfigError
from kada_dagster.hwm.window import format_hwm


def required_windows(context: StepContext, instance: CollectorInstance) -> RunWindows:
    """The windows of this run.

    Raises:
        ConfigError: the run has no partitions, or not those of closed windows in a row.
    """
    windows = run_windows(context.run, instance.partitions)
    if windows is None:
        raise ConfigError("the run has no partition; launch it for a window or a range of windows")
    return windows


def require_closed(windows: RunWindows, instance: CollectorInstance, now: datetime) -> None:
    """Refuse to extract a window as long as data of it may still come.

    Args:
        windows: of the run.
        instance: says how long that is.
        now: the present moment.

    Raises:
        ConfigError: the last window has not been closed for as long as `window.delay_minutes`.
    """
    from_then_on = windows.window.end + instance.delay
    if now < from_then_on:
        raise ConfigError(
            f"{windows.window} is extracted from {format_hwm(from_then_on)} UTC on, "
            f"{instance.settings.window.delay_minutes} minutes after its end "
            "(window.delay_minutes); launch the run then, or for earlier windows"
        )


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
