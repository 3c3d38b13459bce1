"""From the accounts of a configuration to definitions: assets, jobs, sensor, resource of each.

Only the files of snapshots are read. An account without one, or with one that cannot be read,
loads all the same, without assets, and says so: it must not take the other accounts and sources
of the code location down with it.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

import dagster as dg

from kada_dagster.config.problems import suggestion
from kada_dagster.errors import ConfigError
from kada_dagster.fivetran.account_assets import AccountAssets
from kada_dagster.fivetran.assets import build_assets
from kada_dagster.fivetran.jobs import build_jobs, build_schedules
from kada_dagster.fivetran.props import Key, account_props
from kada_dagster.fivetran.resource import FivetranResource
from kada_dagster.fivetran.sensor import SensorTargets, build_sync_sensor
from kada_dagster.fivetran.snapshot_file import SnapshotError, read_snapshot

if TYPE_CHECKING:
    from kada_dagster.config import FivetranAccountSettings, SourceSettings
    from kada_dagster.fivetran.snapshot_model import Snapshot
    from kada_dagster.fivetran.translator import FivetranTranslator

_log = logging.getLogger("kada_dagster")


@dataclass(frozen=True)
class Surroundings:
    """What an account stands in.

    Attributes:
        sources: of the configuration, for what follows a sync.
        jobs: of the rest of the code location, likewise.
        taken: keys of its other assets.
        resources: to use in place of the configured ones, by key.
        translators: what assets look like, by name of the account.
    """

    sources: Sequence[SourceSettings] = ()
    jobs: Sequence[Any] = ()
    taken: Collection[Key] = ()
    resources: Mapping[str, object] = field(default_factory=dict[str, object])
    translators: Mapping[str, FivetranTranslator] = field(
        default_factory=dict[str, "FivetranTranslator"]
    )


def accounts_definitions(
    accounts: Sequence[FivetranAccountSettings], around: Surroundings | None = None
) -> list[dg.Definitions]:
    """The definitions of each account.

    Args:
        accounts: the accounts; tables of theirs that go by the same name get longer keys.
        around: the rest of the code location.

    Raises:
        ConfigError: what shall follow a sync is not there, or a translator gives two assets one
            key.
    """
    within = around or Surroundings()
    read = [_snapshot(account) for account in accounts]
    props = account_props(
        [(account, found) for account, (found, _) in zip(accounts, read)], within.taken
    )
    assets = [AccountAssets.of(one, within.translators.get(one.account.name)) for one in props]
    jobs = [build_jobs(one, note) for one, (_, note) in zip(assets, read)]
    known = [*within.jobs, *chain.from_iterable(jobs)]
    return [
        _definitions(one, own, _targets(one, within.sources, known), within.resources)
        for one, own in zip(assets, jobs)
    ]


def account_definitions(
    settings: FivetranAccountSettings,
    *,
    translator: FivetranTranslator | None = None,
    sources: Sequence[SourceSettings] = (),
    jobs: Sequence[Any] = (),
) -> dg.Definitions:
    """The definitions of one account, for a project of one's own.

    Args:
        settings: the account.
        translator: what its assets look like.
        sources: collectors that may follow its syncs.
        jobs: jobs that may follow its syncs, those of the collectors among them.

    Raises:
        ConfigError: as `accounts_definitions`.
    """
    translators = {} if translator is None else {settings.name: translator}
    around = Surroundings(sources=sources, jobs=jobs, translators=translators)
    return accounts_definitions([settings], around)[0]


def _snapshot(settings: FivetranAccountSettings) -> tuple[Snapshot | None, str]:
    """The snapshot, and what is to be said of it."""
    try:
        found = read_snapshot(settings.snapshot)
    except SnapshotError as error:
        _log.warning("fivetran account %s has no assets: %s", settings.name, error)
        return None, f"**No assets:** {error}."
    if found is None:
        cure = f"launch this job, or run `kada fivetran snapshot`, to make {settings.snapshot}"
        return None, f"**No assets:** there is no snapshot yet; {cure}, then reload."
    return found, f"Taken last at {found.taken_at:%Y-%m-%d %H:%M:%S} UTC."


def _targets(
    assets: AccountAssets, sources: Sequence[SourceSettings], jobs: Sequence[Any]
) -> SensorTargets:
    """What the sensor reports, and what it may launch."""
    return SensorTargets(
        assets={number: found.keys for number, found in assets.connections.items()},
        default_key=assets.default_key,
        sources=sources,
        jobs=_followers(assets.settings, {job.name: job for job in jobs}),
    )


def _followers(settings: FivetranAccountSettings, jobs: Mapping[str, Any]) -> list[Any]:
    """The jobs that follow syncs, the collectors' among them, each once."""
    wanted = {f"follow[{place}].jobs": rule.jobs for place, rule in enumerate(settings.follow)} | {
        "on_failure.jobs": settings.on_failure.jobs
    }
    for field_name, names in wanted.items():
        for name in names:
            if name not in jobs:
                known = suggestion(name, jobs) or f"; the jobs are {', '.join(sorted(jobs))}"
                raise ConfigError(
                    f"fivetran account {settings.name}: {field_name}: there is no job "
                    f"{name!r}{known}"
                )
    collectors = [name for rule in settings.follow for name in rule.collectors]
    for name in collectors:
        if f"{name}_job" not in jobs:
            raise ConfigError(
                f"fivetran account {settings.name}: there is no source {name!r} to follow a sync; "
                "list sources and the account in one kada.yaml"
            )
    named = [*chain.from_iterable(wanted.values()), *(f"{name}_job" for name in collectors)]
    return [jobs[name] for name in dict.fromkeys(named)]


def _definitions(
    assets: AccountAssets,
    jobs: list[dg.JobDefinition],
    targets: SensorTargets,
    given: Mapping[str, object],
) -> dg.Definitions:
    settings = assets.settings
    key = settings.resource_key
    return dg.Definitions(
        assets=build_assets(assets),
        jobs=jobs,
        schedules=build_schedules(assets, jobs),
        sensors=[build_sync_sensor(settings, targets)],
        resources={key: given.get(key) or FivetranResource.from_settings(settings)},
    )
