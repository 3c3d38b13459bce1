"""What a step may ask about the run it is part of: its windows, and which steps run before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import dagster as dg

from kada_dagster.collector.failures import StepContext
from kada_dagster.collector.instance import CollectorInstance
from kada_dagster.collector.metadata import EXTRACTS
from kada_dagster.collector.partitions import RunWindows, run_windows
from kada_dagster.errors import ConfigError
from kada_dagster.hwm.mark import MarkState, gap, merged, settled
from kada_dagster.hwm.window import Window, format_hwm, parse_hwm

_PAGE = 1000  # events at once


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


def first_not_sent(
    context: dg.AssetExecutionContext, asset: dg.AssetKey, windows: RunWindows, known: MarkState
) -> Window | None:
    """The first span of this run that an asset was never materialized for.

    What counts is which span each materialization noted, not its key: since then windows may have
    been cut anew, and a run may have been about a part of its window.

    Args:
        context: of the step that asks.
        asset: notes its bounds, as `metadata.window_metadata` gives them.
        windows: of the run.
        known: what the store of marks has already.
    """
    wanted = windows.window
    spans = [*_materialized(context.instance, asset, windows.keys), *known.ahead]
    if known.mark is not None and known.mark > wanted.start:
        spans.append(Window(wanted.start, known.mark))
    state = MarkState(wanted.start, tuple(spans))
    reached = settled(state).mark or wanted.start
    if reached >= wanted.end:
        return None
    missing = gap(state, wanted.start)
    return Window(reached, min(missing.end, wanted.end) if missing else wanted.end)


def spans_sent(
    context: dg.AssetExecutionContext, asset: dg.AssetKey, windows: RunWindows
) -> Sequence[Window]:
    """What is uploaded with the windows of this run: at least these. An upload alone sends the
    whole run its window was extracted in.

    Args:
        context: of the step that asks.
        asset: notes the runs it sent, as `metadata.upload_metadata` gives them.
        windows: of the run; all were sent.
    """
    wanted = dg.AssetRecordsFilter(asset_key=asset, asset_partitions=list(windows.keys))
    newest = context.instance.fetch_materializations(wanted, limit=1).records
    event = newest[0].asset_materialization if newest else None
    noted: Any = event.metadata.get(EXTRACTS) if event is not None else None
    runs = str(noted.value).split(", ") if noted is not None else []
    return merged([windows.window, *map(Window.from_folder, runs)])


def _materialized(
    dagster: dg.DagsterInstance, asset: dg.AssetKey, keys: Sequence[str]
) -> Iterator[Window]:
    wanted = dg.AssetRecordsFilter(asset_key=asset, asset_partitions=list(keys))
    page: str | None = None
    while True:
        result = dagster.fetch_materializations(wanted, limit=_PAGE, cursor=page)
        for record in result.records:
            event = record.asset_materialization
            if event is not None and {"window_start", "window_end"} <= event.metadata.keys():
                start, end = (_noted(event, name) for name in ("window_start", "window_end"))
                yield Window(start, end)
        if not result.has_more:
            return
        page = result.cursor


def _noted(event: dg.AssetMaterialization, name: str) -> datetime:
    value: Any = event.metadata[name].value
    return parse_hwm(str(value), name)
