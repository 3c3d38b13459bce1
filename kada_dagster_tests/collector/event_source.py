"""A source whose files follow the window: a log of events, each at a moment of its own."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from typing_extensions import Self

from kada_dagster.collector.extractor import Extractor
from kada_dagster.collector.resources import SourceResource
from kada_dagster.config.models import SourceSettings
from kada_dagster.config.registry import SourceType
from kada_dagster.extracts.contract import COLUMNS, EVENTS, META, timestamp
from kada_dagster.extracts.writer import ExtractWriter
from kada_dagster.hwm.window import Window, parse_hwm

EVENT_TYPE = SourceType(settings=f"{__name__}:EventSettings", resource=f"{__name__}:EventResource")
BEGIN = parse_hwm("2024-03-28 00:00:00")
MOMENTS = [BEGIN + timedelta(minutes=37 * number) for number in range(400)]
"""When something happened: every 37 minutes for ten days."""


class EventSettings(SourceSettings):
    type: str = "events"


class EventExtractor(Extractor):
    source_type = "events"
    families = (META, EVENTS)

    def __init__(self, name: str, output_path: Path | str) -> None:
        super().__init__(name=name, host="h", output_path=output_path, mask=False, compress=False)

    def test_connection(self) -> None:
        pass

    def read(self, window: Window, writer: ExtractWriter) -> None:
        writer.add_rows(META, [_row(META, OBJECT_TYPE="TABLE", OBJECT_ID="h.t", NAME="t")])
        writer.add_rows(
            EVENTS,
            (
                _row(EVENTS, EVENT_ID=str(number), STARTED_AT=timestamp(moment))
                for number, moment in enumerate(MOMENTS)
                if window.start <= moment < window.end
            ),
        )


class EventResource(SourceResource):
    name: str

    @classmethod
    def from_settings(cls, settings: Any) -> Self:
        return cls(name=settings.name)

    def extractor(self, settings: Any) -> EventExtractor:
        return EventExtractor(self.name, settings.output_path)


def landed_events(landing: Path) -> Counter[int]:
    """How often each event is in the files of a landing."""
    found: Counter[int] = Counter()
    for path in landing.glob("EVENTS_*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            found.update(int(row["EVENT_ID"]) for row in csv.DictReader(file, delimiter="|"))
    return found


def events_in(start: datetime, end: datetime) -> Counter[int]:
    """Each event of a span of time, once."""
    return Counter(number for number, moment in enumerate(MOMENTS) if start <= moment < end)


def _row(family: str, **values: str) -> list[str]:
    return [values.get(column, "") for column in COLUMNS[family]]
