"""What was seen of a soak: plain values, from the stores themselves and from the stand-ins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from kada_dagster.hwm.window import Window


@dataclass(frozen=True)
class Extracted:
    """A run in the staging folder.

    Attributes:
        window: what it covers.
        sums: sha256 of its files, by name.
    """

    window: Window
    sums: Mapping[str, str]


@dataclass(frozen=True)
class SourceFacts:
    """One source, after all has come to rest.

    Attributes:
        name: of the source.
        windows: every window the cron expression makes, from the first one that was to be
            extracted up to the last one that has closed, oldest first.
        until: end of the last window that has to be there.
        extracts: the runs in its staging folder.
        written: every version of every file that ever was in its landing, as (name, sha256).
        events: ids of the rows in the files of events, as often as they are there.
        truth: ids of the events there were, and when each was over.
        passing: ids of events that may be told as well: by a time that stood in place of what is
            now the last one.
        mark: the high water mark.
        marks: all marks it ever had, oldest first.
        uploaded: the windows Dagster shows as uploaded.
    """

    name: str
    windows: Sequence[Window]
    until: datetime
    extracts: Sequence[Extracted]
    written: Sequence[tuple[str, str]]
    mark: datetime | None
    marks: Sequence[datetime]
    uploaded: frozenset[Window]
    events: Sequence[str] = ()
    truth: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    passing: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SyncFacts:
    """The syncs of the Fivetran account.

    Attributes:
        completed: those there were, as (connection, sync id).
        reported: those Dagster was told of, as often as it was.
    """

    completed: frozenset[tuple[str, str]]
    reported: Sequence[tuple[str, str]]
