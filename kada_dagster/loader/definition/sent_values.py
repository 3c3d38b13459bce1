"""What a task sends to an API: params and a body, whose secrets are references, `${NAME}`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast
from urllib.parse import parse_qsl

from kada_dagster.config.yaml_text import WrittenFloat
from kada_dagster.loader.definition.template import NOT_HERE, Template, template_of
from kada_dagster.loader.definition.written_secrets import is_secret_key, is_written_secret

_NO_SECRET = re.compile(
    "(?:page|paging|pagination|next|prev|previous|continu(?:e|ation)|sync|start|starting|skip"
    "|cursor|resume|delta|marker|scroll)token$"
    "|tokens$|(?:count|limit|size|length|status|state|expired|changed|required|enabled|at|since"
    "|from|to|until|before|after|age|days|date)$"
)
"""Places in a list, numbers of tokens, and what is asked of a secret but is none."""


def as_written(params: Any) -> Any:
    """Params of a query with `1.10` as that: it may be a version, and no 1.1."""
    if not isinstance(params, dict):
        return params
    pairs = cast("dict[Any, Any]", params).items()
    return {key: one.text if isinstance(one, WrittenFloat) else one for key, one in pairs}


def referring_params(params: dict[str, Any]) -> dict[str, Any]:
    """Params of a query, if what is secret in them are references.

    Raises:
        ValueError: a secret itself is there; names the parameter.
    """
    for key, value in params.items():
        if isinstance(value, str):
            template_of(value)
        _refuse_secret(key, key, value)
    return params


def referring_body(body: dict[str, Any] | None) -> dict[str, Any] | None:
    """A body, if what is secret in it, at any depth, are references.

    Raises:
        ValueError: a secret itself is there; names where.
    """
    for place, key, value in _leaves(body or {}, "", ""):
        _refuse_secret(place, key, value)
    return body


def path_without_secrets(path: str) -> str:
    """A path, if no secret stands in its query.

    Raises:
        ValueError: one is there; names the parameter.
    """
    for key, value in parse_qsl(path.partition("?")[2]):
        if _is_secret(key, value):
            raise ValueError(f"{key}: a secret is not written here; put it below params: ${{NAME}}")
    return path


def variables_in(values: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The variables that params or a body name."""
    found = (value for _, _, value in _leaves(values or {}, "", "") if isinstance(value, str))
    return tuple(name for value in found for name in Template(value).variables)


def with_variables(value: Any, where: str, read: Callable[[Template, str], str]) -> Any:
    """Params or a body with what their variables hold.

    Args:
        value: the whole, or a part.
        where: it stands, for the error.
        read: gives the text of one value that has variables, and is told where that stands.
    """
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value).items()
        return {key: with_variables(one, f"{where}.{key}", read) for key, one in pairs}
    if isinstance(value, list):
        return [with_variables(one, where, read) for one in cast("list[Any]", value)]
    if isinstance(value, str) and Template(value).variables:
        return read(Template(value), where)
    return value


def _refuse_secret(place: str, key: str, value: object) -> None:
    if _is_secret(key, value):
        raise ValueError(f"{place}: {NOT_HERE}")


def _is_secret(key: str, value: object) -> bool:
    if value is None or isinstance(value, bool) or not is_secret_key(key):
        return False
    letters = re.sub(r"[^a-z0-9]", "", key.lower())
    return not _NO_SECRET.search(letters) and is_written_secret(key, str(value))


def _leaves(value: Any, place: str, key: str) -> Iterator[tuple[str, str, object]]:
    """Where each value stands, what it is called, and the value; those of a list as the list."""
    if isinstance(value, dict):
        for name, one in cast("dict[Any, Any]", value).items():
            yield from _leaves(one, f"{place}.{name}".lstrip("."), str(name))
    elif isinstance(value, list):
        for one in cast("list[Any]", value):
            yield from _leaves(one, place, key)
    else:
        yield place, key, value
