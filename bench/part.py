"""A process of a deployment as a supervisor has it: started, killed, started again, measured."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from kada_dagster.sandbox.guarded_process import GuardedProcess

# An ignored SIGINT is inherited by what a shell starts in the background; Dagster stops on it.
_LAUNCH = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.executable, [sys.executable, "-m", *sys.argv[1:]])
"""


@dataclass
class Part:
    """One process of a deployment.

    Attributes:
        name: what it is called.
        command: what Python runs, after `-m`.
        environment: its variables, all of them.
        log: where its output goes.
        started: how often it was started.
        killed: how often it was killed.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    log: Path
    started: int = 0
    killed: int = 0
    process: GuardedProcess | None = None
    _scratch: Path = Path()

    def start(self) -> None:
        """Start it; returns before it is ready."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._scratch = Path(tempfile.mkdtemp(prefix=f"kada-{self.name}-"))
        self.process = GuardedProcess.start(
            [sys.executable, "-c", _LAUNCH, *self.command],
            log=self.log,
            scratch=self._scratch,
            environment=self.environment,
        )
        self.started += 1

    def kill(self) -> None:
        """SIGKILL to it and all below it at once, as when its host or container goes away."""
        processes = self.processes()
        for process in processes:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(processes, timeout=10)
        self._end("KILL")
        self.killed += 1

    def stop(self) -> None:
        """Interrupt it, as an operator does; what is left of it after a while is killed."""
        below = self.processes()
        self._end("INT")
        _, alive = psutil.wait_procs(below, timeout=5)
        for process in alive:
            with suppress(psutil.Error):
                process.kill()

    def _end(self, signal: str) -> None:
        if self.process is not None:
            self.process.stop(signal, timeout=20)
            shutil.rmtree(self._scratch, ignore_errors=True)

    @property
    def is_running(self) -> bool:
        """Whether it lives."""
        return self.process is not None and self.process.running

    @property
    def rss_mb(self) -> float:
        """Resident memory of it and all below it, in MB."""
        total = 0
        for process in self.processes():
            with suppress(psutil.Error):
                total += process.memory_info().rss
        return total / 2**20

    @property
    def cpu_seconds(self) -> float:
        """Processor time it and all that live below it have taken."""
        total = 0.0
        for process in self.processes():
            with suppress(psutil.Error):
                total += sum(process.cpu_times()[:2])
        return total

    def processes(self) -> list[psutil.Process]:
        """It and all below it, as far as they live."""
        if not self.is_running:
            return []
        assert self.process is not None
        with suppress(psutil.Error):
            own = psutil.Process(self.process.pid)
            return [own, *own.children(recursive=True)]
        return []
