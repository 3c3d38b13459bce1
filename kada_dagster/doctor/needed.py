"""Which modules of extras a configuration needs: told by its text alone, nothing is imported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kada_dagster.config import SourceSettings
    from kada_dagster.loader.definition.project import Project

_OURS = "'kada_dagster[{}]'"
_STORES: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("s3", "s3a"), ("s3fs", _OURS.format("shared-s3"))),
    **dict.fromkeys(("abfs", "abfss", "az"), ("adlfs", _OURS.format("shared-azure"))),
    **dict.fromkeys(("gs", "gcs"), ("gcsfs", "gcsfs")),
}
_PROFILES: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("mysql", "mariadb"), ("pymysql", _OURS.format("mysql"))),
    "odbc": ("pyodbc", _OURS.format("odbc")),
}
_FORMATS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys((".xlsx", ".xlsm", "xlsx"), ("openpyxl",)),
    **dict.fromkeys((".json", ".jsonl", ".ndjson", ".geojson", "json"), ("ijson", "jmespath")),
    **dict.fromkeys((".xml", ".gml", "xml"), ("lxml",)),
}


@dataclass(frozen=True)
class Need:
    """A module somebody needs.

    Attributes:
        user: who, for people.
        module: its name.
        package: what to install.
    """

    user: str
    module: str
    package: str


def of_source(source: SourceSettings) -> Iterator[Need]:
    """What the `output_path` of a source needs."""
    protocol, mark, _ = str(source.output_path).partition("://")
    if mark and protocol in _STORES:
        yield Need(f"output_path of {source.name}", *_STORES[protocol])


def of_project(project: Project) -> Iterator[Need]:
    """What the sources and files of the tasks of a loader need."""
    for task in project.tasks.values():
        profile: Any = project.connections.get(task.connection or "")
        if profile is not None and profile.type in _PROFILES:
            yield Need(f"connection {task.connection}", *_PROFILES[profile.type])
        url = str(getattr(profile, "url", None) or "") if profile is not None else ""
        protocol = url.partition("://")[0]
        if protocol in _STORES:
            yield Need(f"connection {task.connection}", *_STORES[protocol])
        source = task.definition.source
        if source is not None and source.files is not None:
            ending = source.files.format or _ending(source.files.pattern)
            for module in _FORMATS.get(ending, ()):
                yield Need(f"task {task.id}", module, _OURS.format("files"))


def _ending(pattern: str) -> str:
    """`.json` of `a/*.json` and of `a/*.json.gz`."""
    path = PurePosixPath(pattern.lower())
    return PurePosixPath(path.stem).suffix if path.suffix == ".gz" else path.suffix
