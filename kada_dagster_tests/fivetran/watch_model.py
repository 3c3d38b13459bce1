"""A Fivetran account and a Dagster daemon in a few lines each: the simulation's two other sides.

They are models of what the real ones promise: the account names the newest success and failure of
each connection and has a history that may lag; the daemon stores a tick's asset events one by
one, then the runs with the cursor, then launches the runs, then moves the cursor, and may die
between any two of these.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from random import Random
from typing import Any

from kada_dagster.errors import ConnectionFailedError
from kada_dagster.fivetran.watch.cursor import decode, encode
from kada_dagster.fivetran.watch.follow import FollowRule, Launch, launches
from kada_dagster.fivetran.watch.look import take_look
from kada_dagster.fivetran.watch.moments import SECOND, micros, moment
from kada_dagster.fivetran.watch.reports import Report, Reported, reports
from kada_dagster.fivetran.watch.sightings import Look, LookOptions
from kada_dagster_tests.api.manual_clock import ManualClock


@dataclass(frozen=True)
class ModelSync:
    """A sync that ran. `end` is what the history names, `moved` what the connection does."""

    connection: str
    sync_id: str
    started: int
    ended: int
    moved: int
    status: str = "COMPLETED"
    by_own_run: bool = False
    reason: str | None = None
    extract_mb: float | None = None
    load_mb: float | None = None

    @cached_property
    def start(self) -> datetime:
        return moment(self.started)

    @cached_property
    def end(self) -> datetime:
        return moment(self.ended)


@dataclass(frozen=True)
class Listed:
    """A connection as the list has it."""

    id: str
    schema: str
    created_at: datetime | None
    succeeded_at: datetime | None = None
    failed_at: datetime | None = None
    service: str = "postgres"
    paused: bool = False
    setup_state: str = "connected"
    sync_state: str = "scheduled"
    rescheduled_for: datetime | None = None
    tasks: Sequence[str] = ()
    warnings: Sequence[str] = ()
    seen_at: datetime | None = None


@dataclass
class Life:
    """A connection between its making and its deletion, with all its syncs in order. The list
    may have it a little later than it was made."""

    id: str
    created: int
    deleted: int
    syncs: list[ModelSync] = field(default_factory=list[ModelSync])
    listed_from: int = 0

    def __post_init__(self) -> None:
        self._begun = [sync.started for sync in self.syncs]
        self.good = [sync for sync in self.syncs if sync.status == "COMPLETED"]
        self.bad = [sync for sync in self.syncs if sync.status == "FAILURE"]
        self._moved = {id(part): [s.moved for s in part] for part in (self.good, self.bad)}

    def listed(self, now: int) -> Listed:
        good, bad = (self._newest(part, now) for part in (self.good, self.bad))
        name, created, seen = f"name_of_{self.id}", moment(self.created), moment(now)
        return Listed(self.id, name, created, good, bad, seen_at=seen)

    def history(self, start: int, end: int, now: int) -> list[ModelSync]:
        """The syncs that began in a span of time and have ended."""
        first, last = bisect_left(self._begun, start), bisect_right(self._begun, end)
        return [sync for sync in self.syncs[first:last] if sync.ended <= now]

    def _newest(self, part: list[ModelSync], now: int) -> datetime | None:
        place = bisect_right(self._moved[id(part)], now)
        return moment(part[place - 1].moved) if place else None


@dataclass
class ModelAccount:
    """The account at a moment.

    Attributes:
        lives: of all connections there ever are.
        random: for what goes wrong.
        hidden: share of the histories whose newest item is missing.
        empty: share of the histories that are empty.
        failing: share of the lists of which a page fails.
        history_failing: share of the histories that fail.
        lists, histories: how often they were asked for.
    """

    lives: Sequence[Life]
    random: Random
    hidden: float = 0.0
    empty: float = 0.0
    failing: float = 0.0
    history_failing: float = 0.0
    now: int = 0
    lists: int = 0
    histories: int = 0

    def alive(self) -> list[Life]:
        return [life for life in self.lives if life.created <= self.now < life.deleted]

    def connections(self) -> Iterable[Listed]:
        self.lists += 1
        broken = self.random.random() < self.failing
        alive = self.alive()
        page = self.random.randrange(len(alive) + 1) if broken else len(alive)
        for life in alive[:page]:
            if life.listed_from <= self.now:
                yield life.listed(self.now)
        if broken:
            raise ConnectionFailedError("a page of the list failed")

    def history(self, connection_id: str, start: datetime, end: datetime) -> list[ModelSync]:
        self.histories += 1
        if self.random.random() < self.history_failing:
            raise ConnectionFailedError("the history failed")
        span = micros(start), micros(end), self.now
        found = [
            sync
            for life in self.alive()
            if life.id == connection_id
            for sync in life.history(*span)
        ]
        if self.random.random() < self.empty:
            return []
        return found[:-1] if self.random.random() < self.hidden else found


@dataclass(frozen=True)
class Told:
    """A materialisation of a connection's asset."""

    connection: str
    succeeded: int
    sync_id: str | None
    batch: str | None


