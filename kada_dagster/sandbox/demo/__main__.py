"""`python -m kada_dagster.sandbox.demo`: the main job on the sample database, through Dagster."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from kada_dagster.collector.build import build_definitions
from kada_dagster.config import KadaConfig, load_config_file
from kada_dagster.config.models import SourceSettings
from kada_dagster.extracts.manifest import Manifest, read_manifest
from kada_dagster.extracts.staging import Staging
from kada_dagster.hwm.window import format_hwm
from kada_dagster.sandbox.demo.server import demo_server

_RANGE = 3
_QUIET = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}


def main() -> None:
    """Start the server, run a range of windows and then one more, and say what was written."""
    print("Embedded PostgreSQL with the sample database ...", flush=True)
    with demo_server() as file:
        config = load_config_file(file)
        source = config.sources[0]
        definitions = build_definitions(config)
        with _instance() as instance:
            keys = _next_keys(definitions, config, source)
            _run(definitions, instance, source, keys[:_RANGE])
            _run(definitions, instance, source, keys[_RANGE:])
    _report(config, source)


def _instance() -> dg.DagsterInstance:
    """The instance of ./dagster.yaml, whose history `make dev` shows; elsewhere a passing one."""
    if Path("dagster.yaml").is_file():
        return dg.DagsterInstance.from_config(str(Path.cwd()))
    return dg.DagsterInstance.ephemeral()  # pyright: ignore[reportUnknownMemberType]


def _next_keys(
    definitions: dg.Definitions, config: KadaConfig, source: SourceSettings
) -> Sequence[str]:
    """The first windows the mark has not passed; the newest ones when it has passed all."""
    job = definitions.resolve_job_def(f"{source.name}_job")
    assert job.partitions_def is not None
    keys = job.partitions_def.get_partition_keys()
    mark = config.high_water_marks.store(source).read(source.name).mark
    waiting = [key for key in keys if mark is None or key >= format_hwm(mark)]
    return waiting[: _RANGE + 1] if len(waiting) > _RANGE else keys[-_RANGE - 1 :]


def _run(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    source: SourceSettings,
    keys: Sequence[str],
) -> None:
    """One Dagster run over the given windows, as a backfill in the UI would launch it."""
    job = definitions.resolve_job_def(f"{source.name}_job")
    bounds = {
        "dagster/asset_partition_range_start": keys[0],
        "dagster/asset_partition_range_end": keys[-1],
    }
    windows = keys[0] if len(keys) == 1 else f"{keys[0]} ... {keys[-1]}"
    started = time.monotonic()
    result = job.execute_in_process(instance=instance, tags=bounds, run_config=_QUIET)
    seconds = time.monotonic() - started
    print(f"Dagster run {result.run_id[:8]}: window {windows}: {seconds:.1f} s", flush=True)
    for event in result.get_asset_check_evaluations():
        print(f"  check {event.check_name}: {'passed' if event.passed else 'FAILED'}")


def _report(config: KadaConfig, source: SourceSettings) -> None:
    staging = Staging(Path(source.output_path), source.name)
    window, folder = max(staging.runs().items())
    manifest = read_manifest(folder)
    print(f"\nLast extract, {window}, in {_short(folder)}")
    print(f"  {'family':<14}{'rows':>8}{'bytes':>12}  file")
    for file in manifest.files:
        print(f"  {file.family:<14}{file.rows:>8,}{file.bytes:>12,}  {file.file}")
    print(f"  objects: {_counts(manifest)}")
    if source.landing is not None:
        landed = sorted(Path(getattr(source.landing, "path", "")).glob("*.csv*"))
        print(f"Landing {source.landing.landing().describe()}: {len(landed)} files")
    state = config.high_water_marks.store(source).read(source.name)
    print(f"High water mark of {source.name}: {format_hwm(state.mark) if state.mark else 'none'}")
    marks = _short(Path(config.high_water_marks.store(source).describe(source.name)).parent)
    print("\nTry next:")
    print("  make dev                # the same in the Dagster UI, on http://127.0.0.1:3000")
    print(f"  .venv/bin/kada hwm show {source.name} --hwm-path {marks}")


def _counts(manifest: Manifest) -> str:
    largest = sorted(manifest.counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{count:,} {kind}" for kind, count in largest)


def _short(path: Path) -> str:
    return os.path.relpath(path)


if __name__ == "__main__":
    main()
