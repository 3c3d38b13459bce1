"""From a configuration to definitions: the one place where the parts of the face meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from kada_dagster.collector.asset_checks import build_checks
from kada_dagster.collector.assets import build_assets
from kada_dagster.collector.instance import CollectorInstance
from kada_dagster.collector.jobs import build_job, build_schedule
from kada_dagster.collector.resources import instance_resources
from kada_dagster.config import KadaConfig, find_config, load_config_file
from kada_dagster.errors import ConfigError

if TYPE_CHECKING:
    from kada_dagster.config import HighWaterMarkSettings, SourceSettings
    from kada_dagster.fivetran.translator import FivetranTranslator


def build_definitions(
    config: KadaConfig | Path | None = None,
    *,
    resources: Mapping[str, object] | None = None,
    translators: Mapping[str, FivetranTranslator] | None = None,
) -> dg.Definitions:
    """The assets, checks, jobs, schedules, sensors and resources of a whole configuration.

    Reads the configuration file, the projects of loaders and the snapshots of Fivetran accounts,
    and nothing else: no network, no secret, and of the environment only `KADA_CONFIG`, where no
    configuration is passed.

    Args:
        config: the configuration, or the path of a kada.yaml; by default the one `find_config`
            finds ($KADA_CONFIG, ./kada.yaml, the packaged demo).
        resources: resources to use in place of the configured ones, by key: `<name>_source`,
            `<name>_landing`, `<name>_marks`, `<name>_fivetran`, `<name>_loader`.
        translators: what the assets of Fivetran accounts look like, by name of the account.

    Raises:
        ConfigError: the configuration is not usable; every problem is named.
    """
    if not isinstance(config, KadaConfig):
        config = load_config_file(config or find_config())
    marks, given = config.high_water_marks, dict(resources or {})
    parts = [source_definitions(source, marks, given) for source in config.sources]
    parts += _loaders(config, parts, given)
    parts += _accounts(config, parts, given, translators or {})
    parts += _retention(config)
    parts += _operations(config, [*parts], given)
    whole = dg.Definitions.merge(*parts, dg.Definitions(executor=dg.in_process_executor))
    if unknown := sorted(given.keys() - (whole.resources or {}).keys()):
        known = ", ".join(sorted(whole.resources or {}))
        raise ConfigError(f"resources: no asset uses {unknown[0]!r}; the keys are {known}")
    return whole


def _loaders(
    config: KadaConfig, parts: Sequence[dg.Definitions], given: Mapping[str, object]
) -> list[dg.Definitions]:
    """The definitions of the loader projects."""
    if not config.loader:
        return []  # nobody else pays for the import
    from kada_dagster.loader.build import loaders_definitions

    taken = [spec.key for part in parts for spec in part.resolve_all_asset_specs()]
    return loaders_definitions(config.loader, taken, given)


def _accounts(
    config: KadaConfig,
    parts: Sequence[dg.Definitions],
    given: Mapping[str, object],
    translators: Mapping[str, FivetranTranslator],
) -> list[dg.Definitions]:
    """The definitions of the Fivetran accounts, which may run what is in the other parts."""
    if not config.fivetran:
        return []  # nobody else pays for the import
    from kada_dagster.fivetran.build import Surroundings, accounts_definitions

    around = Surroundings(
        sources=config.sources,
        jobs=[job for part in parts for job in part.jobs or ()],
        taken=[tuple(s.key.path) for part in parts for s in part.resolve_all_asset_specs()],
        resources=given,
        translators=translators,
    )
    return accounts_definitions(config.fivetran, around)


def _operations(
    config: KadaConfig, parts: Sequence[dg.Definitions], given: Mapping[str, object]
) -> list[dg.Definitions]:
    """The definitions of alerts and summary, which look at all the others."""
    if config.alerts is None and config.summary is None:
        return []  # nobody else pays for the import
    from kada_dagster.operations.build import operations_definitions

    return operations_definitions(config, lambda: parts, given)


def _retention(config: KadaConfig) -> list[dg.Definitions]:
    """The definitions of what removes old staged runs and logs."""
    if not config.retention.removes:
        return []  # nobody else pays for the import
    from kada_dagster.retention.job import retention_definitions

    return [retention_definitions(config.retention, config.sources)]


def source_definitions(
    settings: SourceSettings,
    marks: HighWaterMarkSettings,
    resources: Mapping[str, object] | None = None,
) -> dg.Definitions:
    """The definitions of one source.

    Args:
        settings: the source.
        marks: where its high water mark is kept.
        resources: as for `build_definitions`.

    Raises:
        ConfigError: Dagster cannot make partitions of the window settings, or refuses owners or
            tags.
    """
    instance = CollectorInstance(settings)
    own = instance_resources(instance, marks)
    replaced = {key: value for key, value in (resources or {}).items() if key in own}
    try:
        assets = build_assets(instance)
    except dg.DagsterInvalidDefinitionError as error:  # it knows no source
        raise ConfigError(f"source {instance.name}: Dagster refuses it: {error}") from None
    parts = dg.Definitions(
        assets=assets,
        asset_checks=[build_checks(instance)],
        resources={**own, **replaced},
    )
    job = _resolved(parts, build_job(instance))
    return dg.Definitions.merge(
        parts, dg.Definitions(jobs=[job], schedules=[build_schedule(instance, job)])
    )


def _resolved(parts: dg.Definitions, job: Any) -> dg.JobDefinition:
    """The job with the resources of its own source only.

    Dagster would give it those of all sources, with a description of each one's settings: what
    a code location of 200 sources sends to the webserver then grows with their square.
    """
    return dg.Definitions.merge(parts, dg.Definitions(jobs=[job])).resolve_job_def(job.name)