class DaemonKilledError(Exception):
    """The daemon died here."""


@dataclass
class ModelDaemon:
    """Ticks a sensor on an account, and keeps what Dagster keeps.

    Attributes:
        account: is looked at.
        options: of a look.
        coalesce: of the sensor.
        random: for where it dies.
        dying: share of the ticks in which it does.
        told: the materialisations, in order.
        runs: what was launched, by run key.
    """

    account: ModelAccount
    options: LookOptions
    coalesce: bool
    random: Random
    dying: float = 0.0
    rules: Sequence[FollowRule] = (FollowRule(["*"], jobs=["all"]),)
    told: list[Told] = field(default_factory=list[Told])
    by_connection: dict[str, list[Told]] = field(default_factory=dict[str, list[Told]])
    failures: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    runs: dict[str, Launch] = field(default_factory=dict[str, Launch])
    cursor: str | None = None
    reserved: tuple[list[Launch], str] | None = None
    unfinished: Callable[[int], set[str]] = lambda now: set()
    failed_ticks: int = 0
    deaths: int = 0

    def tick(self) -> None:
        """One tick; a daemon that dies starts again with the next one."""
        self._doomed = self.random.randrange(7) if self.random.random() < self.dying else -1
        try:
            if self.reserved is not None:
                self._launch(*self.reserved)
            else:
                self._evaluate()
        except ConnectionFailedError:
            self.failed_ticks += 1
        except DaemonKilledError:
            self.deaths += 1

    def _evaluate(self) -> None:
        look, found, wanted = self.look()
        self._may_die(0)
        self._store(look, found)
        self._may_die(3)
        self.reserved = wanted, encode(look.cursor)
        self._may_die(4)
        self._launch(*self.reserved)

    def look(self) -> tuple[Look, list[Report], list[Launch]]:
        """What the sensor's function makes of a look: the parts of it that are the package's."""
        now = self.account.now
        look = take_look(
            self.account,
            decode(self.cursor),
            self.options,
            now=now // SECOND,
            busy=lambda: self.unfinished(now),
            clock=ManualClock(),
        )
        journal = {one.connection.id: self._journal(one) for one in look.sightings}
        found = reports(look.sightings, journal)
        known = self.runs.__contains__
        wanted = launches(found, self.rules, coalesce=self.coalesce, is_known=known)
        return look, found, wanted

    def _journal(self, one: Any) -> list[Reported]:
        known = self.by_connection.get(one.connection.id, [])
        return [
            Reported(told.succeeded, told.sync_id, told.batch)
            for told in known
            if one.before is None or told.succeeded > one.before
        ]

    def _store(self, look: Look, found: list[Report]) -> None:
        """The asset events, one by one; it may die after any of them."""
        new = [report for report in found if report.is_new]
        last = self.random.randrange(len(new)) if new and self._doomed in (1, 2) else None
        for place, report in enumerate(new):
            done = report.completion
            self.tell(Told(done.connection_id, done.succeeded, done.sync_id, report.batch))
            if place == last:
                raise DaemonKilledError
        for one in look.sightings:
            if one.failure is not None:
                self.failures.setdefault(one.connection.id, []).append(one.failure.failed)

    def tell(self, told: Told) -> None:
        """Store a materialisation."""
        self.told.append(told)
        self.by_connection.setdefault(told.connection, []).append(told)

    def _launch(self, wanted: list[Launch], cursor: str) -> None:
        """Runs of a reserved tick are launched, also by the daemon that comes after; once all
        are, a tick that dies before it is marked as done is forgotten, its cursor with it."""
        for place, launch in enumerate(wanted):
            self.runs.setdefault(launch.key, launch)
            if self._doomed == 5 and place == 0 and len(wanted) > 1:
                raise DaemonKilledError
        self.reserved = None
        self._may_die(6)
        self.cursor = cursor

    def _may_die(self, place: int) -> None:
        if self._doomed == place:
            self._doomed = -1
            raise DaemonKilledError
