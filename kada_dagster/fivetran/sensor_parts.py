"""What a sync sensor is made of: what it reports to, what it may launch, how it looks.

Nothing is read here. What a tick does is in `sensor_tick`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import dagster as dg

from kada_dagster.collector.instance import CollectorInstance
from kada_dagster.fivetran.watch.follow import FollowRule
from kada_dagster.fivetran.watch.hints import Hints
from kada_dagster.fivetran.watch.sightings import LookOptions, Sighting

if TYPE_CHECKING:
    from kada_dagster.config import FivetranAccountSettings, SourceSettings

HINTED_INTERVAL = 5
"""Seconds between two ticks of a sensor that has a webhook receiver; Dagster knows none shorter."""


@dataclass(frozen=True)
class SensorTargets:
    """What a sensor reports to, and what it may launch.

    Attributes:
        assets: by connection id, the key of its asset, then those of its tables.
        default_key: key of the asset of a connection that is not among them.
        sources: the collectors that may follow.
        jobs: the jobs that may run, as they are in the definitions, the collectors' among them.
    """

    assets: Mapping[str, Sequence[dg.AssetKey]]
    default_key: Callable[[Any], dg.AssetKey]
    sources: Sequence[SourceSettings] = ()
    jobs: Sequence[Any] = ()


class SensorParts:
    """What is the same for all ticks of a sensor: settings and targets, and what follows of them.

    Args:
        settings: the account.
        targets: what is reported and what follows.
    """

    def __init__(self, settings: FivetranAccountSettings, targets: SensorTargets) -> None:
        self.settings, self.targets = settings, targets
        self.rules = [
            FollowRule(rule.connections, rule.assets, rule.jobs, rule.collectors)
            for rule in settings.follow
        ]
        self.instances = _instances(settings, targets.sources)
        self.hints = None if settings.sensor.hints is None else Hints(settings.sensor.hints)

    @property
    def interval(self) -> int:
        """Seconds between ticks; with hints there are more ticks than looks."""
        seconds = self.settings.sensor.interval_seconds
        return seconds if self.hints is None else min(seconds, HINTED_INTERVAL)

    @property
    def resource_keys(self) -> set[str]:
        """What reaches the account, and the marks of the collectors that follow."""
        marks = {instance.marks_resource for instance in self.instances.values()}
        return {self.settings.resource_key, *marks}

    @property
    def followers_job(self) -> str:
        """Name of the job in which assets run that follow."""
        return self.settings.job_name("followers")

    @cached_property
    def jobs(self) -> list[Any]:
        """The jobs it may launch; assets that follow run in one of its own."""
        names = dict.fromkeys(name for rule in self.rules for name in rule.assets)
        if not names:
            return list(self.targets.jobs)
        keys = [dg.AssetKey(name.split("/")) for name in names]
        job: Any = dg.define_asset_job(  # pyright: ignore[reportUnknownMemberType]
            self.followers_job,
            selection=dg.AssetSelection.assets(*keys),
            description=f"What follows syncs of the Fivetran account {self.settings.name}.",
        )
        return [*self.targets.jobs, job]

    @property
    def options(self) -> LookOptions:
        """How the account is looked at."""
        sensor = self.settings.sensor
        return LookOptions(
            history=sensor.history,
            emit_on_first=sensor.emit_on_first,
            most=sensor.max_syncs,
            weight=lambda connection_id: 2 + len(self.tables_of(connection_id)),
        )

    def key_of(self, one: Sighting) -> dg.AssetKey:
        """The key of the asset of a connection."""
        keys = self.targets.assets.get(one.connection.id)
        return keys[0] if keys else self.targets.default_key(one.connection)

    def tables_of(self, connection_id: str) -> Sequence[dg.AssetKey]:
        """The keys of the assets of its tables that are reported."""
        reported = self.settings.sensor.report_tables
        return self.targets.assets.get(connection_id, ())[1:] if reported else ()


def _instances(
    settings: FivetranAccountSettings, sources: Sequence[SourceSettings]
) -> dict[str, CollectorInstance]:
    """The collectors that follow, by name. That each is there was checked with the settings."""
    wanted = {name for rule in settings.follow for name in rule.collectors}
    return {one.name: CollectorInstance(one) for one in sources if one.name in wanted}
