"""A loader project between two databases with a kada.yaml over it, and runs of its assets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from kada_dagster.collector.build import build_definitions
from kada_dagster.collector.partitions import range_tags
from kada_dagster.config import load_config_file
from kada_dagster.loader.build import loader_definitions
from kada_dagster.loader.definition.project import read_project
from kada_dagster.loader.instance import LoaderInstance
from kada_dagster_tests.fivetran.face_runs import Done, plain
from kada_dagster_tests.loader.databases import Ends
from kada_dagster_tests.loader.folders import write

PASSWORD = "pl4nted p@ss/%:word"


@dataclass
class Location:
    """A folder with a project and a kada.yaml.

    Attributes:
        ends: the databases.
        tasks: text of each task.yaml, by `schema.table`.
        route: text of route.yaml.
        fields: of the loader in kada.yaml, beside name and project.
        ports: of the servers, where they are not the real one's.
        dagster: keeps the history.
        files: further files of the project, by path.
    """

    ends: Ends
    tasks: dict[str, str]
    route: str = "source: erp\n"
    fields: dict[str, Any] = field(default_factory=dict[str, Any])
    ports: Mapping[str, int] = field(default_factory=dict[str, int])
    dagster: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.ephemeral)
    files: dict[str, str] = field(default_factory=dict[str, str])

    def write(self) -> Path:
        """Write all files; returns the kada.yaml."""
        databases = {"target": self.ends.target, "erp": self.ends.source}
        connections = {
            name: {
                "type": "postgres",
                "host": "127.0.0.1",
                "port": self.ports.get(name, self.ends.server.port),
                "database": database,
                "username": "postgres",
                "password": "${TEST_LOADER_PASSWORD}",
            }
            for name, database in databases.items()
        }
        files = {
            "connections.yaml": yaml.safe_dump(connections),
            "routes/erp/route.yaml": self.route,
        }
        for name, text in self.tasks.items():
            files[f"routes/erp/{name.replace('.', '/')}/task.yaml"] = text
        write(self.ends.folder, {**files, **self.files})
        config = {"loader": [{"name": "dwh", "project": "project", **self.fields}]}
        file = self.ends.folder.parent / "kada.yaml"
        file.write_text(yaml.safe_dump(config), encoding="utf-8")
        return file

    def definitions(self, **resources: object) -> dg.Definitions:
        """What the file gives."""
        return build_definitions(self.write(), resources=resources)

    def instance(self) -> LoaderInstance:
        """The loader with its project."""
        settings = load_config_file(self.write()).loader[0]
        return LoaderInstance(settings, read_project(settings.project, settings.target))

    def run(self, *tasks: str, **how: Any) -> Done:
        """Materialize tasks; `partition`, `first` and `last` of a range, `resources`, `tags`."""
        definitions = self.definitions(**how.pop("resources", {}))
        keys = {dg.AssetKey(task.split(".")) for task in tasks}
        job = definitions.resolve_implicit_global_asset_job_def().get_subset(asset_selection=keys)
        tags = dict(how.get("tags", {}))
        if "first" in how:
            tags |= range_tags(how["first"], how["last"])
        result = job.execute_in_process(
            instance=self.dagster,
            partition_key=how.get("partition"),
            tags=tags,
            raise_on_error=False,
        )
        return Done(result, self.dagster)

    def spec(self, task: str) -> dg.AssetSpec:
        """What Dagster is told of a task."""
        definitions = loader_definitions(load_config_file(self.write()).loader[0])
        found = {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}
        return found[task.replace(".", "/")]

    def events(self, task: str) -> list[tuple[str | None, dict[str, Any]]]:
        """Partition and metadata of each materialization, oldest first."""
        key = dg.AssetKey(task.split("."))
        records = self.dagster.fetch_materializations(key, limit=1000, ascending=True).records
        events = [record.event_log_entry.asset_materialization for record in records]
        return [(event.partition, plain(event.metadata)) for event in events if event]
