"""The process that is killed: one load, with `PROJECT LOAD_ID [KILL_AT]` as arguments.

With KILL_AT every call into the drivers, and every read of what they send, is counted; the process
ends itself with SIGKILL right before call number KILL_AT, or, if that is negative, so many
microseconds after the first call. If it comes to its end it writes the calls to calls.jsonl.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import Any

from kada_dagster.loader.definition.project import read_project
from kada_dagster.loader.engine.run import run_task

_CALLS = frozenset(
    ("execute", "copy_expert", "fetchall", "commit", "close", "_connect", "read", "join", "query")
)


class Count:
    """Counts the calls of all threads, and ends the process at a chosen one."""

    def __init__(self, kill_at: int) -> None:
        self.kill_at = kill_at
        self.calls: list[str] = []
        self.began = 0.0
        self._lock = threading.Lock()

    def profile(self, frame: FrameType, event: str, called: Any) -> None:
        if event != "c_call" or called.__name__ not in _CALLS or not _is_ours(frame):
            return
        with self._lock:
            if not self.calls:
                self._begin()
            self.calls.append(called.__name__)
            if len(self.calls) == self.kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    def _begin(self) -> None:
        self.began = monotonic()
        if self.kill_at < 0:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            threading.Thread(target=self._wait, daemon=True).start()

    def _wait(self) -> None:
        threading.Event().wait(-self.kill_at / 1e6)
        os.kill(os.getpid(), signal.SIGKILL)


def _is_ours(frame: FrameType) -> bool:
    return "kada_dagster" in frame.f_code.co_filename or "psycopg2" in frame.f_code.co_filename


def main(arguments: Sequence[str]) -> int:
    """Load the project's only task."""
    gc.disable()  # what the original has loaded is not copied for a look at it
    known = len(sys.modules)
    _load(arguments)
    if len(sys.modules) == known:  # nothing the original might load for the next copy
        os._exit(0)
    return 0


def _load(arguments: Sequence[str]) -> None:
    project = read_project(Path(arguments[0]))
    (task,) = project.tasks.values()
    if not arguments[2:]:
        run_task(task, project, load_id=arguments[1])
        return
    count = Count(int(arguments[2]))
    threading.setprofile(count.profile)
    sys.setprofile(count.profile)
    try:
        run_task(task, project, load_id=arguments[1])
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # pyright: ignore[reportArgumentType]
    took = monotonic() - count.began
    Path("calls.json").write_text(json.dumps({"calls": count.calls, "seconds": took}))
