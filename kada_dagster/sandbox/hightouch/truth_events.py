"""What EVENTS must hold of a workspace, window by window."""

from __future__ import annotations

from collections.abc import Iterator

from kada_dagster.extracts.contract import json_cell, timestamp
from kada_dagster.extracts.identity import object_id
from kada_dagster.hwm.window import Window
from kada_dagster.sandbox.hightouch.estate import HightouchEstate
from kada_dagster.sandbox.hightouch.facts import EventFact
from kada_dagster.sandbox.hightouch.runs import Rows, Run

_LONGEST_MESSAGE = 500


def events(
    estate: HightouchEstate, host: str, window: Window, *, mask: bool
) -> Iterator[EventFact]:
    """Every row of a window; `HightouchEstate.events` says what the arguments are."""
    for number in estate.syncs:
        for run in estate.runs.get(number, ()):
            if run.finished_at and window.start <= run.finished_at < window.end:
                yield _event(host, number, run, mask)


def _event(host: str, sync: int, run: Run, mask: bool) -> EventFact:
    return EventFact(
        object_id(host, "run", str(sync), str(run.id)),
        "RUNS",
        "PIPELINE",
        object_id(host, "sync", str(sync)),
        run.status,
        timestamp(run.started_at),
        timestamp(run.finished_at),
        str(run.size),
        str(run.successful.total),
        str(run.failed.total),
        _message(run, mask),
        json_cell(
            {
                "planned_rows": _counts(run.planned),
                "successful_rows": _counts(run.successful),
                "failed_rows": _counts(run.failed),
            }
        ),
    )


def _message(run: Run, mask: bool) -> str:
    if not run.error:
        return ""
    if mask:
        return run.error_code or "***"
    cut = run.error[:_LONGEST_MESSAGE]
    return cut if cut == run.error else f"{cut}…"


def _counts(rows: Rows) -> dict[str, int]:
    return {"added": rows.added, "changed": rows.changed, "removed": rows.removed}
