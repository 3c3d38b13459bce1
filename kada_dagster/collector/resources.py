"""What a source's Dagster resource looks like, and which resources an instance needs.

A resource holds how to reach something; what to read is in the settings. It hands back ordinary
objects of the plain layer. One of each stands beside the others under the instance's name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import dagster as dg
from typing_extensions import Self

from kada_dagster.collector.instance import CollectorInstance
from kada_dagster.collector.landing_resource import landing_resource
from kada_dagster.collector.mark_resource import mark_resource
from kada_dagster.config.registry import SOURCE_TYPES

if TYPE_CHECKING:
    from kada_dagster.collector.extractor import Extractor
    from kada_dagster.config import HighWaterMarkSettings


class SourceResource(dg.ConfigurableResource[Any], ABC):
    """Reaches one source. Each source subclasses it in its folder's `resource.py`."""

    @classmethod
    @abstractmethod
    def from_settings(cls, settings: Any) -> Self:
        """The resource a source's settings describe; a secret stays a reference."""

    @abstractmethod
    def extractor(self, settings: Any) -> Extractor:
        """The plain extractor of these settings, connecting as this resource says.

        Raises:
            ConfigError: a setting or secret reference is unusable.
        """


def instance_resources(
    instance: CollectorInstance, marks: HighWaterMarkSettings
) -> dict[str, object]:
    """The resources of one instance, by key."""
    settings = instance.settings
    source: type[SourceResource] = SOURCE_TYPES[settings.type].resource_class()
    resources: dict[str, object] = {
        instance.source_resource: source.from_settings(settings),
        instance.marks_resource: mark_resource(marks, settings),
    }
    if settings.landing is not None:
        resources[instance.landing_resource] = landing_resource(settings.landing)
    return resources
