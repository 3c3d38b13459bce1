"""Which runs follow which syncs. Pure.

A run is named by what it runs and by the syncs it is for, so that it is asked for once, however
often the same syncs are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from kada_dagster.fivetran.watch.account import Watched
from kada_dagster.fivetran.watch.reports import Report, digest

EVERY = "*"
"""Stands for all connections in a rule."""


@dataclass(frozen=True)
class Target:
    """What runs.

    Attributes:
        kind: assets, in one run; a job; or the windows of a collector that are missing.
        names: keys of the assets, parts joined by `/`; or the one name.
    """

    kind: Literal["assets", "job", "collector"]
    names: tuple[str, ...]

    @property
    def id(self) -> str:
        """Names the target within run keys."""
        return self.names[0] if self.kind != "assets" else f"assets-{digest(self.names)}"


@dataclass(frozen=True)
class FollowRule:
    """What follows the syncs of some connections.

    Attributes:
        connections: their ids or display names; `*` for all.
        assets: keys of unpartitioned assets, parts joined by `/`.
        jobs: names of jobs.
        collectors: names of sources.
    """

    connections: Sequence[str]
    assets: Sequence[str] = ()
    jobs: Sequence[str] = ()
    collectors: Sequence[str] = ()

    def covers(self, connection: Watched) -> bool:
        """Whether the rule is about a connection."""
        names = {connection.id, connection.schema, EVERY}
        return not names.isdisjoint(self.connections)

    def targets(self) -> list[Target]:
        """What it runs."""
        assets = [Target("assets", tuple(sorted(self.assets)))] if self.assets else []
        jobs = [Target("job", (name,)) for name in self.jobs]
        return [*assets, *jobs, *(Target("collector", (name,)) for name in self.collectors)]


@dataclass(frozen=True)
class Launch:
    """A run to ask for.

    Attributes:
        target: what runs.
        key: names it; another with the same key is the same run.
        reports: the syncs it is for, of one connection oldest first.
    """

    target: Target
    key: str
    reports: Sequence[Report]


def launches(
    found: Iterable[Report],
    rules: Iterable[FollowRule],
    *,
    coalesce: bool,
    is_known: Callable[[str], bool],
) -> list[Launch]:
    """The runs that follow syncs.

    Args:
        found: the syncs.
        rules: what follows them. A target that is named by several rules runs once.
        coalesce: one run of a target for all syncs reported together; else one for each sync.
        is_known: whether there is a run with a key already.
    """
    wanted: dict[tuple[Target, str], list[Report]] = {}
    rules = list(rules)
    for report in found:
        chosen = (rule for rule in rules if rule.covers(report.connection))
        for target in dict.fromkeys(target for rule in chosen for target in rule.targets()):
            key = _key(target, report, coalesce=coalesce, is_known=is_known)
            if key is not None:
                wanted.setdefault((target, key), []).append(report)
    return [Launch(target, key, reports) for (target, key), reports in wanted.items()]


def _key(
    target: Target, report: Report, *, coalesce: bool, is_known: Callable[[str], bool]
) -> str | None:
    """What the run for a sync is called; None if there is one.

    A sync that was reported by a tick that died has its run if the runs of that tick are there.
    If not, it gets one of its own: it need not come up again together with the others.
    """
    together, alone = (
        f"fivetran:{target.id}:{unit}" for unit in (report.batch, report.completion.key)
    )
    if not coalesce or not report.batch:
        return alone
    if report.is_new:
        return together
    return None if is_known(together) else alone
