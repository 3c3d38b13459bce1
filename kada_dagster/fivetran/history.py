"""The sync history of a connection: what each sync came to. Not every account has it.

Facts: https://fivetran.com/docs/rest-api/api-reference/connections/retrieve-connection-sync-history
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from kada_dagster.api.values import moment_iso, object_of, text

LONGEST = timedelta(days=7)
"""What one query may cover."""

COMPLETED, FAILURE = "COMPLETED", "FAILURE"


@dataclass(frozen=True)
class SyncRecord:
    """One sync. Moments are in UTC.

    Attributes:
        sync_id: of the sync.
        start: when it began; None: not yet.
        end: when it ended; None: not yet.
        status: `COMPLETED`, `FAILURE`, `CANCELED`, `INCOMPLETE`, `RESCHEDULED`, `PAUSED`.
        reason: why it came to that; '' if it succeeded.
        extract_mb: what was read, in MB; None if not said.
        process_mb: what was processed.
        load_mb: what was written.
    """

    sync_id: str
    start: datetime | None = None
    end: datetime | None = None
    status: str = ""
    reason: str = ""
    extract_mb: float | None = None
    process_mb: float | None = None
    load_mb: float | None = None

    @classmethod
    def read(cls, item: object) -> SyncRecord:
        """The sync in an item of the history; never raises."""
        given = object_of(item)
        return cls(
            sync_id=text(given.get("sync_id")),
            start=moment_iso(given.get("start")),
            end=moment_iso(given.get("end")),
            status=text(given.get("status")).upper(),
            reason=text(given.get("reason")),
            extract_mb=_volume(given, "extract"),
            process_mb=_volume(given, "process"),
            load_mb=_volume(given, "load"),
        )


def spans(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The time between two moments, in pieces that one query each may cover."""
    while end - start > LONGEST:
        yield start, start + LONGEST
        start += LONGEST
    if start < end:
        yield start, end


def moment(value: datetime) -> str:
    """A moment as the API has it: UTC, microseconds and `Z`."""
    utc = value.astimezone(timezone.utc).replace(tzinfo=None)
    return f"{utc.isoformat(timespec='microseconds')}Z"


def in_order(records: Iterable[SyncRecord]) -> list[SyncRecord]:
    """Each sync once, as it was told last, oldest first; those that did not begin come last."""
    last = datetime.max.replace(tzinfo=timezone.utc)
    each = {record.sync_id: record for record in records}.values()
    return sorted(each, key=lambda one: (one.start or last, one.end or last, one.sync_id))


def _volume(given: dict[str, object], stage: str) -> float | None:
    volume = object_of(object_of(given.get("stages")).get(stage)).get("volume")
    if isinstance(volume, bool) or not isinstance(volume, (int, float)):
        return None
    try:
        return float(volume) if math.isfinite(volume) else None
    except OverflowError:  # a whole number beyond what a float holds
        return None
