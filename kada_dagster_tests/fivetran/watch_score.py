"""Simulated weeks of an account, and the count of syncs that were missed or reported twice."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from random import Random
from typing import Literal

from kada_dagster.fivetran.watch.cursor import decode
from kada_dagster.fivetran.watch.identity import TOLERANCE
from kada_dagster.fivetran.watch.moments import SECOND
from kada_dagster.fivetran.watch.sightings import LookOptions
from kada_dagster_tests.fivetran.watch_model import (
    Life,
    ModelAccount,
    ModelDaemon,
    ModelSync,
    Told,
)

Mode = Literal["history", "newest hidden", "history empty", "timestamps"]
MODES: tuple[Mode, ...] = ("history", "newest hidden", "history empty", "timestamps")
ZERO = 1_790_000_000 * SECOND
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
SKEW = 0.3
_FAR = 10**18


@dataclass
class Score:
    """What came of the syncs of connections that are there at the end.

    Attributes:
        syncs: successes.
        reported: of them, materialised under their own name.
        merged: of them, covered by the report of a later sync only.
        by_time: materialisations that name their sync by its moment, for want of its id.
        missed: of them, covered by no run of theirs or of a later sync, or by no materialisation.
        double: runs or materialisations beyond the first of a sync.
        extra: runs or materialisations of a sync that never was.
        failures_missed: connections whose newest failure was not reported.
        ticks, deaths, failed_ticks: of the daemon.
    """

    syncs: int = 0
    reported: int = 0
    merged: int = 0
    by_time: int = 0
    missed: int = 0
    double: int = 0
    extra: int = 0
    failures_missed: int = 0
    ticks: int = 0
    deaths: int = 0
    failed_ticks: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def is_clean(self) -> bool:
        return not (self.missed or self.double or self.extra or self.failures_missed)


def simulate(
    seed: int,
    mode: Mode,
    *,
    coalesce: bool,
    wanted: int,
    quiet: bool = False,
    failing: float = 0.1,
) -> Score:
    """Run an account and a sensor on it until so many syncs have completed, and count.

    Args:
        seed: of everything that happens.
        mode: what the account has of a history.
        coalesce: of the sensor.
        wanted: syncs, about.
        quiet: nothing goes wrong.
        failing: share of the lists of which a page fails.
    """
    random = Random(seed)
    span = random.choice([3 * HOUR, 12 * HOUR, 2 * DAY])
    ticks = list(_ticks(random, span))
    lives = [*_twins(random, ticks[0], span), *_lives(random, span, wanted)]
    account = ModelAccount(lives, random, failing=0 if quiet else failing)
    account.hidden = 0.2 if mode == "newest hidden" else 0.0
    account.empty = 0.2 if mode == "history empty" else 0.0
    account.history_failing = 0 if quiet or mode == "timestamps" else 0.03
    options = LookOptions(
        history="never" if mode == "timestamps" else "auto", most=random.choice([3, 20, 200])
    )
    daemon = ModelDaemon(account, options, coalesce, random, dying=0 if quiet else 0.2)
    own = _OwnRuns(daemon, random)
    daemon.unfinished = own.unfinished
    score = Score()
    for now in ticks:
        account.now = now
        own.report(now)
        daemon.tick()
        score.ticks += 1
    account.now = ZERO + span
    score.ticks += _settle(daemon, own)
    return score + count(daemon)


def _settle(daemon: ModelDaemon, own: _OwnRuns) -> int:
    """Ticks without trouble until all is reported; the world has stopped by then."""
    account = daemon.account
    account.failing = account.history_failing = daemon.dying = 0
    for number in range(20_000):
        account.now += 30 * SECOND
        own.report(account.now)
        before = daemon.cursor, daemon.reserved
        daemon.tick()
        state = decode(daemon.cursor)
        assert state is not None
        if number > 12 and before[1] is None and _done(daemon):
            return number + 1
    raise AssertionError("the sensor never gets done")


def _done(daemon: ModelDaemon) -> bool:
    look, _, _ = daemon.look()
    return not look.sightings and not look.waiting


def _ticks(random: Random, span: int) -> Iterator[int]:
    """Moments from 30 s to an hour apart, mostly regular, with outages."""
    interval = random.choice([30 * SECOND, 30 * SECOND, 5 * MINUTE, HOUR])
    now = ZERO + random.randrange(interval)
    while now < ZERO + span:
        yield now
        away = random.random() < 0.01
        now += random.randrange(HOUR, 6 * HOUR) if away else interval + random.randrange(SECOND)


def _lives(random: Random, span: int, wanted: int) -> Iterator[Life]:
    """Connections that were there, come, go, and come back under the same id."""
    made, number = 0, 0
    while made < wanted:
        number += 1
        key = f"connection_{number}"
        created, deleted = _bounds(random, span)
        life = _life(random, key, created, deleted, span)
        made += len([sync for sync in life.good if sync.moved >= ZERO])
        yield life
        if deleted < ZERO + span and random.random() < 0.5:
            again = deleted + random.randrange(0, 2 * HOUR)
            yield _life(random, key, again, _FAR, span)


def _twins(random: Random, first: int, span: int) -> Iterator[Life]:
    """Two connections made in the moment of the first look, of which it lists one."""
    for key, listed_from in (("twin", 0), ("late_twin", first + SECOND)):
        life = _life(random, key, first, _FAR, span, first=SECOND)
        yield replace(life, listed_from=listed_from)


def _bounds(random: Random, span: int) -> tuple[int, int]:
    kind = random.random()
    created = ZERO - random.randrange(DAY, 90 * DAY)
    if kind < 0.3:
        created = ZERO + random.randrange(span)
    deleted = created + random.randrange(HOUR, span) if kind < 0.1 else _FAR
    if 0.3 < kind < 0.4:
        deleted = ZERO + random.randrange(span)
    return created, deleted


def _life(
    random: Random, key: str, created: int, deleted: int, span: int, first: int | None = None
) -> Life:
    """Syncs a few seconds to minutes long, a minute to hours apart; some fail. The first one
    begins so long after the connection was made, or some time."""
    pause = random.choice([MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR])
    at = max(created, ZERO - 2 * HOUR) + (first or random.randrange(pause))
    syncs: list[ModelSync] = []
    end = min(deleted, ZERO + span) - MINUTE
    while at < end:
        long = 3 * SECOND + int(random.expovariate(1 / (20 * SECOND)))
        status = "FAILURE" if random.random() < 0.15 else "COMPLETED"
        moved = at + long + int(random.uniform(-SKEW, SKEW) * SECOND)
        own = status == "COMPLETED" and random.random() < 0.1
        name = f"{key}-{created}-{len(syncs)}"
        syncs.append(ModelSync(key, name, at, at + long, moved, status, own))
        at += long + random.randrange(SECOND, 2 * pause)
    return Life(key, created, deleted, syncs)


class _OwnRuns:
    """Runs that start a sync themselves and report it when they see that it has ended."""

    def __init__(self, daemon: ModelDaemon, random: Random) -> None:
        syncs = [s for life in daemon.account.lives for s in life.syncs if s.by_own_run]
        self.daemon = daemon
        self.due = sorted(
            ((s.moved + random.randrange(15 * SECOND), random.random() < 0.1, s) for s in syncs),
            key=lambda entry: (entry[0], entry[2].sync_id),
        )
        self._moments = [moment for moment, _, _ in self.due]
        self._told = bisect_left(self._moments, ZERO)

    def report(self, now: int) -> None:
        """What the runs have reported by now; some die before that."""
        place = bisect_left(self._moments, now)
        for _, died, sync in self.due[self._told : place]:
            if not died:
                known = sync.sync_id if sync.started % 2 else None
                self.daemon.tell(Told(sync.connection, sync.moved, known, None))
        self._told = max(place, self._told)

    def unfinished(self, now: int) -> set[str]:
        """The connections whose runs have not reported yet."""
        found: set[str] = set()
        for _, _, sync in self.due[self._told : self._told + 500]:
            if sync.started <= now:
                found.add(sync.connection)
        return found


def count(daemon: ModelDaemon) -> Score:
    """Hold what was reported against what happened."""
    score = Score(deaths=daemon.deaths, failed_ticks=daemon.failed_ticks)
    first = decode(daemon.cursor)
    assert first is not None
    named = _runs_by_connection(daemon)
    for life in daemon.account.alive():
        base = first.since if life.created < first.since else 0
        _count_life(score, life, base, daemon.by_connection.get(life.id, []), named[life.id])
        if life.bad and life.bad[-1].moved > base:
            reported = daemon.failures.get(life.id, [])
            score.failures_missed += life.bad[-1].moved not in reported
    return score


def _runs_by_connection(daemon: ModelDaemon) -> dict[str, list[tuple[int, str | None]]]:
    """The syncs runs were asked for, one entry for each run a sync is named by."""
    found: dict[str, list[tuple[int, str | None]]] = {life.id: [] for life in daemon.account.lives}
    for launch in daemon.runs.values():
        for report in launch.reports:
            done = report.completion
            found[done.connection_id].append((done.succeeded, done.sync_id))
    return found


def _count_life(
    score: Score, life: Life, base: int, told: list[Told], named: list[tuple[int, str | None]]
) -> None:
    syncs = [sync for sync in life.good if sync.moved > base]
    score.syncs += len(syncs)
    score.by_time += sum(one.sync_id is None and one.succeeded > base for one in told)
    by_runs = _matched(score, life, named)
    by_assets = _matched(score, life, [(one.succeeded, one.sync_id) for one in told])
    for place, sync in enumerate(syncs):
        later = syncs[place:]
        covered = [any(other.sync_id in found for other in later) for found in (by_runs, by_assets)]
        score.missed += not all(covered)
        is_own = sync.sync_id in by_runs and sync.sync_id in by_assets
        score.reported += is_own
        score.merged += all(covered) and not is_own
    score.double += sum(times - 1 for found in (by_runs, by_assets) for times in found.values())


def _matched(score: Score, life: Life, named: list[tuple[int, str | None]]) -> Counter[str]:
    """How often each sync was named; what names a sync of an earlier life is none of this one."""
    moments = [sync.moved for sync in life.good]
    known = {sync.sync_id for sync in life.good}
    found: Counter[str] = Counter()
    for moved, sync_id in named:
        if moved < life.created:
            continue
        sync = sync_id if sync_id is not None else _nearest(life, moments, moved)
        if sync in known:
            found[str(sync)] += 1
        else:
            score.extra += 1
    return found


def _nearest(life: Life, moments: list[int], moved: int) -> str | None:
    place = bisect_left(moments, moved)
    near = [p for p in (place - 1, place) if 0 <= p < len(moments)]
    best = min(near, key=lambda p: abs(moments[p] - moved), default=None)
    if best is None or abs(moments[best] - moved) > TOLERANCE:
        return None
    return life.good[best].sync_id
