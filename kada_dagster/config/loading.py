"""kada.yaml: from the file to the model of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from kada_dagster.config.document import Document
from kada_dagster.config.fivetran_places import UNREAD_SOURCES
from kada_dagster.config.models import KadaConfig, SourceSettings
from kada_dagster.config.named_landings import filled_in
from kada_dagster.config.problems import (
    NO_LIST,
    ConfigFileError,
    Problem,
    error_message,
    error_path,
    field_name,
)
from kada_dagster.config.source import SourceReader
from kada_dagster.config.yaml_text import read_yaml


def load_config_file(path: Path) -> KadaConfig:
    """Read a kada.yaml.

    Only files are read: no environment variable, no network, no secret.

    Args:
        path: the file; relative paths in it count from its folder.

    Raises:
        ConfigError: the file is missing or not usable; names file, line and field of every
            problem, and for an unknown key the nearest known one.
    """
    return config_of(read_yaml(Path(path)))


def config_of(document: Document) -> KadaConfig:
    """Make the model of a kada.yaml that was read already.

    Raises:
        ConfigError: as for `load_config_file`.
    """
    data = document.data
    if not isinstance(data, dict):
        raise ConfigFileError([_problem(document, (), "must hold a mapping with `sources:`")])
    fields: dict[str, Any] = dict(cast("dict[str, Any]", data))
    if isinstance(fields.get("sources"), list):
        document = filled_in(document)
        fields = dict(cast("dict[str, Any]", document.data))
    optional = bool(fields.get("fivetran") or fields.get("loader"))
    sources, problems = _sources(document, fields.pop("sources", None), optional)
    file = document.file.absolute()
    fields = {"high_water_marks": {}, **fields, "sources": sources}
    places = {"base": document.base, "beside": document.beside}
    context = {**places, UNREAD_SOURCES: bool(problems)}
    try:
        config = KadaConfig.model_validate(fields, context=context)
    except ValidationError as error:
        found = error.errors(include_url=False)
        problems += [_problem(document, error_path(e), error_message(e, KadaConfig)) for e in found]
    else:
        if not problems:
            return config.read_from(file)
    raise ConfigFileError(problems)


def _sources(
    document: Document, listed: object, optional: bool
) -> tuple[list[SourceSettings], list[Problem]]:
    """The sources that are right, and what is wrong with the others."""
    if optional and not listed and isinstance(listed, list | None):
        return [], []
    if isinstance(listed, dict):
        return [], [_problem(document, ("sources",), NO_LIST)]
    if not isinstance(listed, list) or not listed:
        return [], [_problem(document, ("sources",), "must list at least one source")]
    sources: list[SourceSettings] = []
    problems: list[Problem] = []
    for place, fields in enumerate(cast("list[object]", listed)):
        try:
            sources.append(SourceReader(document, ("sources", place)).read(fields))
        except ConfigFileError as error:
            problems += error.problems
    return sources, problems


def _problem(document: Document, path: tuple[str | int, ...], message: str) -> Problem:
    return Problem(document.where(path), field_name(path), message)
