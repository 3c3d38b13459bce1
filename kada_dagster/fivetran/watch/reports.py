"""What of a look has been reported before, and what is reported together. Pure.

Dagster stores what a tick reports before it stores the cursor. A tick that begins anew after a
crash in between finds the same syncs again; what the assets say of them tells which ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kada_dagster.fivetran.watch.account import Watched
from kada_dagster.fivetran.watch.identity import TOLERANCE, Completion
from kada_dagster.fivetran.watch.moments import micros
from kada_dagster.fivetran.watch.sightings import Sighting


@dataclass(frozen=True)
class Reported:
    """A sync the asset of a connection knows of.

    Attributes:
        succeeded: microseconds since 1970.
        sync_id: where it was known.
        batch: what the sensor reported it with; None if a run that started the sync did.
    """

    succeeded: int
    sync_id: str | None
    batch: str | None


@dataclass(frozen=True)
class Report:
    """A sync to act on.

    Attributes:
        connection: whose.
        completion: the sync, as it was reported first.
        batch: names the syncs it is, or was, reported with; '' if a run reported it.
        is_new: nobody has reported it yet.
        is_newest: no later sync of the connection is known.
    """

    connection: Watched
    completion: Completion
    batch: str
    is_new: bool
    is_newest: bool

    @property
    def is_last(self) -> bool:
        """Whether no sync of the connection has failed since."""
        failed = micros(self.connection.failed_at)
        return failed is None or failed < self.completion.succeeded


def reports(
    sightings: Iterable[Sighting], journal: Mapping[str, Sequence[Reported]]
) -> list[Report]:
    """The syncs of a look, told apart by who reported them.

    Args:
        sightings: of the look.
        journal: by connection id, what its asset knows of syncs after the one reported last.
    """
    found = [report for one in sightings for report in _of(one, journal.get(one.connection.id, ()))]
    batch = digest(report.completion.key for report in found if report.is_new)
    return [replace(report, batch=batch) if report.is_new else report for report in found]


def digest(keys: Iterable[str]) -> str:
    """A short name of some keys, whatever their order."""
    return hashlib.sha256("\n".join(sorted(keys)).encode()).hexdigest()[:16]


def _of(one: Sighting, known: Sequence[Reported]) -> list[Report]:
    """What the sensor has reported covers everything before it."""
    covered = max((entry.succeeded for entry in known if entry.batch), default=None)
    found: list[Report] = []
    for place, completion in enumerate(one.completions, 1):
        entry = next((e for e in known if completion.is_as(e.sync_id, e.succeeded)), None)
        if entry is None and covered is not None and completion.succeeded < covered - TOLERANCE:
            continue
        is_newest = place == len(one.completions)
        found.append(_report(one.connection, completion, entry, is_newest=is_newest))
    return found


def _report(
    connection: Watched, completion: Completion, entry: Reported | None, *, is_newest: bool
) -> Report:
    if entry is None:
        return Report(connection, completion, "", is_new=True, is_newest=is_newest)
    same = replace(completion, succeeded=entry.succeeded, sync_id=entry.sync_id)
    return Report(connection, same, entry.batch or "", is_new=False, is_newest=is_newest)
