"""Timing whole processes: wall and CPU seconds and peak memory, as the system accounts for them."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Usage:
    """What one process took.

    Attributes:
        wall: seconds from start to end.
        cpu: seconds of user and system time, of it and the children it waited for.
        rss_mb: peak resident memory of the largest process, in MB.
    """

    wall: float
    cpu: float
    rss_mb: float


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Usage:
    """Run a command to its end.

    Raises:
        RuntimeError: it failed; holds the end of what it printed.
    """
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            tail = output.read()[-3000:].decode(errors="replace")
            raise RuntimeError(f"{command[0]} ended with {process.returncode}:\n{tail}")
    return Usage(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def in_turn(
    rounds: int, runners: Mapping[str, Callable[[], Usage]], floor: str
) -> tuple[dict[str, Usage], dict[str, float]]:
    """Run all in turn, round by round, after a warm-up, so that drift hits all alike.

    Args:
        rounds: counted rounds.
        runners: what to time, by name.
        floor: the one the others are compared with.

    Returns:
        The median usage of each, and the median over rounds of its wall time over the floor's.
    """
    for runner in runners.values():
        runner()
    seen = [{name: runner() for name, runner in runners.items()} for _ in range(rounds)]
    usages = {name: _median([round_[name] for round_ in seen]) for name in runners}
    ratios = {
        name: statistics.median(round_[name].wall / round_[floor].wall for round_ in seen)
        for name in runners
    }
    return usages, ratios


def _median(usages: Sequence[Usage]) -> Usage:
    return Usage(
        statistics.median(usage.wall for usage in usages),
        statistics.median(usage.cpu for usage in usages),
        max(usage.rss_mb for usage in usages),
    )


def table(usages: Mapping[str, Usage], ratios: Mapping[str, float]) -> str:
    """The figures as lines of text."""
    lines = [f"{'':34}{'wall s':>9}{'ratio':>8}{'cpu s':>8}{'peak MB':>9}"]
    lines += [
        f"{name:34}{usage.wall:>9.2f}{ratios[name]:>8.2f}{usage.cpu:>8.2f}{usage.rss_mb:>9.0f}"
        for name, usage in usages.items()
    ]
    return "\n".join(lines)
