"""The finished runs of syncs as rows of EVENTS: each in the window that holds its end.

The API filters runs by their start, so those of some hours before the window are read, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from kada_dagster.api.errors import ApiError, ApiNotFoundError
from kada_dagster.api.values import moment_iso, object_of, text, whole
from kada_dagster.extracts.contract import json_cell, timestamp
from kada_dagster.hightouch.allowed import compact
from kada_dagster.hightouch.client import HightouchClient
from kada_dagster.hightouch.masking import message
from kada_dagster.hwm.window import Window

_FINISHED = frozenset({"cancelled", "failed", "success", "warning", "interrupted"})
_SKEW = timedelta(minutes=5)  # clocks that disagree, so that a run ends before it starts
_MOMENT = timedelta(milliseconds=1)
_PERHAPS_GONE = frozenset({400, 404, 410, 422})
_LOST = (
    "the sync is there, and its runs would be missing for good, so nothing of this window is "
    "written: run it again when they can be read"
)
_COUNTS = {"added": "addedCount", "changed": "changedCount", "removed": "removedCount"}


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes:
        id: as the API has it, unique within its sync.
        ended: when it ended.
        fields: other columns of EVENTS, in lower case.
    """

    id: str
    ended: datetime
    fields: dict[str, str]


@dataclass
class RunsFound:
    """What a sync's runs are.

    Attributes:
        runs: those that ended in the window.
        is_there: whether there still is such a sync.
        without_end: ids of those that are over and do not say since when.
        near_lookback: ids of those that took so long that longer ones may be missed.
    """

    runs: list[Run] = field(default_factory=list[Run])
    is_there: bool = True
    without_end: list[str] = field(default_factory=list[str])
    near_lookback: list[str] = field(default_factory=list[str])


@dataclass(frozen=True)
class RunReader:
    """Reads the runs of one window. Thread-safe.

    Attributes:
        client: makes the calls.
        window: the runs that ended in it are wanted.
        lookback: how long before it they may have started.
        mask: keep no error texts.
    """

    client: HightouchClient
    window: Window
    lookback: timedelta
    mask: bool

    @property
    def since(self) -> datetime:
        """The first start that counts."""
        return _earlier(self.window.start, self.lookback)

    def is_wanted(self, sync: Mapping[str, Any]) -> bool:
        """Whether a sync may have such runs, by its last one.

        Whatever moment of it the API means by `lastRunAt`, one before `since` leaves none.
        """
        if "lastRunAt" in sync and sync["lastRunAt"] is None:
            return False  # it never ran
        last = moment_iso(sync.get("lastRunAt"))
        return last is None or last >= self.since

    def read(self, sync: Mapping[str, Any]) -> RunsFound:
        """The runs of a sync, as it is listed; none and no call where it cannot have any.

        Raises:
            KadaError: they cannot be read to their end, and the sync is not gone.
        """
        number = text(sync.get("id"))
        if not number or not self.is_wanted(sync):
            return RunsFound()
        try:
            return self._found(self._answers(number))
        except (ApiNotFoundError, ApiError) as error:
            if error.status not in _PERHAPS_GONE:
                raise
            if self.client.is_there(number):
                raise error.saying(_LOST) from error
            return RunsFound(is_there=False)

    def _answers(self, sync: str) -> Iterable[Mapping[str, Any]]:
        """Whether the API counts the very moments is not said: ask for one more."""
        after = _earlier(self.since, _MOMENT)
        return self.client.runs(sync, after, _later(self.window.end, _SKEW))

    def _found(self, answers: Iterable[Mapping[str, Any]]) -> RunsFound:
        found = RunsFound()
        for given in answers:
            number, ended = text(given.get("id")), moment_iso(given.get("finishedAt"))
            if ended is None:
                if text(given.get("status")) in _FINISHED:
                    found.without_end.append(number)
            elif number and self.window.start <= ended < self.window.end:
                started = moment_iso(given.get("startedAt"))
                found.runs.append(Run(number, ended, _fields(given, started, mask=self.mask)))
                if started is not None and ended - started > 0.8 * self.lookback:
                    found.near_lookback.append(number)
        return found


def _fields(given: Mapping[str, Any], started: datetime | None, *, mask: bool) -> dict[str, str]:
    planned, successful, failed = (
        _counts(given.get(key)) for key in ("plannedRows", "successfulRows", "failedRows")
    )
    facts = compact(planned_rows=planned, successful_rows=successful, failed_rows=failed)
    return {
        "status": text(given.get("status")),
        "started_at": timestamp(started),
        "rows_read": _number(whole(given.get("querySize"))),
        "rows_written": _total(successful),
        "rows_failed": _total(failed),
        "message": message(text(given.get("error")), mask=mask),
        "attributes": json_cell(facts),
    }


def _counts(value: object) -> dict[str, int]:
    given = object_of(value)
    numbers = {name: whole(given.get(key)) for name, key in _COUNTS.items()}
    return {name: number for name, number in numbers.items() if number is not None}


def _total(counts: Mapping[str, int]) -> str:
    return str(sum(counts.values())) if counts else ""


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _earlier(moment: datetime, span: timedelta) -> datetime:
    try:
        return moment - span
    except OverflowError:
        return datetime.min.replace(tzinfo=moment.tzinfo)


def _later(moment: datetime, span: timedelta) -> datetime:
    try:
        return moment + span
    except OverflowError:
        return datetime.max.replace(tzinfo=moment.tzinfo)
