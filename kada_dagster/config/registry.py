"""The types of sources there are: a new one adds one line here, and its own folder.

Everything is named by text and imported when it is asked for: a process that runs one source
does not pay for the drivers of the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kada_dagster.config.models import SourceSettings


@dataclass(frozen=True)
class SourceType:
    """Where the classes of one type of source are, each as `module:Class`.

    Attributes:
        settings: its fields in kada.yaml, a `SourceSettings`.
        resource: its Dagster resource; only the Dagster face asks for it.
    """

    settings: str
    resource: str

    def settings_class(self) -> type[SourceSettings]:
        """The class of the settings."""
        return _named(self.settings)

    def resource_class(self) -> Any:
        """The class of the Dagster resource; imports Dagster."""
        return _named(self.resource)


SOURCE_TYPES: Mapping[str, SourceType] = {
    "fivetran": SourceType(
        settings="kada_dagster.fivetran.settings:FivetranSettings",
        resource="kada_dagster.fivetran.collector_resource:FivetranCollectorResource",
    ),
    "hevo": SourceType(
        settings="kada_dagster.hevo.settings:HevoSettings",
        resource="kada_dagster.hevo.resource:HevoResource",
    ),
    "hightouch": SourceType(
        settings="kada_dagster.hightouch.settings:HightouchSettings",
        resource="kada_dagster.hightouch.resource:HightouchResource",
    ),
    "postgres": SourceType(
        settings="kada_dagster.postgres.settings:PostgresSettings",
        resource="kada_dagster.postgres.resource:PostgresResource",
    ),
}
"""Every type of source, by the word `type` has in kada.yaml and on the command line."""


def _named(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
