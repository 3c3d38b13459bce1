"""What dapu sends to an API, as far as a task may say it.

No secret is copied into a task: what is one, or holds a variable, is left out and said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, cast
from urllib.parse import parse_qsl

from kada_dagster.config.document import FieldPath
from kada_dagster.loader.dapu.notes import Fields, mapping
from kada_dagster.loader.dapu.variables import has_variable, is_secret, is_signature
from kada_dagster.loader.definition.written_secrets import holds_written_secret

_SECRET_PARAM = re.compile(r"(?:key|auth|sig|app_?id)\Z", re.IGNORECASE)
_ENCODED = re.compile(r"(?:[^%]|%[0-9A-Fa-f]{2})*\Z")
LEFT_OUT = "is not copied: it is a secret, or holds a variable; give it as ${NAME} in its place"


def values_of(fields: Fields, key: str) -> tuple[dict[str, Any], bool]:
    """Params or a body, and whether something is missing from them.

    Args:
        fields: of the API, or of the request.
        key: of the mapping.
    """
    value = fields.take(key)
    if not value:
        return {}, False
    if not mapping(value):
        fields.say("set", key, "is not copied: it is no mapping, and may hold a secret")
        return {}, True
    lost: list[FieldPath] = []
    kept = _kept(value, (key,), lost)
    if kept:
        fields.say("mapped", key, f"source.http.{key}")
    for path in lost:
        fields.say("set", path, LEFT_OUT)
    return kept, bool(lost)


def path_of(fields: Fields) -> tuple[str, bool]:
    """The path of a request, and whether something is missing from it."""
    path = str(fields.take("path", "source.http.path") or "/")
    head, _, query = path.partition("?")
    is_query_open = any(is_kept_away(*pair) for pair in parse_qsl(query, keep_blank_values=True))
    is_head_open = holds_written_secret(head) or _has_variable(head)
    if not (is_head_open or is_query_open or _has_variable(path) or holds_written_secret(path)):
        return path, False
    fields.say("set", "path", LEFT_OUT)
    return ("/x" if is_head_open else head), True


def is_kept_away(key: str, value: object) -> bool:
    """Whether a value may stand in no task."""
    if has_variable(key):
        return True
    if value is None or value == "" or isinstance(value, bool):
        return False
    if is_secret(key) or _SECRET_PARAM.match(key):
        return True
    if isinstance(value, str):
        return has_variable(value) or is_signature(value) or holds_written_secret(value)
    names = (str(mapping(value).get(word, "")) for word in ("name", "key", "field"))
    return any(is_secret(name) or _SECRET_PARAM.match(name) for name in names)


def _kept(value: Any, path: FieldPath, lost: list[FieldPath]) -> Any:
    """A value without what is kept away; the paths of that are added to the lost ones."""
    if isinstance(value, dict):
        return dict(_each(cast("dict[Any, Any]", value).items(), path, lost))
    if isinstance(value, list):
        return [one for _, one in _each(enumerate(cast("list[Any]", value)), path, lost)]
    return value


def _each(
    pairs: Iterable[tuple[Any, Any]], path: FieldPath, lost: list[FieldPath]
) -> Iterator[tuple[Any, Any]]:
    for key, value in pairs:
        below = (*path, key if isinstance(key, int) else str(key))
        if is_kept_away(str(key), value):
            lost.append(below)
        else:
            yield key, _kept(value, below, lost)


def _has_variable(path: str) -> bool:
    """The same of a path, in which `%C3%A4` is a letter."""
    return not _ENCODED.match(path) and has_variable(path)
