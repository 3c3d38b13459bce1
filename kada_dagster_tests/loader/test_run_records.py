"""Which ranges of a split task are due, by what Dagster has on record of its loads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import dagster as dg
import pytest

from kada_dagster.config import LoaderSettings
from kada_dagster.loader.definition.project import read_project
from kada_dagster.loader.engine.split import Part, parts_of
from kada_dagster.loader.instance import LoaderInstance
from kada_dagster.loader.metadata import BEGAN, RANGE_END, ROWS_READ
from kada_dagster.loader.run_records import due_stretches
from kada_dagster_tests.loader.folders import write

TASK = "s.t"
FIRST = datetime(2026, 1, 1, 10, 30, tzinfo=timezone.utc)


@pytest.fixture
def dagster() -> Iterator[dg.DagsterInstance]:
    """A fresh instance."""
    with dg.DagsterInstance.ephemeral() as made:  # pyright: ignore[reportUnknownMemberType]
        yield made


def instance(folder: Path, split: str) -> LoaderInstance:
    """A project of one split task."""
    task = f"mode: full\nsource: {{table: t}}\nsplit: {split}\n"
    write(folder, {"routes/erp/s/t/task.yaml": task})
    return LoaderInstance(LoaderSettings(name="dwh", project=folder), read_project(folder))


def ranges(loader: LoaderInstance, now: datetime) -> list[Part]:
    split = loader.project.tasks[TASK].definition.split
    assert split is not None
    return parts_of(split, now)


def note(
    dagster: dg.DagsterInstance, loader: LoaderInstance, part: str, rows: int, end: str = ""
) -> None:
    """A load of a range that was done at FIRST."""
    facts = {BEGAN: dg.TimestampMetadataValue(FIRST.timestamp()), ROWS_READ: rows}
    facts |= {RANGE_END: end} if end else {}
    event = dg.AssetMaterialization(loader.keys[TASK], partition=part, metadata=facts)
    dagster.report_runless_asset_event(event)


def due(dagster: dg.DagsterInstance, loader: LoaderInstance, now: datetime) -> list[str]:
    return [part.name for one in due_stretches(dagster, loader, TASK, now) for part in one]


@pytest.mark.parametrize("away", [timedelta(hours=3), timedelta(days=8), timedelta(days=30)])
def test_the_range_that_was_open_when_loads_stopped_is_due_however_long_that_was(
    tmp_path: Path, dagster: dg.DagsterInstance, away: timedelta
) -> None:
    loader = instance(tmp_path, '{by: at, every: hour, start: "2026-01-01"}')
    for part in ranges(loader, FIRST):
        note(dagster, loader, part.name, 5)
    found = due(dagster, loader, FIRST + away)
    assert found[0] == "2026-01-01 10:00:00"
    assert len(found) == away // timedelta(hours=1) + 1


def test_numbers_grow_into_ranges_that_were_empty_however_many_these_are(
    tmp_path: Path, dagster: dg.DagsterInstance
) -> None:
    loader = instance(tmp_path, "{by: id, size: 100, start: 0, end: 25000}")
    parts = ranges(loader, FIRST)
    for place, part in enumerate(parts):
        note(dagster, loader, part.name, 100 if place < 3 else 0)
    assert due(dagster, loader, FIRST) == [part.name for part in parts[2:]]


def test_ranges_that_were_made_longer_are_due_where_only_a_part_was_loaded(
    tmp_path: Path, dagster: dg.DagsterInstance
) -> None:
    by_day = instance(tmp_path / "day", '{by: at, every: day, start: "2025-01-01"}')
    for part in ranges(by_day, FIRST)[:45]:  # up to 14 February
        note(dagster, by_day, part.name, 5)
    by_month = instance(tmp_path / "month", '{by: at, every: month, start: "2025-01-01"}')
    months = [part.name for part in ranges(by_month, FIRST)]
    assert due(dagster, by_month, FIRST) == months
    for month in months:
        note(dagster, by_month, month, 5)
    assert due(dagster, by_month, FIRST) == [months[-1]]


def test_a_range_that_was_the_only_one_is_due_when_it_is_longer(
    tmp_path: Path, dagster: dg.DagsterInstance
) -> None:
    by_day = instance(tmp_path / "day", '{by: at, every: day, start: "2025-01-01"}')
    note(dagster, by_day, "2025-01-01", 5, end="2025-01-02 00:00:00")
    by_month = instance(tmp_path / "month", '{by: at, every: month, start: "2025-01-01"}')
    assert due(dagster, by_month, FIRST)[0] == "2025-01-01"
    note(dagster, by_month, "2025-01-01", 5, end="2025-02-01 00:00:00")
    assert due(dagster, by_month, FIRST)[0] == "2025-02-01"
    assert "2025-01-01" not in due(dagster, by_day, FIRST)


def test_ranges_of_numbers_that_were_made_longer_are_due(
    tmp_path: Path, dagster: dg.DagsterInstance
) -> None:
    small = instance(tmp_path / "small", "{by: id, size: 100, start: -1000, end: 5000}")
    for part in ranges(small, FIRST)[:25]:
        note(dagster, small, part.name, 100)
    large = instance(tmp_path / "large", "{by: id, size: 1000, start: -1000, end: 5000}")
    assert due(dagster, large, FIRST) == [part.name for part in ranges(large, FIRST)]
