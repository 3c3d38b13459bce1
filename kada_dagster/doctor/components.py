"""A component's defs.yaml as the configuration it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kada_dagster.api.values import object_of
from kada_dagster.config import KadaConfig
from kada_dagster.config.document import Document, FieldPath
from kada_dagster.config.loading import config_of
from kada_dagster.config.problems import ConfigFileError, Problem
from kada_dagster.config.yaml_text import read_yaml

FILE = "defs.yaml"
_MARKS = "high_water_marks"
_SOURCES = {
    "PostgresCollector": "postgres",
    "HevoCollector": "hevo",
    "HightouchCollector": "hightouch",
    "FivetranCollector": "fivetran",
}
_OTHERS = {"FivetranAccount": "fivetran", "LoaderProject": "loader"}


def load_component_file(file: Path) -> KadaConfig:
    """Read a defs.yaml that holds one component of this package.

    Templates of Dagster, `{{ ... }}`, are not filled in: only Dagster can.

    Args:
        file: the file; relative paths in it count from its folder.

    Raises:
        ConfigError: it is not usable, or holds another component.
    """
    document = read_yaml(file)
    data = object_of(document.data)
    package, _, name = str(data.get("type", "")).rpartition(".")
    if package.partition(".")[0] != "kada_dagster" or name not in {**_SOURCES, **_OTHERS}:
        known = ", ".join([*_SOURCES, *_OTHERS])
        message = f"must be a component of kada_dagster, one of {known}"
        raise ConfigFileError([Problem(document.where(("type",)), "type", message)])
    attributes = dict(object_of(data.get("attributes")))
    marks = {_MARKS: attributes.pop(_MARKS)} if _MARKS in attributes else {}
    kind = {"type": _SOURCES[name]} if name in _SOURCES else {}
    section = "sources" if name in _SOURCES else _OTHERS[name]
    whole = {section: [{**kind, **attributes}], **marks}
    return config_of(Document(file, whole, _lines(document.lines, section)))


def _lines(lines: Mapping[FieldPath, int], section: str) -> dict[FieldPath, int]:
    """The lines of the attributes, where the configuration has them."""
    moved: dict[FieldPath, int] = {}
    for path, line in lines.items():
        if path[:2] == ("attributes", _MARKS):
            moved[path[1:]] = line
        elif path[:1] == ("attributes",):
            moved[(section, 0, *path[1:])] = line
    return moved
