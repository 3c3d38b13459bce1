"""The two code locations: ours, and trivial assets of the same number with the same windows."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from kada_dagster.config import load_config_file
from kada_dagster.hwm.window import HWM_FORMAT, format_hwm
from kada_dagster.sandbox.postgres_server import PostgresServer

STEPS = ("extract", "upload", "high_water_mark")
EACH_MINUTE, EACH_HOUR = "* * * * *", "0 * * * *"
"""When schedules look: as by default for windows of an hour, and for the time of ticks."""

_TRIVIAL = f"""
import dagster as dg

WINDOWS = dg.TimeWindowPartitionsDefinition(
    start=START, fmt={HWM_FORMAT!r}, cron_schedule={EACH_HOUR!r}
)


def step(name, key, deps):
    @dg.asset(
        key=[name, key],
        deps=deps,
        partitions_def=WINDOWS,
        group_name=name,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def trivial(context: dg.AssetExecutionContext) -> None:
        pass

    return trivial


def source(name):
    extract = step(name, "extract", [])
    upload = step(name, "upload", [extract])
    mark = step(name, "high_water_mark", [upload])
    assets = [extract, upload, mark]
    job = dg.define_asset_job(f"{{name}}_job", assets, executor_def=dg.in_process_executor)

    @dg.schedule(
        name=f"{{name}}_schedule",
        job=job,
        cron_schedule=CRON,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def schedule():
        return dg.SkipReason("nothing is missing")

    return dg.Definitions(assets=assets, jobs=[job], schedules=[schedule])


defs = dg.Definitions.merge(
    *map(source, NAMES), dg.Definitions(executor=dg.in_process_executor)
)
"""


@dataclass(frozen=True)
class Location:
    """A code location.

    Attributes:
        name: what the figures call it.
        code: options of Dagster's commands that name it.
        secrets: variables of the environment it is loaded in.
        write: writes the file it is made of, given when its schedules look.
    """

    name: str
    code: tuple[str, str]
    secrets: Mapping[str, str]
    write: Callable[[str], object]


def names(sources: int) -> list[str]:
    """The names of so many sources."""
    return [f"s{number:04}" for number in range(sources)]


def window_keys(now: datetime, windows: int) -> list[str]:
    """The keys of the last so many hours that are over, oldest first."""
    end = now.replace(minute=0, second=0, microsecond=0)
    return [format_hwm(end - timedelta(hours=hours)) for hours in range(windows, 0, -1)]


def our_location(folder: Path, server: PostgresServer, sources: int, first: str) -> Location:
    """Sources of kada.yaml with windows of an hour from a moment on.

    Nothing of them is missing, so that nobody has to reach the servers they name.
    """
    server.create_database("marks")
    file = folder / "kada.yaml"
    secrets = {"MARKS_PASSWORD": str(server.password), "WAREHOUSE_PASSWORD": "not-asked-for"}
    secrets["KADA_CONFIG"] = str(file)
    marks = {"server": "127.0.0.1", "port": server.port, "database": "marks"}
    login = {"username": "postgres", "password": "${MARKS_PASSWORD}"}

    def write(cron: str) -> None:
        config = {
            "sources": [_source(name, first, cron) for name in names(sources)],
            "high_water_marks": {"type": "postgres", **marks, **login},
        }
        file.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")

    return Location("ours", ("-m", "kada_dagster.definitions"), secrets, write)


def set_marks(location: Location, moment: datetime) -> None:
    """Let everything be uploaded up to a moment."""
    os.environ.update(location.secrets)
    config = load_config_file(Path(location.secrets["KADA_CONFIG"]))
    store = config.high_water_marks.store(config.sources[0])
    for source in config.sources:
        store.set(source.name, moment.replace(minute=0, second=0, microsecond=0))


def trivial_location(folder: Path, sources: int, first: str) -> Location:
    """As many assets, jobs and schedules, which do nothing."""
    file = folder / "trivial.py"

    def write(cron: str) -> None:
        head = f"NAMES = {names(sources)!r}\nSTART, CRON = {first!r}, {cron!r}\n"
        file.write_text(head + _TRIVIAL, encoding="utf-8")

    return Location("trivial", ("-f", str(file)), {}, write)


def _source(name: str, first: str, cron: str) -> dict[str, Any]:
    return {
        "type": "postgres",
        "name": name,
        "host": f"{name}.example.org",
        "server": "db.invalid",
        "username": "kada_reader",
        "password": "${WAREHOUSE_PASSWORD}",
        "databases": [],
        "output_path": "extracts",
        "window": {"start": first, "cron": EACH_HOUR},
        "schedule": {"enabled": True, "cron": cron},
        "landing": {"type": "local", "path": f"landing/{name}"},
    }
