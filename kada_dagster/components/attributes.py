"""The attributes of a defs.yaml: their schema, and their values with templates resolved."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


def resolved_attributes(
    attributes: BaseModel | None, context: dg.ComponentLoadContext
) -> tuple[dict[str, Any], Path]:
    """The values of the attributes, and the file they are written in."""
    given: Any = {} if attributes is None else attributes.model_dump()
    templates: Any = context.resolution_context
    return templates.resolve_value(given), defs_file(context.path)


def attributes_model(settings: type[BaseModel], optional: Collection[str] = ()) -> type[BaseModel]:
    """A model that takes any attributes and describes the settings' fields.

    The fields are checked when the component is loaded, because only then it is known which
    folder paths count from and what a vendor file (`config_file`) adds.

    Args:
        settings: what the attributes become.
        optional: fields that are required there, and yet may be left out.
    """

    class Attributes(BaseModel):
        model_config = ConfigDict(extra="allow", title=f"{settings.__name__}Attributes")

        @classmethod
        def __get_pydantic_json_schema__(
            cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
        ) -> JsonSchemaValue:
            described = handler.resolve_ref_schema(handler(settings.__pydantic_core_schema__))
            required = [key for key in described.get("required", []) if key not in optional]
            return {**described, "required": required}

    return Attributes


def defs_file(path: Path) -> Path:
    """The file of the component in a folder."""
    return path / "defs.yaml" if path.is_dir() else path
