"""Which connections have completed a sync since the cursor was written. Pure.

Success and failure are followed apart: the API has one timestamp of each, and the newer of the
two says nothing about the other. Moments of the API are only ever compared with each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from kada_dagster.fivetran.watch.account import Watched
from kada_dagster.fivetran.watch.cursor import Cursor, Seen
from kada_dagster.fivetran.watch.moments import SECOND, micros

KEPT_SECONDS = 8 * 24 * 3600
"""How long a connection that is not listed any more is remembered, should it come back."""

_SPAN = 4 * SECOND
"""How far before its success the first look of a connection reaches, when that is reported."""


@dataclass(frozen=True)
class Step:
    """One of a connection's two timestamps has moved.

    Attributes:
        before: what was reported last, microseconds since 1970; None for nothing.
        now: what the API says.
    """

    before: int | None
    now: int


@dataclass(frozen=True)
class Advance:
    """A connection that has completed something.

    Attributes:
        connection: as the list has it.
        success: its `succeeded_at` has moved.
        failure: its `failed_at` has moved.
    """

    connection: Watched
    success: Step | None
    failure: Step | None

    @property
    def waits_since(self) -> int:
        """The moment reported last; who was served longest ago is served first."""
        steps = [step for step in (self.success, self.failure) if step is not None]
        return min(step.before or 0 for step in steps)


@dataclass(frozen=True)
class Comparison:
    """The list held against the cursor.

    Attributes:
        cursor: knows all connections; of those that advanced, still what was reported before.
        advances: the connections to report, longest waiting first.
        is_first: there was no cursor.
    """

    cursor: Cursor
    advances: Sequence[Advance]
    is_first: bool


def compare(
    cursor: Cursor | None, listed: Sequence[Watched], now: int, *, emit_on_first: bool = False
) -> Comparison:
    """Hold a complete list of connections against the cursor.

    Args:
        cursor: None for the first look.
        listed: all connections there are.
        now: seconds since 1970.
        emit_on_first: the first look reports the last success of each connection, in place of
            taking all there is as reported.
    """
    known = cursor or Cursor(_newest_moment(listed))
    seen: dict[str, Seen] = dict(_absent(known, {one.id for one in listed}, now))
    advances: list[Advance] = []
    for one in listed:
        before = known.seen.get(one.id) or _first_seen(
            one, known.since, is_first=cursor is None, emit=emit_on_first
        )
        seen[one.id] = _set_back(before, one)
        if (advance := _advance(seen[one.id], one)) is not None:
            advances.append(advance)
    advances.sort(key=lambda advance: (advance.waits_since, advance.connection.id))
    return Comparison(replace(known, seen=seen, looked=now), advances, cursor is None)


def is_new(created: int | None, since: int) -> bool:
    """Whether a connection nobody has seen yet came after the first look.

    One created in that very moment was not listed then, so it did.
    """
    return created is not None and created >= since


def _first_seen(one: Watched, since: int, *, is_first: bool, emit: bool) -> Seen:
    """What counts as reported of a connection that is seen for the first time."""
    succeeded, failed = micros(one.succeeded_at), micros(one.failed_at)
    if is_first and emit and succeeded is not None:
        return Seen(succeeded - _SPAN, failed)
    if not is_first and is_new(micros(one.created_at), since):
        return Seen()
    return Seen(succeeded, failed)


def _set_back(before: Seen, one: Watched) -> Seen:
    """A timestamp that is gone, or older than it was, is that of a connection made anew. Where
    no success is left to report, none waits."""
    succeeded = _not_after(before.succeeded, micros(one.succeeded_at))
    waits = before.waits if step(succeeded, micros(one.succeeded_at)) else None
    return Seen(succeeded, _not_after(before.failed, micros(one.failed_at)), waits=waits)


def _not_after(before: int | None, now: int | None) -> int | None:
    return None if before is None or now is None else min(before, now)


def _advance(before: Seen, one: Watched) -> Advance | None:
    success = step(before.succeeded, micros(one.succeeded_at))
    failure = step(before.failed, micros(one.failed_at))
    return Advance(one, success, failure) if success or failure else None


def step(before: int | None, now: int | None) -> Step | None:
    """The step from one timestamp to a newer one; None where it has not moved."""
    if now is None or (before is not None and now <= before):
        return None
    return Step(before, now)


def _absent(known: Cursor, listed: set[str], now: int) -> Iterable[tuple[str, Seen]]:
    """The connections that are not listed, as long as they are remembered."""
    for key, one in known.seen.items():
        gone = now if one.gone is None else one.gone
        if key not in listed and now - gone <= KEPT_SECONDS:
            yield key, replace(one, gone=gone)


def _newest_moment(listed: Sequence[Watched]) -> int:
    """The newest moment the API names: the clock of the server had got that far."""
    moments = (m for one in listed for m in (one.created_at, one.succeeded_at, one.failed_at) if m)
    return max(map(micros, moments), default=0)
