"""How long a success is held back, and whose turn comes last because of that. Pure.

A wait is counted from the first success that was held back, not from the newest: a connection that
syncs more often than the patience lasts always has a young one, and would wait for ever.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from kada_dagster.fivetran.watch.comparison import Advance, Step
from kada_dagster.fivetran.watch.cursor import Seen
from kada_dagster.fivetran.watch.identity import TOLERANCE, Completion
from kada_dagster.fivetran.watch.moments import SECOND

PATIENCE = 600
"""Seconds a success waits for a history that cannot be read; then it goes by its timestamp."""

OWN_PATIENCE = 300
"""Seconds a success waits for the run that started the sync to report it."""


def first_held(seen: Seen, success: Step) -> int:
    """The success by which the wait of a connection is counted, microseconds since 1970."""
    return success.now if seen.waits is None else seen.waits


def is_held(seen: Seen, success: Step, now: int, patience: int) -> bool:
    """Whether a success still waits.

    Args:
        seen: of the connection.
        success: its step.
        now: seconds since 1970 by the clock of the API.
        patience: seconds.
    """
    return now - first_held(seen, success) / SECOND < patience


def apart(
    found: Sequence[Completion], held: int | None, now: int
) -> tuple[list[Completion], list[Completion]]:
    """The syncs of a connection at whose syncs a run is at work: to report, and to leave to it.

    The young ones the run may be about to report. The one that was held back first has waited
    for long enough; it goes by its moment where the history does not have it.

    Args:
        found: its successes, oldest first; at least one.
        held: the one held back first, microseconds since 1970.
        now: seconds since 1970 by the clock of the API.
    """
    known = list(found)
    if held is not None and all(abs(one.succeeded - held) > TOLERANCE for one in found):
        known.append(Completion(found[0].connection_id, held))
        known.sort(key=lambda one: one.succeeded)
    latest = (now - OWN_PATIENCE) * SECOND
    old = sum(one.succeeded <= latest for one in known) or 1
    return known[:old], known[old:]


def in_turn(
    advances: Iterable[Advance], seen: Mapping[str, Seen], failing: Collection[str], now: int
) -> list[Advance]:
    """Those whose history could not be read come last, so that they take no time from the others.

    One whose patience is over keeps its turn: whatever the history does, it is reported then.
    """

    def is_last(one: Advance) -> bool:
        key = one.connection.id
        if key not in failing or one.success is None:
            return key in failing
        return is_held(seen[key], one.success, now, PATIENCE)

    return sorted(advances, key=is_last)
