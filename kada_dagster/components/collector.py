"""What the components of all sources share: attributes are read as kada.yaml reads a source.

The model of the attributes is the source's own settings, so that a source has one set of fields,
one set of checks and one set of messages, whichever door it comes in by.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, cast

import dagster as dg
from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from typing_extensions import Self

from kada_dagster.collector.build import source_definitions
from kada_dagster.config import HighWaterMarkSettings, SourceSettings, source_settings

_MARKS = "high_water_marks"


class CollectorComponent(dg.Component, ABC):
    """A collector instance as a component. A subclass also derives from the source's settings
    and adds `high_water_marks`."""

    example: ClassVar[Mapping[str, Any]] = {}
    """Attributes of a new, scaffolded instance."""

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """The schema of `attributes`, for `dg check yaml`, editors and the documentation."""
        return _attributes_model(cast("type[SourceSettings]", cls))

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        """Read the attributes of a defs.yaml; relative paths in it count from its folder.

        Raises:
            ConfigError: the attributes are not usable; every problem is named.
        """
        given: Any = {} if attributes is None else attributes.model_dump()
        templates: Any = context.resolution_context
        fields: dict[str, Any] = templates.resolve_value(given)
        file = _defs_file(context.path)
        marks = fields.pop(_MARKS, {})  # {}: its default, which counts from the file as well
        kind = cast("type[SourceSettings]", cls).model_fields["type"].default
        settings = source_settings({"type": kind, **fields}, file)
        model = cast("type[BaseModel]", cls)
        values = {**_values(settings), _MARKS: marks}
        return cast("Self", model.model_validate(values, context={"base": file.parent}))

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:  # noqa: ARG002
        """The same definitions as kada.yaml gives the source."""
        settings = cast("SourceSettings", self)
        marks = cast("HighWaterMarkSettings", getattr(self, _MARKS))
        return source_definitions(settings, marks)


class CollectorScaffolder(dg.Scaffolder[Any]):
    """Writes a defs.yaml that names what has to be filled in."""

    def scaffold(self, request: dg.ScaffoldRequest[Any]) -> None:
        """Write the file for a new instance, named like its folder."""
        kind = _scaffolded(request.type_name)
        dg.scaffold_component(request, {"name": request.target_path.name, **kind.example})


def _values(settings: SourceSettings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in settings.model_fields_set}


def _defs_file(path: Path) -> Path:
    return path / "defs.yaml" if path.is_dir() else path


def _scaffolded(type_name: str) -> type[CollectorComponent]:
    from importlib import import_module

    module, _, name = type_name.rpartition(".")
    return getattr(import_module(module), name)


def _attributes_model(settings: type[SourceSettings]) -> type[BaseModel]:
    """A model that takes any attributes and describes the settings' fields.

    The fields are checked when the component is loaded, because only then it is known which
    folder paths count from and what a vendor file (`config_file`) adds.
    """

    class Attributes(BaseModel):
        model_config = ConfigDict(extra="allow", title=f"{settings.__name__}Attributes")

        @classmethod
        def __get_pydantic_json_schema__(
            cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
        ) -> JsonSchemaValue:
            described = handler.resolve_ref_schema(handler(settings.__pydantic_core_schema__))
            optional = {"type", *settings.vendor_keys}
            required = [key for key in described.get("required", []) if key not in optional]
            return {**described, "required": required}

    return Attributes
