"""What the components of all sources share: attributes are read as kada.yaml reads a source.

The model of the attributes is the source's own settings, so that a source has one set of fields,
one set of checks and one set of messages, whichever door it comes in by.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

import dagster as dg
from pydantic import BaseModel
from typing_extensions import Self

from kada_dagster.collector.build import source_definitions
from kada_dagster.components.attributes import attributes_model, defs_file, resolved_attributes
from kada_dagster.config import HighWaterMarkSettings, SourceSettings, source_settings
from kada_dagster.config.single import settings_of
from kada_dagster.errors import ConfigError

_MARKS = "high_water_marks"


class CollectorComponent(dg.Component, ABC):
    """A collector instance as a component. A subclass also derives from the source's settings
    and adds `high_water_marks`."""

    example: ClassVar[Mapping[str, Any]] = {}
    """Attributes of a new, scaffolded instance."""

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """The schema of `attributes`, for `dg check yaml`, editors and the documentation."""
        settings = cast("type[SourceSettings]", cls)
        return attributes_model(settings, optional={"type", *settings.vendor_keys})

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        """Read the attributes of a defs.yaml; relative paths in it count from its folder.

        Raises:
            ConfigError: the attributes are not usable; every problem is named.
        """
        fields, file = resolved_attributes(attributes, context)
        marks = fields.pop(_MARKS, {})  # {}: its default, which counts from the file as well
        kind = cast("type[SourceSettings]", cls).model_fields["type"].default
        settings = source_settings({"type": kind, **fields}, file)
        model = cast("type[BaseModel]", cls)
        values = {**_values(settings), _MARKS: marks}
        return cast("Self", settings_of(model, values, file))

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The same definitions as kada.yaml gives the source.

        Raises:
            ConfigError: another component has the same landing directory.
        """
        settings = cast("SourceSettings", self)
        _require_own_landing(settings, context)
        marks = cast("HighWaterMarkSettings", getattr(self, _MARKS))
        return source_definitions(settings, marks)


@dataclass
class _Landings:
    """Who has which landing directory in the project that is being loaded.

    Attributes:
        tree: of its components.
        owners: names of sources by landing.
    """

    tree: dg.ComponentTree | None = None
    owners: dict[str, str] = field(default_factory=dict[str, str])

    def owner(self, settings: SourceSettings, tree: dg.ComponentTree) -> str:
        """The name of the source that is the first one with this landing directory."""
        if self.tree is not tree:
            self.tree, self.owners = tree, {}
        place = settings.landing.place if settings.landing else ""
        return self.owners.setdefault(place, settings.name) if place else settings.name


_landings = _Landings()


class CollectorScaffolder(dg.Scaffolder[Any]):
    """Writes a defs.yaml that names what has to be filled in."""

    def scaffold(self, request: dg.ScaffoldRequest[Any]) -> None:
        """Write the file for a new instance, named like its folder, from the class's `example`."""
        kind = _scaffolded(request.type_name)
        dg.scaffold_component(request, {"name": request.target_path.name, **kind.example})


def _require_own_landing(settings: SourceSettings, context: dg.ComponentLoadContext) -> None:
    """Files of two sources have the same names: in one directory they would replace each other."""
    owner = _landings.owner(settings, context.component_tree)
    if owner != settings.name:
        raise ConfigError(
            f"{defs_file(context.path)}: landing: {owner!r} has this landing directory; "
            "each needs its own"
        )


def _values(settings: SourceSettings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in settings.model_fields_set}


def _scaffolded(type_name: str) -> Any:
    from importlib import import_module

    module, _, name = type_name.rpartition(".")
    return getattr(import_module(module), name)
