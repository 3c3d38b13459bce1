"""What a soak prints."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from bench.deployment import Deployment
from bench.soak.judge import SyncVerdict, Verdict

_SHOWN = 5


def print_report(
    verdicts: Sequence[Verdict],
    syncs: SyncVerdict,
    backfill: Mapping[str, Any],
    launched: int,
    failures: Mapping[str, int],
    deployment: Deployment,
) -> None:
    """The figures of each source, what is wrong with it, and how runs and processes fared."""
    print(f"\n{'source':12}{'windows':>9}{'file sets':>11}{'events':>9}   faults")
    for one in verdicts:
        print(f"{one.name:12}{one.windows:>9,}{one.files:>11,}{one.events:>9,}   {_faults(one)}")
    print(f"syncs: {syncs.syncs}, missed {list(syncs.missed)}, double {list(syncs.double)}")
    seconds = (backfill["endTimestamp"] or time.time()) - backfill["timestamp"]
    print(f"backfill: {backfill['numPartitions']} windows, launched {launched} times, ", end="")
    print(f"{len(backfill['runs'])} runs, {backfill['status']} after {seconds:.0f} s")
    instance = deployment.instance
    done = instance.get_runs_count(dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS]))
    print(f"runs: {instance.get_runs_count()}, succeeded {done}")
    for cause, count in failures.items():
        print(f"  failed {count}: {cause}")
    for part in deployment.parts:
        print(f"{part.name}: killed {part.killed}, started {part.started}")


def last_line(
    minutes: float,
    schedules: int,
    verdicts: Sequence[Verdict],
    syncs: SyncVerdict,
    deployment: Deployment,
) -> str:
    """The figures on one line."""
    kills = sum(part.killed for part in deployment.parts)
    restarts = sum(part.started - 1 for part in deployment.parts)
    return (
        f"soak minutes={minutes:g} sources={len(verdicts)} schedules={schedules}"
        f" windows={sum(one.windows for one in verdicts)}"
        f" lost={sum(len(one.lost) for one in verdicts)}"
        f" doubled={sum(len(one.doubled) for one in verdicts)}"
        f" events={sum(one.events for one in verdicts)}"
        f" events_wrong={sum(_wrong_events(one) for one in verdicts)}"
        f" marks_right={sum(not one.marks for one in verdicts)}"
        f" syncs={syncs.syncs} missed={len(syncs.missed)} double={len(syncs.double)}"
        f" kills={kills} restarts={restarts}"
    )


def _wrong_events(one: Verdict) -> int:
    return len(one.events_lost) + len(one.events_doubled) + len(one.events_strange)


def _faults(one: Verdict) -> str:
    found = [
        f"{kind} {len(what)}: {', '.join(map(str, what[:_SHOWN]))}"
        for kind, what in one.faults.items()
    ]
    return "; ".join(found) or "none"
