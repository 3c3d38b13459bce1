"""Settings that are not part of a kada.yaml but have a file of their own, as a defs.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from kada_dagster.config.document import Document
from kada_dagster.config.problems import (
    ConfigFileError,
    Problem,
    error_message,
    error_path,
    field_name,
)
from kada_dagster.config.yaml_text import attribute_lines

S = TypeVar("S", bound=BaseModel)


def settings_of(model: type[S], fields: Mapping[str, Any], file: Path) -> S:
    """Make settings of what a file holds.

    Args:
        model: the class of the settings.
        fields: what kada.yaml would hold for them.
        file: the file the fields come from; relative paths count from its folder.

    Raises:
        ConfigError: the fields are not usable; every problem is named.
    """
    try:
        return model.model_validate(fields, context={"base": Document(file, fields).base})
    except ValidationError as error:
        found = [(error_path(e), error_message(e, model)) for e in error.errors(include_url=False)]
    document = Document(file, fields, attribute_lines(file))
    raise ConfigFileError(
        [Problem(document.where(path), field_name(path), message) for path, message in found]
    )
