"""What is wrong with what was seen. Pure; what is right is decided from the outside.

A window is delivered by a run of staging all of whose files are in the landing as the run wrote
them. It is lost if nothing delivers it. It is doubled if two runs do, for their events would be
in two files, or if a file of its run was in the landing with two contents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bench.soak.facts import Extracted, SourceFacts, SyncFacts
from kada_dagster.hwm.mark import merged
from kada_dagster.hwm.window import Window, format_hwm


@dataclass(frozen=True)
class Verdict:
    """What came of one source.

    Attributes:
        name: of the source.
        windows: how many windows were delivered.
        files: sets of files that delivered them.
        events: rows of events in the landing.
        lost: windows that are not in the landing, though they have to be.
        doubled: windows that are there twice, or once with two contents.
        stray: files in the landing that belong to no run that was delivered.
        events_lost, events_doubled, events_strange: ids of events that are missing, there more
            than once, or nothing that ever happened.
        marks: what is wrong with the mark, in words.
        unseen: windows of which Dagster says otherwise than the landing.
    """

    name: str
    windows: int
    files: int
    events: int
    lost: Sequence[Window]
    doubled: Sequence[Window]
    stray: Sequence[str]
    events_lost: Sequence[str]
    events_doubled: Sequence[str]
    events_strange: Sequence[str]
    marks: Sequence[str]
    unseen: Sequence[Window]

    @property
    def faults(self) -> dict[str, Sequence[object]]:
        """What is wrong, by kind; empty where all is right."""
        kinds = (
            *("lost", "doubled", "stray", "events_lost", "events_doubled", "events_strange"),
            *("marks", "unseen"),
        )
        return {kind: found for kind in kinds if (found := getattr(self, kind))}


@dataclass(frozen=True)
class SyncVerdict:
    """What came of the syncs.

    Attributes:
        syncs: how many there were.
        missed: those that were not reported, as (connection, sync id).
        double: those that were reported more than once.
    """

    syncs: int
    missed: Sequence[tuple[str, str]] = field(default=())
    double: Sequence[tuple[str, str]] = field(default=())


def judged(facts: SourceFacts) -> Verdict:
    """Judge one source."""
    delivered = _delivered(facts)
    times = {window: _times(window, delivered) for window in facts.windows}
    changed = _changed_names(facts.written)
    rewritten = [run.window for run in delivered if changed & run.sums.keys()]
    there = [window for window, count in times.items() if count]
    known = {name for run in delivered for name in run.sums}
    reached = _reached(facts.windows[0].start, delivered)
    landed = Counter(facts.events)
    due = {number for number, over in facts.truth.items() if _is_due(over, facts, reached)}
    return Verdict(
        name=facts.name,
        windows=len(there),
        files=len(delivered),
        events=landed.total(),
        lost=[one for one, count in times.items() if not count and one.end <= facts.until],
        doubled=[
            one
            for one, count in times.items()
            if count > 1 or any(span.covers(one) for span in rewritten)
        ],
        stray=sorted({name for name, _ in facts.written} - known),
        events_lost=sorted(due - landed.keys()),
        events_doubled=sorted(number for number, count in landed.items() if count > 1),
        events_strange=sorted(landed.keys() - facts.truth.keys() - facts.passing),
        marks=list(_mark_faults(facts, reached)),
        unseen=sorted(facts.uploaded ^ set(there)),
    )


def judged_syncs(facts: SyncFacts) -> SyncVerdict:
    """Judge the sensor."""
    reported = Counter(facts.reported)
    return SyncVerdict(
        syncs=len(facts.completed),
        missed=sorted(facts.completed - reported.keys()),
        double=sorted(one for one, count in reported.items() if count > 1),
    )


def _delivered(facts: SourceFacts) -> list[Extracted]:
    written = set(facts.written)
    return [run for run in facts.extracts if run.sums and written.issuperset(run.sums.items())]


def _times(window: Window, delivered: Sequence[Extracted]) -> int:
    """How many runs hold a window, or a part of it."""
    return sum(run.window.start < window.end and window.start < run.window.end for run in delivered)


def _changed_names(written: Iterable[tuple[str, str]]) -> set[str]:
    """The files that were in the landing with more than one content."""
    contents = Counter(name for name, _ in set(written))
    return {name for name, count in contents.items() if count > 1}


def _reached(start: datetime, delivered: Sequence[Extracted]) -> datetime:
    """How far deliveries lead on from a moment without a gap."""
    spans = merged(run.window for run in delivered)
    return max((span.end for span in spans if span.start <= start < span.end), default=start)


def _is_due(over: datetime, facts: SourceFacts, reached: datetime) -> bool:
    return facts.windows[0].start <= over < max(reached, facts.until)


def _mark_faults(facts: SourceFacts, reached: datetime) -> Iterable[str]:
    mark = facts.mark
    if mark is None:
        yield "there is none"
        return
    if mark != reached:
        yield f"it is {format_hwm(mark)}, but what is delivered reaches {format_hwm(reached)}"
    if mark < facts.until:
        yield f"it is {format_hwm(mark)}, and has to be at {format_hwm(facts.until)}"
    for before, after in zip(facts.marks, facts.marks[1:]):
        if after < before:
            yield f"it went back from {format_hwm(before)} to {format_hwm(after)}"
