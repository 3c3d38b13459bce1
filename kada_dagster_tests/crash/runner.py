"""The process that is killed: brings every closed window from the source to the mark.

Its arguments are PLAN [KILL_AT]. PLAN is a JSON file with `landing` and `high_water_marks` as in
kada.yaml. With KILL_AT every call into the operating system that writes, renames, removes or sends
is counted; the process ends itself with SIGKILL right before call number KILL_AT. If it comes to
its end it writes the calls to calls.jsonl.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import FrameType
from typing import Any

from pydantic import TypeAdapter

from kada_dagster.collector.extractor import Extractor
from kada_dagster.collector.steps import run_window
from kada_dagster.config import FileMarkSettings, HighWaterMarkSettings, LandingSettings
from kada_dagster.extracts.contract import COLUMNS, EVENTS, LINKAGE, META, timestamp
from kada_dagster.extracts.writer import ExtractWriter
from kada_dagster.hwm.store import MarkStore
from kada_dagster.hwm.window import Window
from kada_dagster.landing.base import Landing

FIRST = datetime(2024, 1, 1, tzinfo=timezone.utc)
WINDOWS = [
    Window(FIRST + timedelta(hours=hour), FIRST + timedelta(hours=hour + 1)) for hour in range(3)
]
NAME = "clock"
_CALLS = frozenset(
    ("open", "write", "replace", "rename", "link", "unlink", "remove", "mkdir", "mkdtemp")
    + ("rmdir", "fsync", "truncate", "ftruncate", "send", "sendall", "sendmsg", "connect")
)


class ClockExtractor(Extractor):
    """A source that has an event every five minutes."""

    source_type = "clock"
    families = (META, LINKAGE, EVENTS)

    def __init__(self, folder: Path) -> None:
        super().__init__(name=NAME, host="h", output_path=folder / "out", mask=False, compress=True)

    def test_connection(self) -> None:
        """It is always there."""

    def read(self, window: Window, writer: ExtractWriter) -> None:
        """All objects; the events that ended in the window."""
        tables = [_row(META, "TABLE", f"h.t{number}") for number in range(20)]
        writer.add_rows(META, tables)
        moment, events = window.start, list[list[str]]()
        while moment < window.end:
            stamp = timestamp(moment)
            events.append(_row(EVENTS, stamp, "RUNS", "TABLE", "h.t1", "OK", "", stamp, stamp))
            moment += timedelta(minutes=5)
        writer.add_rows(EVENTS, events)


class Count:
    """Counts the calls of all threads, and ends the process before a chosen one."""

    def __init__(self, kill_at: int) -> None:
        self.kill_at = kill_at
        self.step = "start"
        self.calls: list[tuple[str, str]] = []
        self._lock = threading.Lock()

    def begin(self, step: str) -> None:
        self.step = step.split(maxsplit=1)[0]

    def profile(self, _frame: FrameType, event: str, called: Any) -> None:
        if event != "c_call" or called.__name__ not in _CALLS or self.step == "start":
            return
        with self._lock:
            self.calls.append((self.step, called.__name__))
            if len(self.calls) == self.kill_at:
                os.kill(os.getpid(), signal.SIGKILL)


def main(arguments: Sequence[str]) -> int:
    """Bring the windows from the mark on to the landing."""
    plan = Path(arguments[0])
    wanted: dict[str, Any] = json.loads(plan.read_text())
    landing = TypeAdapter[Any](LandingSettings).validate_python(wanted["landing"]).landing()
    marks = _marks(wanted["high_water_marks"], landing)
    if not arguments[1:]:
        _bring(landing, marks, lambda step: None)
        return 0
    count = Count(int(arguments[1]))
    threading.setprofile(count.profile)
    sys.setprofile(count.profile)
    try:
        _bring(landing, marks, count.begin)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # pyright: ignore[reportArgumentType]
    lines = [json.dumps(call) for call in count.calls]
    Path("calls.jsonl").write_text("\n".join(lines))
    return 0


def _bring(landing: Landing, marks: MarkStore, report: Callable[[str], None]) -> None:
    mark = marks.read(NAME).mark or FIRST
    for window in WINDOWS:
        if window.end > mark:
            run_window(
                ClockExtractor(Path.cwd()),
                window,
                first=FIRST,
                marks=marks,
                landing=landing,
                min_share_of_last=0.5,
                report=report,
            )


def _marks(fields: dict[str, Any], landing: Any) -> Any:
    settings = TypeAdapter[Any](HighWaterMarkSettings).validate_python(fields)
    if settings.type == "landing":
        return landing.marks()
    assert isinstance(settings, FileMarkSettings) or settings.type == "postgres"
    source: Any = None  # neither asks for it
    return settings.store(source)


def _row(family: str, *values: str) -> list[str]:
    return [*values, *[""] * (len(COLUMNS[family]) - len(values))]
