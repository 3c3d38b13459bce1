"""YAML of a page, read by the reader of the file it is, or is a part of.

What a page leaves out, because it is not about it, is filled in here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from dagster._config import process_config

from kada_dagster import components
from kada_dagster.collector.build import build_definitions
from kada_dagster.components.collector import CollectorComponent
from kada_dagster.config import KadaConfig, load_config_file, source_settings
from kada_dagster.config.fivetran import FivetranAccountSettings
from kada_dagster.config.single import settings_of
from kada_dagster.loader.definition.project import read_project
from kada_dagster.loader.definition.task import TaskDefinition
from kada_dagster_tests.docs.pages import Block

_NAMED = re.compile(r"^# (\S+\.ya?ml)\b.*$", re.MULTILINE)
_SECOND = re.compile(r"^# \S+\.yaml +(?=# \S+\.yaml)")
_SOURCES: dict[str, dict[str, Any]] = {
    "postgres": {"server": "127.0.0.1", "username": "reader"},
    "hevo": {"region": "eu", "api_key": "${KEY}", "api_secret": "${SECRET}"},
    "hightouch": {"api_token": "${TOKEN}"},
    "fivetran": {"api_key": "${KEY}", "api_secret": "${SECRET}"},
}
_OURS = {"sources", "fivetran", "loader", "landings", "high_water_marks"}
"""Keys that no other file has: one beside them that is unknown must be found."""
_ACCOUNT: dict[str, Any] = {"name": "fivetran", "api_key": "${KEY}", "api_secret": "${SECRET}"}
_PROFILE = {"type": "postgres", "host": "h", "database": "d", "username": "u"}
_PROFILES: dict[str, dict[str, Any]] = {
    "files": {"type": "folder", "path": "in"},
    "http": {"type": "http", "url": "https://api.example.org"},
}


@dataclass(frozen=True)
class YamlReader:
    """Reads the YAML blocks of one page; files of a loader project are read together.

    Attributes:
        folder: to write them into.
    """

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    def read(self, block: Block) -> str:
        """Read a block.

        Returns:
            What it is, one word for each file in it.

        Raises:
            ConfigError: a file is not usable.
        """
        return " ".join(self._read(name, text) for name, text in _files(block.text))

    def _read(self, name: str, text: str) -> str:
        data: Any = yaml.safe_load(text)
        assert data, "there is nothing in it"
        keys: set[str] = set(data)
        if "attributes" in keys:
            return self._component(data)
        if Path(name).name in ("connections.yaml", "route.yaml", "task.yaml"):
            return self._project(name, data)
        if name == "kada.yaml" or keys & _OURS or keys <= KadaConfig.model_fields.keys():
            return self._config(data)
        if keys <= TaskDefinition.model_fields.keys():
            return self._project("routes/filled_in/some/table/task.yaml", data)
        if keys <= FivetranAccountSettings.model_fields.keys():
            return self._config({"fivetran": [data]})
        return self._run_config(data) if keys == {"ops"} else "parsed"

    def _config(self, data: dict[str, Any]) -> str:
        given: list[dict[str, Any]] = data.get("sources", [])
        sources = [_with_window(source, number) for number, source in enumerate(given)]
        asked: list[dict[str, Any]] = data.get("fivetran", [])
        accounts = [{**_ACCOUNT, **account} for account in asked]
        follows: list[dict[str, Any]] = [f for one in accounts for f in one.get("follow", [])]
        followed = {str(name) for follow in follows for name in follow.get("collectors", [])}
        names = [source["name"] for source in sources]
        sources += [_with_window({}, name) for name in followed - set(names)]
        if not sources and not accounts and "loader" not in data:
            sources = [_with_window({}, "filled_in")]
        for file in (source["config_file"] for source in sources if "config_file" in source):
            (self.folder / file).write_text(json.dumps(_SOURCES["postgres"]), encoding="utf-8")
        load_config_file(
            self._write("kada.yaml", {**data, "sources": sources, "fivetran": accounts})
        )
        return "kada.yaml"

    def _component(self, data: Mapping[str, Any]) -> str:
        kind = getattr(components, str(data["type"]).removeprefix("kada_dagster."))
        file, fields = self.folder / "defs.yaml", dict(data["attributes"])
        if not issubclass(kind, CollectorComponent):
            settings_of(kind, fields, file)
        else:
            marks = fields.pop("high_water_marks", {})
            settings = source_settings({"type": kind.model_fields["type"].default, **fields}, file)
            assert kind.model_validate({**dict(settings), "high_water_marks": marks})
        return "defs.yaml"

    def _project(self, name: str, data: dict[str, Any]) -> str:
        place = re.sub(r"^.*?(?=routes/|connections\.yaml$)", "", name)
        if place == "connections.yaml":
            data = {"target": _PROFILE, **data}
        self._write(f"project/{place}", _as_task(data) if place.endswith("task.yaml") else data)
        self._fill_in()
        project = read_project(self.folder / "project")
        assert project.tasks or not place.endswith("task.yaml"), f"{place} is no active task"
        return Path(place).name

    def _fill_in(self) -> None:
        """What a project must have beside the files that a page shows."""
        project = self.folder / "project"
        (project / "routes").mkdir(parents=True, exist_ok=True)
        profiles = self._data("project/connections.yaml") or {"target": _PROFILE}
        for task in project.rglob("task.yaml"):
            text = task.read_text(encoding="utf-8")
            for file in re.findall(r"[\w/]+\.sql", text):
                (task.parent / file).write_text("SELECT 1 AS id", encoding="utf-8")
            route, source = task.parents[2] / "route.yaml", yaml.safe_load(text).get("source", {})
            if not route.exists():
                self._write(str(route.relative_to(self.folder)), {"source": route.parent.name})
            kind = next((_PROFILES[key] for key in _PROFILES if key in source), _PROFILE)
            profiles.setdefault(self._data(str(route)).get("source"), kind)
        for route in project.rglob("route.yaml"):
            profiles.setdefault(self._data(str(route)).get("source"), _PROFILE)
        self._write("project/connections.yaml", profiles)

    def _run_config(self, data: dict[str, Any]) -> str:
        self._config({"fivetran": [{}]})
        definitions = build_definitions(self.folder / "kada.yaml")
        ((op, given),) = data["ops"].items()
        schema: Any = definitions.resolve_job_def(f"{op}_job").graph.node_defs[0].config_schema
        assert process_config(schema.as_field().config_type, given["config"]).success
        return "run config"

    def _write(self, name: str, data: object) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
        return file

    def _data(self, name: str) -> Any:
        file = self.folder / name
        return yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else None


def _files(text: str) -> Iterator[tuple[str, str]]:
    """The files a block shows, as name and text: one below the other, or side by side."""
    if beside := _SECOND.match(text):
        columns = (slice(beside.end()), slice(beside.end(), None))
        for column in columns:
            yield from _files("\n".join(line[column].rstrip() for line in text.splitlines()))
        return
    first, *rest = re.split(_NAMED, text)
    if first.strip():
        yield "", first
    yield from zip(rest[::2], rest[1::2])


def _as_task(data: dict[str, Any]) -> dict[str, Any]:
    """A part of a task as a whole one."""
    source = data.get("source", {})
    mode = next(
        (mode for key, mode in (("files", "file"), ("http", "http")) if key in source), "full"
    )
    return {"mode": mode, "source": {"table": "some.table"}, **data}


def _with_window(source: Mapping[str, Any], number: object) -> dict[str, Any]:
    name = number if isinstance(number, str) else f"filled_in_{number}"
    window = {"start": "2026-01-01 00:00:00", "cron": "0 * * * *"} | dict(source.get("window", {}))
    kind = source.get("type", "postgres")
    needed = {} if "config_file" in source else _SOURCES[kind]
    return {"type": kind, "name": name, **needed, **source, "window": window}
