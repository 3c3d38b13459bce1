"""From the loaders of a configuration to definitions: assets, checks, sensor, resource of each.

Only the files of projects are read: no environment, no network.
"""

from __future__ import annotations

import gc
from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg

from kada_dagster.errors import ConfigError
from kada_dagster.loader.assets import build_assets
from kada_dagster.loader.automation import build_sensor
from kada_dagster.loader.definition.project import read_project
from kada_dagster.loader.instance import LoaderInstance
from kada_dagster.loader.resource import LoaderResource

if TYPE_CHECKING:
    from kada_dagster.config import LoaderSettings


def loaders_definitions(
    loaders: Sequence[LoaderSettings],
    taken: Collection[dg.AssetKey] = (),
    resources: Mapping[str, object] | None = None,
) -> list[dg.Definitions]:
    """The definitions of each loader.

    Args:
        loaders: of the configuration.
        taken: keys of the other assets of the code location.
        resources: to use in place of the configured ones, by key.

    Raises:
        ConfigError: a project is not usable, or an asset key is there twice.
    """
    with _uncollected():
        found = [LoaderInstance(one, read_project(one.project, one.target)) for one in loaders]
        _require_unique(found, taken)
        return [_definitions(one, resources or {}) for one in found]


def loader_definitions(settings: LoaderSettings) -> dg.Definitions:
    """The definitions of one loader, for a project of one's own.

    Raises:
        ConfigError: its project is not usable.
    """
    return loaders_definitions([settings])[0]


@contextmanager
def _uncollected() -> Generator[None]:
    """Nothing that is made for a project is garbage; to look for some takes a sixth of the load."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _definitions(instance: LoaderInstance, given: Mapping[str, object]) -> dg.Definitions:
    key = instance.settings.resource_key
    sensor = build_sensor(instance)
    return dg.Definitions(
        assets=build_assets(instance),
        sensors=[sensor] if sensor else [],
        resources={key: given.get(key) or LoaderResource.from_settings(instance.settings)},
    )


def _require_unique(found: Sequence[LoaderInstance], taken: Collection[dg.AssetKey]) -> None:
    owners = dict.fromkeys(taken, "another asset")
    for instance in found:
        for key, task in instance.tasks.items():
            if key in owners:
                raise ConfigError(
                    f"loader {instance.name}: {task.document.file}: its asset key "
                    f"{key.to_user_string()} is that of {owners[key]}; give the loader a key_prefix"
                )
            owners[key] = f"{task.id} of loader {instance.name}"
