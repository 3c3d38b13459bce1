"""One production instance for all tests of it, with what was launched on it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
import yaml
from dagster import DagsterInstance
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import InstigatorTick, TickData, TickStatus

from kada_dagster.config.find import demo_config
from kada_dagster.hwm.window import format_hwm, utc_now
from kada_dagster.sandbox import sample_database
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.deploy.production import Production, production
from kada_dagster_tests.landing.s3_server import REGION, S3Server
from kada_dagster_tests.live.dev_server import LOCATION
from kada_dagster_tests.servers import SETTINGS

_STATE = """
query State($schedule: ScheduleSelector!) {
  scheduleOrError(scheduleSelector: $schedule) {
    ... on Schedule { scheduleState { id selectorId } }
  }
}
"""
SECRETS = {
    "database of Dagster": f"dagster-{uuid4().hex}",
    "source": f"source-{uuid4().hex}",
    "compute logs": f"logs-{uuid4().hex}",
}


@dataclass(frozen=True)
class Deployed:
    """The running instance and what it uses.

    Attributes:
        production: its processes.
        postgres: has its database, and the one the source reads.
        bucket: of the compute logs.
        s3: the store that bucket is in.
        key: the window there is.
    """

    production: Production
    postgres: PostgresServer = field(repr=False)
    bucket: str
    s3: S3Server = field(repr=False)
    key: str

    @property
    def folder(self) -> Path:
        """Where kada.yaml is."""
        return self.production.folder

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query answers in Dagster's database."""
        connection = self.postgres.connect("dagster")
        try:
            with connection.cursor() as cursor:
                cursor.execute(query)
                return cursor.fetchall()
        finally:
            connection.close()


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory, s3_server: S3Server) -> Iterator[Deployed]:
    """The demo's source `shop`, in the instance of deploy/s3, storage in PostgreSQL."""
    folder = tmp_path_factory.mktemp("deploy")
    data, bucket = tmp_path_factory.mktemp("postgres") / "data", s3_server.new_bucket()
    password = SECRETS["database of Dagster"]
    with ExitStack() as running:
        postgres = running.enter_context(
            PostgresServer.start(data, password=password, settings=SETTINGS)
        )
        postgres.create_database("dagster")
        sample_database.create(postgres.connect, "shop", reader_password=SECRETS["source"])
        key = _configure(folder, postgres.port)
        instance = _instance_variables(postgres, bucket, s3_server)
        code = {"KADA_CONFIG": str(folder / "kada.yaml"), "SHOP_PASSWORD": SECRETS["source"]}
        started = running.enter_context(production(folder, instance, code))
        yield Deployed(started, postgres, bucket, s3_server, key)


@pytest.fixture(scope="session")
def instance(deployed: Deployed) -> DagsterInstance:
    """The instance as a process of Dagster's has it."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in deployed.production.environment.items():
            patch.setenv(name, value)
        return DagsterInstance.from_config(str(deployed.production.home))


@pytest.fixture(scope="session")
def old_ticks(deployed: Deployed, instance: DagsterInstance) -> Mapping[float, InstigatorTick]:
    """Ticks of the source's schedule that were skipped so many days ago, by days."""
    selector = {**LOCATION, "scheduleName": "shop_schedule"}
    body = {"query": _STATE, "variables": {"schedule": selector}}
    answer = requests.post(f"{deployed.production.server.url}/graphql", json=body, timeout=60)
    state = answer.json()["data"]["scheduleOrError"]["scheduleState"]
    return {days: instance.create_tick(_skipped(state, days)) for days in (6.9, 7.1)}


def _skipped(state: Mapping[str, str], days: float) -> TickData:
    return TickData(
        instigator_origin_id=state["id"].partition(":")[0],
        instigator_name="shop_schedule",
        instigator_type=InstigatorType.SCHEDULE,
        status=TickStatus.SKIPPED,
        timestamp=time.time() - days * 86_400,
        selector_id=state["selectorId"],
    )


def _configure(folder: Path, port: int) -> str:
    """Write kada.yaml: the demo's first source, with a password and one window that has closed.

    Its schedule looks every minute, so that ticks come to be. Returns the key of the window.
    """
    demo = yaml.safe_load(demo_config().read_text(encoding="utf-8"))
    yesterday = utc_now().replace(hour=0, minute=0, second=0) - timedelta(days=1)
    window = {"start": format_hwm(yesterday), "cron": "0 0 * * *", "timezone": "UTC"}
    shop = demo["sources"][0] | {"port": port, "password": "${SHOP_PASSWORD}", "window": window}
    shop |= {"schedule": {"enabled": True, "cron": "* * * * *"}}
    marks = demo["high_water_marks"]
    text = yaml.safe_dump({"sources": [shop], "high_water_marks": marks})
    (folder / "kada.yaml").write_text(text, encoding="utf-8")
    return window["start"]


def _instance_variables(postgres: PostgresServer, bucket: str, s3: S3Server) -> dict[str, str]:
    return {
        "DAGSTER_PG_HOST": "127.0.0.1",
        "DAGSTER_PG_PORT": str(postgres.port),
        "DAGSTER_PG_USERNAME": "postgres",
        "DAGSTER_PG_PASSWORD": SECRETS["database of Dagster"],
        "DAGSTER_PG_DB": "dagster",
        "KADA_LOGS_BUCKET": bucket,
        "KADA_LOGS_PREFIX": "compute",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test-key",
        "AWS_SECRET_ACCESS_KEY": SECRETS["compute logs"],
        "AWS_ENDPOINT_URL": s3.url,
    }
