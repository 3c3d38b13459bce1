"""Landings several sources share: written once under `landings`, used with a path of their own.

landings:
  lake: {type: azure, storage_account: kada, container: lz, sas_token: "${KADA_SAS_TOKEN}"}
sources:
  - name: shop
    landing: {use: lake, path: lz/shop/landing}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from kada_dagster.config.document import Document, FieldPath
from kada_dagster.config.problems import ConfigFileError, Problem, field_name, suggestion

LANDINGS = "landings"
_USE = "use"


def filled_in(document: Document) -> Document:
    """The document with every `use` of a source's landing replaced by what it stands for; keys
    beside `use` win.

    Raises:
        ConfigError: a name that is used is not there, or is no mapping; every one is named.
    """
    data = cast("Mapping[str, Any]", document.data)
    problems: list[Problem] = []
    lines = dict(document.lines)
    sources = list(data["sources"])
    for place, name in _uses(sources):
        path: FieldPath = ("sources", place, "landing")
        try:
            shared = _shared(document, path, data.get(LANDINGS), name)
        except ConfigFileError as error:
            problems += error.problems
            continue
        own = {k: v for k, v in sources[place]["landing"].items() if k != _USE}
        sources[place] = {**sources[place], "landing": {**shared, **own}}
        for key in shared.keys() - own.keys():
            lines[(*path, key)] = document.lines.get((LANDINGS, name, key), 1)
    if problems:
        raise ConfigFileError(problems)
    return replace(document, data={**data, "sources": sources}, lines=lines)


def _uses(sources: list[Any]) -> Iterator[tuple[int, Any]]:
    for place, source in enumerate(sources):
        landing: Any = cast("dict[str, Any]", source).get("landing") if _is_map(source) else None
        if _is_map(landing) and _USE in landing:
            yield place, landing[_USE]


def _shared(document: Document, path: FieldPath, landings: Any, name: Any) -> dict[str, Any]:
    known: dict[str, Any] = landings if _is_map(landings) else {}
    if not isinstance(name, str) or name not in known:
        there = f"; there are: {', '.join(known)}" if known else "; there are none"
        message = f"no landing of that name under `landings`{suggestion(name, known)}{there}"
        raise _error(document, (*path, _USE), message)
    if not _is_map(known[name]):
        raise _error(document, (LANDINGS, name), "must be a mapping of keys to values")
    return known[name]


def _error(document: Document, path: FieldPath, message: str) -> ConfigFileError:
    return ConfigFileError([Problem(document.where(path), field_name(path), message)])


def _is_map(value: object) -> bool:
    return isinstance(value, dict)
