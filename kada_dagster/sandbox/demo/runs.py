"""Runs of the demo: ranges of windows of a source, each one Dagster run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from kada_dagster.config import KadaConfig
from kada_dagster.config.models import SourceSettings
from kada_dagster.hwm.window import format_hwm

_RANGE = 3
QUIET = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}
"""Run configuration that keeps the steps' log off the terminal."""


def demo_instance() -> dg.DagsterInstance:
    """The instance of ./dagster.yaml, whose history `make dev` shows; elsewhere a passing one."""
    if Path("dagster.yaml").is_file():
        return dg.DagsterInstance.from_config(str(Path.cwd()))
    return dg.DagsterInstance.ephemeral()  # pyright: ignore[reportUnknownMemberType]


def bring(
    source: SourceSettings,
    config: KadaConfig,
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
) -> None:
    """Bring a range of windows to the landing; of the first source one more."""
    job = definitions.resolve_job_def(f"{source.name}_job")
    keys = _next_keys(job, config, source)
    _run(job, instance, source, keys[:_RANGE])
    if source is config.sources[0]:
        _run(job, instance, source, keys[_RANGE:])


def range_tags(keys: Sequence[str]) -> dict[str, str]:
    """The tags of one run over a range of partitions."""
    return {
        "dagster/asset_partition_range_start": keys[0],
        "dagster/asset_partition_range_end": keys[-1],
    }


def _next_keys(job: dg.JobDefinition, config: KadaConfig, source: SourceSettings) -> Sequence[str]:
    """The first windows the mark has not passed; the newest ones when it has passed all."""
    assert job.partitions_def is not None
    keys = job.partitions_def.get_partition_keys()
    mark = config.high_water_marks.store(source).read(source.name).mark
    waiting = [key for key in keys if mark is None or key >= format_hwm(mark)]
    return waiting[: _RANGE + 1] if len(waiting) > _RANGE else keys[-_RANGE - 1 :]


def _run(
    job: dg.JobDefinition,
    instance: dg.DagsterInstance,
    source: SourceSettings,
    keys: Sequence[str],
) -> None:
    """One Dagster run over the given windows, as a backfill in the UI would launch it."""
    windows = keys[0] if len(keys) == 1 else f"{keys[0]} ... {keys[-1]}"
    started = time.monotonic()
    result = job.execute_in_process(instance=instance, tags=range_tags(keys), run_config=QUIET)
    seconds = time.monotonic() - started
    print(f"{source.name}: Dagster run {result.run_id[:8]}, window {windows}: {seconds:.1f} s")
    checks = result.get_asset_check_evaluations()
    passed = ", ".join(event.check_name for event in checks if event.passed)
    print(f"  checks passed: {passed}", flush=True)
    for event in checks:
        if not event.passed:
            print(f"  check FAILED: {event.check_name}", flush=True)
