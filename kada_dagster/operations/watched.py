"""What of a code location is looked at: its sources, loads and syncs, by their assets and steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import dagster as dg

from kada_dagster.collector.instance import CollectorInstance
from kada_dagster.config.fields import secret_fields
from kada_dagster.fivetran.watch.names import CHECK_NAME

if TYPE_CHECKING:
    from kada_dagster.collector.mark_resource import HighWaterMarkResource
    from kada_dagster.config import HighWaterMarkSettings, KadaConfig, SourceSettings
    from kada_dagster.hwm.store import MarkStore
    from kada_dagster.secrets import Secret

_DEFINITION = "definition"
"""Metadata of the assets of a loader's tasks: the file that defines one."""

_ASSET_STEPS = ("extract", "upload", "high_water_mark")


@dataclass(frozen=True)
class Subject:
    """Whose failures and successes belong together.

    Attributes:
        name: as `source shop`, `load staging.order`, `job fivetran_start_job`.
        works: the asset whose materialization shows that it works; None for a job, whose runs do.
        source: name of the source it is.
    """

    name: str
    works: dg.AssetKey | None = None
    source: str | None = None


@dataclass(frozen=True)
class Watched:
    """The code location of a configuration.

    Attributes:
        config: the configuration.
        parts: gives the definitions of its loaders and accounts, and of whatever else; asked when
            somebody looks, not when the code location loads.
        resources: those put in place of the configured ones, by key.
        marks_of: where the marks of a source are kept, by its name, if not where the configuration
            says.
    """

    config: KadaConfig
    parts: Callable[[], Sequence[dg.Definitions]]
    resources: Mapping[str, object] = field(default_factory=dict[str, object])
    marks_of: Mapping[str, HighWaterMarkSettings] = field(
        default_factory=dict[str, "HighWaterMarkSettings"]
    )

    @cached_property
    def sources(self) -> Mapping[str, CollectorInstance]:
        """The sources, by name."""
        return {source.name: CollectorInstance(source) for source in self.config.sources}

    @cached_property
    def loads(self) -> Mapping[dg.AssetKey, dg.AssetSpec]:
        """The assets of loader tasks."""
        return {
            spec.key: spec
            for assets in self._assets()
            for spec in assets.specs
            if _DEFINITION in spec.metadata
        }

    @cached_property
    def syncs(self) -> Mapping[dg.AssetCheckKey, dg.AssetSpec]:
        """The checks that say how the last sync of a Fivetran connection ended, and its asset."""
        specs = {spec.key: spec for assets in self._assets() for spec in assets.specs}
        return {
            check.key: specs[check.asset_key]
            for part in self.parts()
            for one in (*(part.assets or ()), *(part.asset_checks or ()))
            if isinstance(one, dg.AssetsDefinition)
            for check in one.check_specs
            if check.name == CHECK_NAME and check.asset_key in specs
        }

    @cached_property
    def steps(self) -> Mapping[str, tuple[Subject, str]]:
        """By name of an op: whose it is, and what the step is called in a message."""
        found: dict[str, tuple[Subject, str]] = {}
        for assets in self._assets():
            if assets.is_executable and len(assets.keys) == 1 and assets.key in self.loads:
                found[assets.node_def.name] = (load_subject(assets.key), "")
        for source in self.sources.values():
            subject = source_subject(source)
            found |= {f"{source.name}__{step}": (subject, step) for step in _ASSET_STEPS}
            found[source.checks_op] = (subject, "checks")
        return found

    @cached_property
    def subjects(self) -> Mapping[str, Subject]:
        """Sources and loads, by their names in messages."""
        sources = [source_subject(source) for source in self.sources.values()]
        return {one.name: one for one in [*sources, *map(load_subject, self.loads)]}

    def subject_of(self, run: dg.DagsterRun) -> Subject:
        """Whose a run is: of one source or load where it is about that alone, else the job's."""
        for source in self.sources.values():
            if run.job_name == source.job_name:
                return source_subject(source)
        chosen = set(run.asset_selection or ())
        for source in self.sources.values():
            if chosen and chosen <= {source.extract_key, source.upload_key, source.mark_key}:
                return source_subject(source)
        if len(chosen) == 1 and chosen <= self.loads.keys():
            return load_subject(*chosen)
        return Subject(f"job {run.job_name}")

    def marks(self) -> dict[str, tuple[SourceSettings, MarkStore]]:
        """The sources whose marks are looked at, by name, with where the marks are kept."""
        return {
            name: (source.settings, self._store(source)) for name, source in self.sources.items()
        }

    def secrets(self) -> list[Secret]:
        """References to all secrets of the configuration, so that messages are cleaned of them."""
        config = self.config
        alerts = config.alerts.secrets() if config.alerts else []
        sources = [secret for source in config.sources for secret in source.secrets()]
        accounts = [secret for account in config.fivetran for secret in account.secrets()]
        places = [config.high_water_marks, *self.marks_of.values()]
        marks = [secret for place in places for secret in secret_fields(place)]
        return [*alerts, *sources, *accounts, *marks, *self._loader_secrets()]

    def _loader_secrets(self) -> Iterator[Secret]:
        if not self.config.loader:
            return  # nobody else pays for the import
        from kada_dagster.loader.definition.profile_secrets import profile_secrets
        from kada_dagster.loader.definition.project import read_connections

        for loader in self.config.loader:
            yield from profile_secrets(read_connections(loader.project, loader.target).values())

    def _store(self, source: CollectorInstance) -> MarkStore:
        given = self.resources.get(source.marks_resource)
        if isinstance(given, dg.ConfigurableResource):  # as for a run: it may name variables
            given = cast("Any", given).process_config_and_initialize()
        if given is not None:
            return cast("HighWaterMarkResource", given).store()
        place = self.marks_of.get(source.name, self.config.high_water_marks)
        return place.store(source.settings)

    def _assets(self) -> Iterator[dg.AssetsDefinition]:
        for part in self.parts():
            for assets in part.assets or ():
                if isinstance(assets, dg.AssetsDefinition):
                    yield assets


def source_subject(source: CollectorInstance) -> Subject:
    """A source; that its mark was brought to an end shows that it works."""
    return Subject(f"source {source.name}", source.mark_key, source.name)


def load_subject(key: dg.AssetKey) -> Subject:
    """A load of a table."""
    return Subject(f"load {'.'.join(key.path)}", key)
