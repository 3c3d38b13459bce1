"""The demo with set-ups beside it that are wrong, each in one way, for the page of messages."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from kada_dagster.collector.build import build_definitions
from kada_dagster.collector.partitions import range_tags
from kada_dagster.config import load_config_file
from kada_dagster_tests.docs.demo_world import DemoRun
from kada_dagster_tests.docs.world import World

_NOBODY = 1
"""A port nobody listens on."""


def add_troubles(world: World, demo: DemoRun) -> None:
    """Write a file below broken/ for each set-up, which differs from one that works."""
    hour_ago = datetime.now(timezone.utc) - timedelta(hours=1)
    token = f"sv=2022-11-02&ss=b&srt=co&sp=rwl&se={hour_ago:%Y-%m-%dT%H:%M:%SZ}&sig=c2ln"
    azure = {
        "type": "azure",
        "storage_account": "kadalanding",
        "container": "lz",
        "account_url": "https://kadalandign.invalid",
        "path": "lz/shop/landing",
    }
    s3 = {"type": "s3", "bucket": "kada-landing", "path": "lz/shop/landing", "region": "eu-west-1"}
    hevo = {"type": "hevo", "region": "eu", "api_key": "${KADA_DEMO_HEVO_KEY}"}
    changes: dict[str, dict[str, Any]] = {
        "typo": {"sever": "db.example.org"},
        "literal": {"password": "hunter2"},
        "unset": {"password": "${SHOP_PASSWORD}"},
        "cron": {"window": {"start": "2026-01-01 00:00:00", "cron": "0 25 * * *"}},
        "start": {"window": {"start": "2026-01-01 00:30:00", "cron": "0 * * * *"}},
        "nobody": {"port": _NOBODY},
        "host": {"server": "db.invalid"},
        "role": {"username": "kada_raeder"},
        "database": {"databases": ["shpo"]},
        "folder": {"landing": {"type": "local", "path": "/proc/landing"}},
        "sas": {"landing": {**azure, "sas_token": "${EXPIRED_SAS}"}},
        "s3": {
            "landing": {
                **s3,
                "endpoint_url": f"http://127.0.0.1:{_NOBODY}",
                "access_key_id": "${KEY_ID}",
                "secret_access_key": "${KEY}",
            }
        },
        "shrunk": {
            "exclude_schemas": ["crm", "shop", "finance", "hr", "web", "p*", "s*"],
            "output_path": str(world.folder / ".demo" / "extracts"),
        },
        "young": {"window": {"start": "2026-01-01 00:00:00", "delay_minutes": 90}},
    }
    for name, change in changes.items():
        _write(world.folder, name, {**_source(demo), **change})
    _write(
        world.folder,
        "secret",
        {
            **hevo,
            "name": "hevo",
            "api_secret": "${WRONG}",
            "base_url": f"http://127.0.0.1:{demo.ports['hevo']}",
        },
    )
    _write(
        world.folder,
        "hightouch",
        {
            "type": "hightouch",
            "name": "hightouch",
            "api_token": "${WRONG}",
            "base_url": f"http://127.0.0.1:{demo.ports['hightouch']}/api/v1",
        },
    )
    _write(
        world.folder,
        "region",
        {
            **hevo,
            "name": "hevo",
            "region": "europe",
            "base_url": "https://europe.invalid",
            "api_secret": "${KADA_DEMO_HEVO_SECRET}",
        },
    )
    _write(world.folder, "twice", _source(demo), _source(demo))
    world.quiet_steps = True
    world.steps = {**world.steps, "a run of a window that is not there": lambda: _no_window(world)}
    world.variables = {
        **world.variables,
        "EXPIRED_SAS": token,
        "WRONG": "wr0ng",
        "KEY_ID": "id",
        "KEY": "key",
    }


def _no_window(world: World) -> str:
    """What the step that failed says."""
    config = load_config_file(Path(world.variables["KADA_CONFIG"]))
    job = build_definitions(config).resolve_job_def("shop_job")
    with dg.DagsterInstance.ephemeral() as instance:  # pyright: ignore[reportUnknownMemberType]
        done = job.execute_in_process(
            instance=instance,
            tags=range_tags("2026-01-01 05:00:00", "2026-01-01 05:00:00"),
            raise_on_error=False,
        )
    (event, *_) = done.filter_events(lambda event: event.is_step_failure)
    data: Any = event.step_failure_data
    return f"{data.user_failure_data.description}\n"


def _source(demo: DemoRun) -> dict[str, Any]:
    return {
        "type": "postgres",
        "name": "shop",
        "server": "127.0.0.1",
        "port": demo.ports["postgres"],
        "username": "shop_reader",
        "databases": ["shop"],
        "landing": {"type": "local", "path": "landing/shop"},
    }


def _write(folder: Path, name: str, *sources: dict[str, Any]) -> None:
    window = {"window": {"start": "2026-01-01 00:00:00"}}
    file = folder / "broken" / f"{name}.yaml"
    file.parent.mkdir(exist_ok=True)
    config = {"sources": [{**window, **one} for one in sources]}
    file.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
