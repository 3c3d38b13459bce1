"""Kinds of fields that several settings share: text, paths, secrets, numbers of seconds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
)

from kada_dagster.secrets import Secret

_REFERENCE = re.compile(r"\$\{[^}]*\}")
_WHOLE_REFERENCE = r"^\$\{[A-Za-z_][A-Za-z0-9_]*\}$"


class Settings(BaseModel):
    """Base of all settings: unknown keys are errors, nothing changes after reading, and an
    error of pydantic does not show what it was given."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _no_reference(text: str) -> str:
    if _REFERENCE.search(text):
        raise ValueError(
            "${...} stands for an environment variable in secret fields only; write the value here"
        )
    return text


def _locate(path: Path, info: ValidationInfo) -> Path:
    """Relative paths count from the configuration file (`base` in the validation context)."""
    _no_reference(str(path))
    context: dict[str, Any] = info.context or {}
    return Path(context.get("base", "")) / path.expanduser()


def _secret(value: object) -> object:
    """Take a reference; refuse anything else without repeating it."""
    reference = Secret.parse(value) if isinstance(value, str) else value
    if value is None or (isinstance(reference, Secret) and reference.is_reference):
        return reference
    raise ValueError(
        "a secret is not written here; put it in an environment variable and write ${NAME}"
    )


Text = Annotated[str, AfterValidator(_no_reference)]
"""Text that is taken as it is written."""

LocalPath = Annotated[Path, AfterValidator(_locate)]
"""A path, relative to the file it is written in; `~` is the home folder."""

SecretReference = Annotated[
    InstanceOf[Secret],
    BeforeValidator(_secret),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _WHOLE_REFERENCE}),
]
"""`${NAME}`: the secret is in the environment variable NAME when it is needed."""

Seconds = Annotated[int, Field(ge=1, le=86_400)]
"""A duration in whole seconds, one second to one day."""
