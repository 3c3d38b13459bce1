"""One look at the account: the list of connections, the history of those that advanced, and
what is reported of it this time.

This is the only reader of the room. What it gives and the cursor it leaves belong together:
whatever is not reported is not in the cursor either.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from kada_dagster.api.clock import Clock, SystemClock
from kada_dagster.errors import KadaError
from kada_dagster.fivetran.watch.account import Account, SyncItem, Watched
from kada_dagster.fivetran.watch.comparison import Advance, Comparison, compare
from kada_dagster.fivetran.watch.cursor import Cursor, Seen
from kada_dagster.fivetran.watch.identity import (
    TOLERANCE,
    Completion,
    Failure,
    completions,
    failure,
)
from kada_dagster.fivetran.watch.moments import SECOND, micros, moment
from kada_dagster.fivetran.watch.patience import (
    OWN_PATIENCE,
    PATIENCE,
    apart,
    first_held,
    in_turn,
    is_held,
)
from kada_dagster.fivetran.watch.sightings import Look, LookOptions, Sighting

PAUSE = 3600
"""Seconds without asking for the history, once the account turned out to have none."""

_UNKNOWN = 6 * 24 * 3600 * SECOND
"""How far back the history goes of a connection of which nothing was reported yet."""

_OWN = "the run that started the sync will report it"

_REFUSALS = 3
"""Connections without history, one after the other, that make an account without history."""


def take_look(
    account: Account,
    cursor: Cursor | None,
    options: LookOptions,
    *,
    now: int,
    busy: Callable[[], Collection[str]] = tuple,
    clock: Clock | None = None,
) -> Look:
    """Look at all connections.

    Args:
        account: is asked for the list once, and for the history of connections that advanced.
        cursor: what the last look left; None for the first look.
        options: how.
        now: seconds since 1970.
        busy: gives the ids of connections whose syncs unfinished runs will report; asked only if
            something advanced.
        clock: for the time a look may take.

    Raises:
        KadaError: the list could not be read whole. Nothing was found then, and the cursor
            stays as it was.
    """
    began = (clock := clock or SystemClock()).now()
    listed = list(account.connections())
    compared = compare(cursor, listed, now, emit_on_first=options.emit_on_first)
    work = _Work(account, options, compared, now, listed)
    own = set(busy()) if compared.advances else set[str]()
    for advance in work.advances:
        work.report(advance, own, in_time=clock.now() - began < options.seconds)
    return work.done()


class _Work:
    """A look under way."""

    def __init__(
        self,
        account: Account,
        options: LookOptions,
        compared: Comparison,
        now: int,
        listed: Sequence[Watched],
    ) -> None:
        self.account, self.options, self.now = account, options, now
        self.server_now = server_seconds(listed, now)
        self.compared = compared
        self.look = Look(compared.cursor, listed, compared.is_first, ahead=now - self.server_now)
        self.seen: dict[str, Seen] = dict(compared.cursor.seen)
        self.left, self.events_left = options.most, options.most_events
        self.refused, self.failing = 0, set(compared.cursor.failing)

    @property
    def advances(self) -> list[Advance]:
        """Those that have completed something, in turn."""
        return in_turn(self.compared.advances, self.seen, self.failing, self.server_now)

    def done(self) -> Look:
        """The look, with the cursor of what is reported."""
        until = self.look.cursor.no_history_until
        if self.refused >= _REFUSALS:
            until = self.now + PAUSE
        waiting = {key for key, one in self.seen.items() if one.waits is not None}
        self.look.cursor = replace(
            self.look.cursor,
            seen=self.seen,
            no_history_until=until,
            failing=frozenset(self.failing & waiting),
        )
        return self.look

    def report(self, advance: Advance, own: set[str], *, in_time: bool) -> None:
        """Report what a connection has completed, or let it wait."""
        key = advance.connection.id
        if self.left <= 0 or self.events_left <= 0:
            self.look.waiting[key] = "so many syncs are not reported in one look"
            return
        if key in own and self._holds(advance, OWN_PATIENCE, _OWN):
            if advance.failure is None:
                return
            advance = replace(advance, success=None)
        items = self._items(advance, in_time=in_time)
        if isinstance(items, str) and self._holds(advance, PATIENCE, items):
            advance = replace(advance, success=None)
        self._add(advance, None if isinstance(items, str) else items, is_own=key in own)

    def _add(self, advance: Advance, items: Sequence[SyncItem] | None, *, is_own: bool) -> None:
        key, success = advance.connection.id, advance.success
        found = completions(key, success, items) if success else []
        young: list[Completion] = []
        if found and is_own:
            found, young = apart(found, self.seen[key].waits, self.server_now)
        found = found[: self.left]
        failed = failure(key, advance.failure, items) if advance.failure else None
        if not found and failed is None:
            return
        self.left -= len(found) + (failed is not None)
        self.events_left -= self.options.weight(key) if found else 1
        self._note(key, found, failed)
        if young:
            self._wait(key, young[0].succeeded, _OWN)
        before = advance.success.before if advance.success else None
        self.look.sightings.append(Sighting(advance.connection, before, found, failed))

    def _holds(self, advance: Advance, patience: int, reason: str) -> bool:
        """Let the success of a connection wait, if it may; since when it does is kept."""
        key, success = advance.connection.id, advance.success
        if success is None or not is_held(self.seen[key], success, self.server_now, patience):
            return False
        self._wait(key, first_held(self.seen[key], success), reason)
        return True

    def _wait(self, key: str, first: int, reason: str) -> None:
        self.seen[key] = replace(self.seen[key], waits=first)
        self.look.waiting[key] = reason

    def _note(self, key: str, found: Sequence[Completion], failed: Failure | None) -> None:
        """Only what is reported is seen."""
        if found:
            self.seen[key] = replace(self.seen[key], succeeded=found[-1].succeeded, waits=None)
        if failed is not None:
            self.seen[key] = replace(self.seen[key], failed=failed.failed)

    def _items(self, advance: Advance, *, in_time: bool) -> Sequence[SyncItem] | str | None:
        """The history of a connection, None if there is none, or why it could not be read."""
        if not self._asks():
            return None
        if not in_time:
            return f"histories are asked for {self.options.seconds:.0f} s of a look"
        return self._read(advance)

    def _asks(self) -> bool:
        if self.options.history == "auto":
            paused = self.now < self.look.cursor.no_history_until <= self.now + PAUSE
            return not paused and self.refused < _REFUSALS
        return self.options.history == "always"

    def _read(self, advance: Advance) -> Sequence[SyncItem] | str | None:
        start, end = _span(advance)
        self.look.histories += 1
        try:
            items = self.account.history(advance.connection.id, moment(start), moment(end))
        except KadaError as error:
            self.failing.add(advance.connection.id)
            return f"the sync history could not be read: {error}"
        self.failing.discard(advance.connection.id)
        self.refused = 0 if items is not None else self.refused + 1
        return items


def server_seconds(listed: Sequence[Watched], now: int) -> int:
    """Seconds since 1970 by the clock of the API, as it said with the list; else ours.

    Args:
        listed: the connections.
        now: by our clock.
    """
    said = max((one.seen_at for one in listed if one.seen_at is not None), default=None)
    return now if said is None else int(said.timestamp())


def _span(advance: Advance) -> tuple[int, int]:
    """What the history is asked for: since what was reported; of a connection of which nothing
    was, since it was made, but no more than one call brings."""
    steps = [step for step in (advance.success, advance.failure) if step is not None]
    created = micros(advance.connection.created_at) or 0
    starts = [
        max(created, step.now - _UNKNOWN) if step.before is None else step.before for step in steps
    ]
    return min(starts) - TOLERANCE, max(step.now for step in steps) + TOLERANCE
