"""Workers of Celery for the tests: each a "machine" of its own, with the unit file's command."""

from __future__ import annotations

import os
import re
import shlex
import signal
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from kada_dagster.sandbox.guarded_process import GuardedProcess
from kada_dagster_tests.live.dev_server import ROOT

UNIT = ROOT / "deploy" / "celery" / "kada-worker@.service"
_START_SECONDS = 60.0
_PLACE = 'cd "$1" && shift && exec "$@"'


@dataclass(frozen=True)
class Worker:
    """A running worker.

    Attributes:
        name: as the tag `kada/worker` of its runs begins.
        folder: its machine's disk: a kada.yaml, and what relative paths in it lead to.
    """

    name: str
    folder: Path
    process: GuardedProcess = field(repr=False)

    @property
    def log(self) -> str:
        """What it printed."""
        return (self.folder / "worker.log").read_text(encoding="utf-8", errors="replace")

    def lose_power(self) -> None:
        """Kill it and the runs it executes, at one stroke, as if its machine were gone."""
        top = psutil.Process(self.process.pid)
        top.suspend()  # it would see its children die, and say so
        for process in (*top.children(recursive=True), top):
            _kill(process)
        self.process.process.wait(10)

    def stop(self) -> None:
        """As systemd does: it may let its runs end, for a while."""
        below: list[psutil.Process] = []
        with suppress(psutil.Error):
            below = psutil.Process(self.process.pid).children(recursive=True)
        self.process.stop("TERM", timeout=20)
        _, alive = psutil.wait_procs(below, timeout=1)
        for process in alive:
            _kill(process)


@contextmanager
def workers(
    folder: Path, config: str, environment: Mapping[str, str], queues: Mapping[str, str]
) -> Generator[dict[str, Worker], None, None]:
    """Run workers with a process for runs each, until the block ends.

    Args:
        folder: each gets one below it, as its machine's disk.
        config: text of the kada.yaml on each of them.
        environment: variables beside PATH, HOME and PYTHONPATH; there are no others.
        queues: the queue each takes runs from, by the worker's name.
    """
    started: dict[str, Worker] = {}
    try:
        for name, queue in queues.items():
            started[name] = _start(folder / name, config, environment, name, queue)
        for worker in started.values():
            _await(worker)
        yield started
    finally:
        for worker in started.values():
            if worker.process.running:  # all of them end at the same time
                os.kill(worker.process.pid, signal.SIGTERM)
        for worker in started.values():
            worker.stop()


def _kill(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(signal.SIGKILL)


def _start(
    folder: Path, config: str, environment: Mapping[str, str], name: str, queue: str
) -> Worker:
    folder.mkdir(parents=True)
    (folder / "kada.yaml").write_text(config, encoding="utf-8")
    variables = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    variables |= {"KADA_CONFIG": str(folder / "kada.yaml"), "TMPDIR": str(folder), **environment}
    variables |= {"KADA_CELERY_QUEUES": queue, "KADA_CELERY_PROCESSES": "1"}
    command = ["/bin/sh", "-c", _PLACE, "sh", str(folder), *unit_command(name, variables)]
    scratch = folder / "scratch"
    scratch.mkdir()
    process = GuardedProcess.start(
        command, log=folder / "worker.log", scratch=scratch, environment=variables
    )
    return Worker(name, folder, process)


def unit_command(name: str, variables: Mapping[str, str]) -> Sequence[str]:
    """The command of the unit file as systemd would run it, with this environment's program."""
    (line,) = re.findall(r"^ExecStart=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    specifiers = {"%i": name, "%%": "%"}
    program, *arguments = [
        re.sub(r"%i|%%", lambda found: specifiers[found[0]], word) for word in shlex.split(line)
    ]
    values = [re.sub(r"\$\{(\w+)\}", lambda name: variables[name[1]], word) for word in arguments]
    assert Path(program).name == "celery"
    return [sys.executable, "-m", "celery", *values]


def _await(worker: Worker) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while " ready." not in worker.log:
        if not worker.process.running or time.monotonic() > deadline:
            raise RuntimeError(f"worker {worker.name} does not start:\n{worker.log[-3000:]}")
        time.sleep(0.1)
