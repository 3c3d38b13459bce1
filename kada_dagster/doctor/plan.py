"""From a configuration to the checks it asks for, in the order they are told."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from kada_dagster.config import KadaConfig
from kada_dagster.config.fields import secret_fields
from kada_dagster.config.landing import LocalLandingSettings
from kada_dagster.config.marks import FileMarkSettings, LandingMarkSettings
from kada_dagster.config.problems import suggestion
from kada_dagster.doctor import apis, needed
from kada_dagster.doctor.accounts import account_checks
from kada_dagster.doctor.alerts import alert_checks
from kada_dagster.doctor.check import Check
from kada_dagster.doctor.environment import secrets_verdicts
from kada_dagster.doctor.folders import disk_verdicts
from kada_dagster.doctor.instance import instance_checks
from kada_dagster.doctor.landings import landing_checks
from kada_dagster.doctor.limits import Shared
from kada_dagster.doctor.loaders import loader_plan
from kada_dagster.doctor.marks import mark_check, place_checks
from kada_dagster.doctor.postgres import postgres_checks
from kada_dagster.doctor.staging import staging_check, staging_folder
from kada_dagster.doctor.versions import (
    dagster_verdicts,
    need_verdicts,
    package_verdicts,
    python_verdicts,
)
from kada_dagster.errors import ConfigError

if TYPE_CHECKING:
    from kada_dagster.config import SourceSettings
    from kada_dagster.loader.definition.project import Project

INSTALLED, MACHINE = "installed", "machine"
"""Subjects of the checks that belong to no source."""


@dataclass
class Plan:
    """What is to be checked.

    Attributes:
        checks: in the order of the report.
        projects: of the loaders, as far as they could be read.
    """

    checks: list[Check] = field(default_factory=list[Check])
    projects: list[Project] = field(default_factory=list["Project"])


def installation_checks(shared: Shared) -> list[Check]:
    """What can be checked without a configuration."""
    return [
        Check(INSTALLED, "python", python_verdicts),
        Check(INSTALLED, "packages", package_verdicts),
        Check(INSTALLED, "dagster", dagster_verdicts),
        *instance_checks(shared),
    ]


def plan_of(config: KadaConfig, shared: Shared, names: Collection[str] = ()) -> Plan:
    """The checks of a configuration.

    Args:
        config: the configuration.
        shared: see there.
        names: of the sources, accounts and loaders to look at; all where there are none.

    Raises:
        ConfigError: there is none of that name.
    """
    _check_names(config, names)
    plan = Plan()
    sources = [source for source in config.sources if not names or source.name in names]
    loaders = [loader for loader in config.loader if not names or loader.name in names]
    marks = place_checks(sources[0], config.high_water_marks, shared) if sources else []
    plan.checks += marks
    for source in sources:
        plan.checks += _source_checks(source, config, shared, marks)
    for account in config.fivetran:
        if not names or account.name in names:
            plan.checks += account_checks(account, shared)
    for loader in loaders:
        made = loader_plan(loader, shared)
        plan.checks += made.checks
        plan.projects += [made.project] if made.project else []
    if config.alerts is not None and not names:
        plan.checks += alert_checks(config.alerts, shared)
    plan.checks += _common(sources, plan, config, shared)
    return plan


def _check_names(config: KadaConfig, names: Collection[str]) -> None:
    parts = (*config.sources, *config.fivetran, *config.loader)
    known = [part.name for part in parts]
    for name in names:
        if name not in known:
            near = suggestion(name, known) or f"; there are: {', '.join(known)}"
            raise ConfigError(f"{config.config_path}: nothing is called {name!r}{near}")


def _source_checks(
    source: SourceSettings, config: KadaConfig, shared: Shared, marks: list[Check]
) -> Iterator[Check]:
    held = secret_fields(source)
    secrets = (Check(source.name, "secrets", lambda: secrets_verdicts(held)),) if held else ()
    yield from secrets
    yield from _reading_checks(source, secrets, shared)
    yield staging_check(source)
    landing = landing_checks(source.name, source.landing, shared) if source.landing else []
    yield from landing
    beside = isinstance(config.high_water_marks, LandingMarkSettings)
    needs = landing[:-1] if beside else marks
    yield mark_check(source, config.high_water_marks, tuple(needs[-1:]))


def _reading_checks(
    source: SourceSettings, secrets: tuple[Check, ...], shared: Shared
) -> list[Check]:
    """The checks of what a source is read from."""
    from kada_dagster.fivetran.settings import FivetranSettings
    from kada_dagster.hevo.settings import HevoSettings
    from kada_dagster.hightouch.settings import HightouchSettings
    from kada_dagster.postgres.settings import PostgresSettings

    if isinstance(source, PostgresSettings):
        return postgres_checks(source, secrets, shared)
    if isinstance(source, HevoSettings):
        api = apis.hevo_api(source, shared)
    elif isinstance(source, HightouchSettings):
        api = apis.hightouch_api(source, shared)
    elif isinstance(source, FivetranSettings):
        api = apis.fivetran_api(source, shared)
    else:
        raise ConfigError(f"type {source.type}: kada doctor knows no checks of it")
    return apis.api_checks(source.name, api, secrets, shared)


def _common(
    sources: list[SourceSettings], plan: Plan, config: KadaConfig, shared: Shared
) -> Iterator[Check]:
    """What is checked once for all of them."""
    needs = [need for source in sources for need in needed.of_source(source)]
    needs += [need for project in plan.projects for need in needed.of_project(project)]
    if needs:
        yield Check(INSTALLED, "extras", lambda: need_verdicts(needs))
    folders = dict(_folders(sources, config))
    if folders:
        yield Check(MACHINE, "disk", lambda: disk_verdicts(folders))
    asked = tuple(check for check in plan.checks if check.remote)
    if asked:
        yield Check(MACHINE, "clock", shared.clocks.verdicts, after=asked, remote=True)


def _folders(sources: list[SourceSettings], config: KadaConfig) -> Iterator[tuple[str, Path]]:
    """What is written on this machine, by what it is called."""
    for source in sources:
        folder = staging_folder(source)
        if folder is not None:
            yield f"staging of {source.name}", folder
        if isinstance(source.landing, LocalLandingSettings):
            yield f"landing of {source.name}", source.landing.path
    if sources and isinstance(config.high_water_marks, FileMarkSettings):
        yield "high water marks", config.high_water_marks.path
