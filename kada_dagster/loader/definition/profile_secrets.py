"""What profiles take from the environment and no message may show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

from pydantic import BaseModel

from kada_dagster.loader.definition.template import Template
from kada_dagster.secrets import Secret

_OPEN = frozenset({"host", "port", "database", "username", "path"})
"""Keys of profiles whose values may be shown."""


def profile_secrets(profiles: Iterable[BaseModel]) -> list[Secret]:
    """References to the secrets of some profiles."""
    templates = (template for profile in profiles for template in _templates(profile))
    names = dict.fromkeys(name for template in templates for name in template.variables)
    return [Secret(variable=name) for name in names]


def _templates(settings: BaseModel) -> Iterator[Template]:
    for key in type(settings).model_fields:
        value: Any = getattr(settings, key)
        if isinstance(value, BaseModel):
            yield from _templates(value)
        elif isinstance(value, Template) and key not in _OPEN:
            yield value
        elif isinstance(value, dict):
            values = cast("dict[str, object]", value).values()
            yield from (one for one in values if isinstance(one, Template))
