"""A code location with alerts, ticks of its sensor, and what Dagster then remembers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import dagster as dg
from dagster._core.definitions.sensor_definition import SensorExecutionData
from dagster._core.remote_origin import RegisteredCodeLocationOrigin

from kada_dagster.collector.build import build_definitions
from kada_dagster.config import load_config_file
from kada_dagster.operations.sensor import SENSOR, look
from kada_dagster.operations.watched import Watched
from kada_dagster_tests.collector.location import Location

USER, PASSWORD = "kada-mailer", "pl4nted-m4il-p4ssw0rd"
HOOK = "/services/T000/B000/pl4nted-h00k"
WEBHOOK = {"type": "webhook", "url": "${TEST_HOOK_URL}"}
FIRST = datetime(2024, 1, 1, tzinfo=timezone.utc)
"""Start of the first window of a source."""


@dataclass
class Site(Location):
    """A location with alerts.

    Attributes:
        more: what else is in kada.yaml.
        cursor: of the sensor.
        said: what each tick came to.
    """

    more: dict[str, Any] = field(default_factory=dict[str, Any])
    cursor: str | None = None
    said: list[str] = field(default_factory=list[str])

    def alert(self, *channels: dict[str, Any], **settings: Any) -> None:
        """Configure alerts."""
        self.more["alerts"] = {"channels": list(channels or [WEBHOOK]), **settings}

    def definitions(self) -> dg.Definitions:
        path = self.folder / "kada.yaml"
        path.write_text(json.dumps({"sources": self.sources, **self.more}))
        return build_definitions(path)

    def tick_sensor(self) -> SensorExecutionData:
        """One tick of the sensor, as the daemon makes it."""
        repository = self.definitions().get_repository_def()
        with self.context(repository) as context:
            found = repository.get_sensor_def(SENSOR).evaluate_tick(context)
        self.cursor = found.cursor
        self.said.append(found.skip_message or "")
        return found

    def context(
        self, repository: dg.RepositoryDefinition, place: str = "here"
    ) -> dg.SensorEvaluationContext:
        """What the daemon gives the sensor of a code location of this name."""
        return dg.SensorEvaluationContext(
            instance_ref=None,
            instance=self.instance,
            last_tick_completion_time=None,
            last_run_key=None,
            cursor=self.cursor,
            repository_name="__repository__",
            repository_def=repository,
            code_location_origin=RegisteredCodeLocationOrigin(place),
        )

    def look_at(self, moment: datetime, *, remember: bool = True) -> str:
        """One tick at a moment; not remembered, it is one that was broken off at its end."""
        definitions = self.definitions()
        config = load_config_file(self.folder / "kada.yaml")
        assert config.alerts is not None
        watched = Watched(config, lambda: [definitions])
        with self.context(definitions.get_repository_def()) as context:
            found = look(context, config.alerts, watched, moment)
        if remember:
            self.cursor = found.cursor
        self.said.append(str(getattr(found.skip_reason, "skip_message", found.skip_reason)))
        return self.said[-1]

    def ticks(self, count: int = 2) -> None:
        """Some ticks of the sensor."""
        for _ in range(count):
            self.tick_sensor()

    def break_source(self, name: str = "docs") -> None:
        """The source's folder is not there any more."""
        (self.folder / f"{name}_source").rename(self.folder / f"{name}_away")

    def mend_source(self, name: str = "docs") -> None:
        """It is there again."""
        (self.folder / f"{name}_away").rename(self.folder / f"{name}_source")

    def set_mark(self, moment: datetime, name: str = "docs") -> None:
        """Put a mark somewhere."""
        folder = self.folder / "hwm"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}_hwm.txt").write_text(f"{moment:%Y-%m-%d %H:%M:%S}\n")


def moments(first: datetime, pauses: Sequence[timedelta]) -> list[datetime]:
    """A moment behind each pause."""
    found = [first]
    for pause in pauses:
        found.append(found[-1] + pause)
    return found[1:]
