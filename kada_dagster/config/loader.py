"""The entries under `loader:` in kada.yaml: which project is loaded, and how Dagster shows it.

Only fields and their checks; what the project holds is read by `kada_dagster.loader.definition`.
"""

from __future__ import annotations

from pydantic import Field

from kada_dagster.config.fields import Name, ReadPath, Settings, Text


class LoadSensorSettings(Settings):
    """How tasks are found that are due."""

    enabled: bool = Field(
        default=False, description="Whether it runs without being switched on in the UI."
    )
    interval_seconds: int = Field(
        default=30, ge=5, le=86_400, description="Pause between two looks at the tasks."
    )
    max_runs: int = Field(
        default=100, ge=1, le=10_000, description="Runs one look asks for at most."
    )


class LoaderSettings(Settings):
    """One loader project: its tasks become assets."""

    name: Name = Field(
        description="Name of the loader: letters, digits and '_'; unique. Prefix of its sensor."
    )
    project: ReadPath = Field(
        description="Folder of the project, with connections.yaml and routes/."
    )
    target: Text = Field(
        default="target", min_length=1, description="Profile of connections.yaml that is filled."
    )
    state_schema: Text = Field(
        default="kada_loader",
        min_length=1,
        description="Schema of the target in which the loader keeps marks and versions.",
    )
    key_prefix: list[Name] = Field(
        default=[], description="Parts of the asset keys before schema and table."
    )
    pool_prefix: Name = Field(
        default="kada_load", description="How the names of concurrency pools begin."
    )
    sensor: LoadSensorSettings = Field(
        default=LoadSensorSettings(), description="How tasks are found that are due."
    )

    @property
    def resource_key(self) -> str:
        """Key of the resource that loads."""
        return f"{self.name}_loader"

    @property
    def sensor_name(self) -> str:
        """Name of the sensor that launches what is due."""
        return f"{self.name}_load_sensor"
