"""The task definitions and the launcher, against moto's stand-in for Amazon ECS.

Everything is checked that botocore and the launcher check; that a task starts is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from dagster._core.instance.ref import InstanceRef
from dagster._core.launcher.base import RunLauncher
from moto import mock_aws

from kada_dagster_tests.deploy.files import DEPLOY, VARIABLES, command, read, references

YOURS = {"ACCOUNT": "123456789012", "REGION": "eu-west-1", "VERSION": "0.1.0"}
RUN: dict[str, Any] = read("ecs/task-definition-run.yaml", **YOURS)
DAGSTER: dict[str, Any] = read("ecs/task-definition-dagster.yaml", **YOURS)


@pytest.fixture
def ecs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The service, which knows both task definitions."""
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        sdk: Any = boto3
        client = sdk.client("ecs")
        for one in (RUN, DAGSTER):
            client.register_task_definition(**one)
        yield client


def test_the_launcher_finds_the_task_of_the_runs_and_its_container(ecs: Any) -> None:
    data = InstanceRef.from_dir(str(DEPLOY / "ecs")).run_launcher_data
    assert data is not None
    launcher: Any = data.rehydrate(as_type=RunLauncher)
    assert type(launcher).__name__ == "EcsRunLauncher"
    assert launcher.task_definition.endswith(":task-definition/kada-run:1")
    assert launcher.container_name == RUN["containerDefinitions"][0]["name"]
    assert launcher.run_resources == {"cpu": RUN["cpu"], "memory": RUN["memory"]}
    assert launcher.secrets_tags == []


@pytest.mark.parametrize(
    "container", [*RUN["containerDefinitions"], *DAGSTER["containerDefinitions"]]
)
def test_every_container_has_what_the_instance_refers_to(container: dict[str, Any]) -> None:
    given = {one["name"] for part in ("environment", "secrets") for one in container[part]}
    needed = references(read("ecs/dagster.yaml"))
    if container["name"] != "run":
        needed |= references(read("workspace.yaml"))
    assert needed - given == set()


def test_a_password_is_never_in_a_task_definition() -> None:
    for container in (*RUN["containerDefinitions"], *DAGSTER["containerDefinitions"]):
        plain = {one["name"] for one in container["environment"]}
        assert not [name for name in plain if "PASSWORD" in name or "TOKEN" in name]
        assert all(one["valueFrom"].startswith("arn:") for one in container["secrets"])


def test_runs_and_schedules_have_the_same_secrets() -> None:
    """A schedule reads the mark its runs write."""
    (run,) = RUN["containerDefinitions"]
    code = DAGSTER["containerDefinitions"][0]
    assert code["secrets"] == run["secrets"]


@pytest.mark.parametrize("place", range(3))
def test_the_services_run_what_compose_runs(place: int) -> None:
    container = DAGSTER["containerDefinitions"][place]
    expected = command(container["name"])
    assert container["command"] == [
        word.replace("0.0.0.0", "127.0.0.1") if place == 0 else word for word in expected
    ]
    check = read("compose.yaml")["services"][container["name"]]["healthcheck"]["test"]
    assert container["healthCheck"]["command"] == check


def test_a_task_is_of_a_size_fargate_has() -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html"""
    assert (RUN["cpu"], RUN["memory"]) in {("512", str(size)) for size in (1024, 2048, 3072, 4096)}
    assert (DAGSTER["cpu"], DAGSTER["memory"]) in {("1024", str(n * 1024)) for n in range(2, 9)}
