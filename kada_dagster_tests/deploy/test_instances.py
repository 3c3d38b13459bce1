"""Every dagster.yaml of deploy/, as Dagster itself reads it."""

from __future__ import annotations

from typing import Any

import pytest
from dagster import DagsterInstance
from dagster._config import process_config
from dagster._core.instance.config import dagster_instance_config, get_tick_retention_settings
from dagster._core.instance.ref import InstanceRef
from dagster._core.launcher.base import RunLauncher
from dagster._core.scheduler.instigation import TickStatus
from dagster._core.storage.compute_log_manager import ComputeLogManager
from dagster._core.storage.config import pg_config
from dagster._core.workspace.config_schema import process_workspace_config
from dagster_postgres.utils import pg_url_from_config
from sqlalchemy.engine import make_url

from kada_dagster_tests.deploy.files import DEPLOY, VARIABLES, read, references, sections

INSTANCES = ("s3", "azure", "ecs")
OWN = {"s3": set[str](), "azure": {"compute_logs"}, "ecs": {"run_launcher"}}
"""What an instance says otherwise than s3's."""


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("instance", INSTANCES)
def test_dagster_takes_every_key(instance: str) -> None:
    config, _ = dagster_instance_config(str(DEPLOY / instance))
    assert config["telemetry"] == {"enabled": False}
    assert config["nux"] == {"enabled": False}


@pytest.mark.parametrize("instance", INSTANCES)
def test_storage_names_its_driver_and_takes_any_password(instance: str) -> None:
    given = read(f"{instance}/dagster.yaml")["storage"]["postgres"]
    url = make_url(pg_url_from_config(process_config(pg_config(), given).value or {}))
    assert url.drivername == "postgresql+psycopg2"
    assert (url.host, url.port, url.username) == ("db.example.org", 6543, "dagster")
    assert url.password == VARIABLES["DAGSTER_PG_PASSWORD"]


@pytest.mark.parametrize("instance", INSTANCES)
def test_no_instance_has_a_server_a_name_or_a_secret_written_in_it(instance: str) -> None:
    tree = read(f"{instance}/dagster.yaml")
    described = {**tree["storage"]["postgres"]["postgres_db"], **tree["compute_logs"]["config"]}
    written = {key for key, value in described.items() if isinstance(value, str)}
    assert written == {"scheme"}


@pytest.mark.parametrize("instance", INSTANCES)
@pytest.mark.parametrize("missing", ["DAGSTER_PG_PASSWORD", "DAGSTER_PG_HOST"])
def test_a_missing_variable_is_named(
    instance: str, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(missing)
    with pytest.raises(Exception, match=missing):
        DagsterInstance.from_config(str(DEPLOY / instance))


@pytest.mark.parametrize(
    ("instance", "place"),
    [
        ("s3", {"_s3_bucket": "kada-logs", "_s3_prefix": "dagster", "_upload_interval": 30}),
        ("ecs", {"_s3_bucket": "kada-logs", "_s3_prefix": "dagster", "_upload_interval": 30}),
        ("azure", {"_storage_account": "kadalogs", "_container": "logs", "_upload_interval": 30}),
    ],
)
def test_compute_logs_go_to_the_store(instance: str, place: dict[str, Any]) -> None:
    data = InstanceRef.from_dir(str(DEPLOY / instance)).compute_logs_data
    found = vars(data.rehydrate(as_type=ComputeLogManager))
    assert {name: found[name] for name in place} == place


@pytest.mark.parametrize("instance", INSTANCES)
def test_an_instance_differs_from_the_first_only_where_it_must(instance: str) -> None:
    """Text for text, comments included: what is changed in one is changed in all."""
    first, other = sections("s3/dagster.yaml"), sections(f"{instance}/dagster.yaml")
    assert list(first) == list(other)
    assert {name for name in first if first[name] != other[name]} == OWN[instance]


@pytest.mark.parametrize("instance", INSTANCES)
def test_every_section_says_why(instance: str) -> None:
    without = {
        name for name, text in sections(f"{instance}/dagster.yaml").items() if "#" not in text
    }
    assert without == set()


def test_backfills_leave_room_for_what_schedules_launch() -> None:
    limits = read("s3/dagster.yaml")["concurrency"]["runs"]
    (backfills,) = limits["tag_concurrency_limits"]
    assert backfills["key"] == "dagster/backfill"
    assert backfills["limit"] < limits["max_concurrent_runs"]


@pytest.mark.parametrize("kind", ["schedule", "sensor", "auto_materialize"])
def test_no_tick_is_kept_for_ever(kind: str) -> None:
    given = read("s3/dagster.yaml")["retention"][kind]
    days = get_tick_retention_settings(given, dict.fromkeys(TickStatus, -1))
    assert min(days.values()) > 0


def test_a_run_is_a_process_beside_the_code_server() -> None:
    data = InstanceRef.from_dir(str(DEPLOY / "s3")).run_launcher_data
    assert data is not None
    assert type(data.rehydrate(as_type=RunLauncher)).__name__ == "DefaultRunLauncher"


def test_the_workspace_finds_the_code_server_by_the_environment() -> None:
    config = process_workspace_config(read("workspace.yaml"))
    assert config.success
    loaded: Any = config.value
    (server,) = loaded["load_from"]
    assert server["grpc_server"] == {
        "host": "127.0.0.1",
        "port": 4321,
        "location_name": "kada_dagster",
    }


def test_every_variable_is_described() -> None:
    """The list in docs/deploy.md is whole."""
    named = {name for one in INSTANCES for name in references(read(f"{one}/dagster.yaml"))}
    named |= references(read("workspace.yaml"))
    page = (DEPLOY.parent / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert {name for name in named if f"`{name}`" not in page} == set()
