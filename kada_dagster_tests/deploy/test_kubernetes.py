"""The values for Dagster's Helm chart: what they say of the instance, and the job a run becomes.

There is no cluster here and no helm: the chart's own templates are not run. What the chart makes of
`k8sRunLauncher` is put together as its template `_run-launcher.tpl` does, and the rest is
dagster_k8s' own code.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml
from dagster._config import process_config
from dagster._core.instance.config import dagster_instance_config
from dagster._core.storage.dagster_run import DagsterRun
from dagster._core.test_utils import environ
from dagster_aws.s3 import S3ComputeLogManager
from dagster_k8s import K8sRunLauncher
from dagster_k8s.container_context import K8sContainerContext
from dagster_k8s.job import construct_dagster_k8s_job
from dagster_k8s.models import k8s_snake_case_dict
from kubernetes.client import (  # pyright: ignore[reportMissingTypeStubs]
    ApiClient,
    V1Probe,
    V1ResourceRequirements,
)

from kada_dagster_tests.deploy.files import read

_KEY = re.compile("[A-Z]")
IMAGE = "registry.example.org/kada-dagster:0.1.0"


def snake(tree: Any) -> Any:
    """Keys as dagster.yaml spells them."""
    if isinstance(tree, dict):
        pairs = cast("dict[str, Any]", tree).items()
        return {
            _KEY.sub(lambda one: f"_{one[0].lower()}", key): snake(value) for key, value in pairs
        }
    return [snake(part) for part in cast("list[Any]", tree)] if isinstance(tree, list) else tree


VALUES: dict[str, Any] = read("kubernetes/values.yaml")
INSTANCE: dict[str, Any] = read("s3/dagster.yaml")
DAEMON = VALUES["dagsterDaemon"]
SECTIONS = {
    "concurrency": VALUES["concurrency"],
    "run_monitoring": DAEMON["runMonitoring"],
    "run_retries": DAEMON["runRetries"],
    "retention": VALUES["retention"],
    "schedules": DAEMON["schedules"],
    "sensors": DAEMON["sensors"],
    "backfills": DAEMON["backfills"],
    "telemetry": VALUES["telemetry"],
    **VALUES["additionalInstanceConfig"],
}


@pytest.mark.parametrize("section", SECTIONS)
def test_the_values_say_of_the_instance_what_its_file_says(section: str) -> None:
    said = snake(SECTIONS[section])
    if section in ("concurrency", "retention"):
        assert said.pop("enabled") is True
    assert said == INSTANCE[section]


def test_no_section_of_the_instance_is_left_out() -> None:
    elsewhere = {"storage", "compute_logs", "run_launcher", "run_queue"}
    assert set(SECTIONS) | elsewhere == set(INSTANCE)


def test_runs_are_queued() -> None:
    """Without a coordinator of the chart's, Dagster would launch all of them at once."""
    coordinator = DAEMON["runCoordinator"]
    assert (coordinator["enabled"], coordinator["type"]) == (True, "QueuedRunCoordinator")
    (queue,) = coordinator["config"].values()
    assert (
        snake(queue)["dequeue_interval_seconds"]
        == INSTANCE["run_queue"]["dequeue_interval_seconds"]
    )


def test_dagster_takes_what_the_chart_passes_on(tmp_path: Path) -> None:
    tree = {name: snake(part) for name, part in SECTIONS.items()}
    for section in ("concurrency", "retention"):
        del tree[section]["enabled"]
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(tree), encoding="utf-8")
    config, _ = dagster_instance_config(str(tmp_path))
    assert config["run_monitoring"]["max_runtime_seconds"] == 21600


def test_compute_logs_are_configured_as_their_class_wants_it() -> None:
    logs = VALUES["computeLogManager"]
    assert logs["type"] == S3ComputeLogManager.__name__
    config = process_config(
        S3ComputeLogManager.config_type(), snake(logs["config"]["s3ComputeLogManager"])
    )
    assert config.success, config.errors


def test_no_value_is_a_password() -> None:
    text = yaml.safe_dump(VALUES)
    assert not re.search(r"(?i)(password|secret_?key|token): \S", text)
    assert VALUES["generatePostgresqlPasswordSecret"] is False


@pytest.fixture
def job(tmp_path: Path) -> Any:
    """The job of a run, with the values of the launcher and those of the code location."""
    (location,) = VALUES["dagster-user-deployments"]["deployments"]
    assert location["includeConfigInLaunchedRuns"] == {"enabled": True}
    launcher = _launcher(tmp_path)
    whole: Any = K8sContainerContext
    context = whole.create_for_run(
        DagsterRun(job_name="shop_job"), launcher, include_run_tags=True
    ).merge(whole.create_from_config({"k8s": _passed_on(location)}))
    return construct_dagster_k8s_job(
        context.get_k8s_job_config(IMAGE, launcher),
        ["dagster", "api", "execute_run", "{}"],
        "dagster-run-1",
        user_defined_k8s_config=context.run_k8s_config,
        component="run_worker",
    )


def _launcher(tmp_path: Path) -> K8sRunLauncher:
    """The launcher as the chart configures it; its address of a cluster is nobody's."""
    kubeconfig = tmp_path / "kubeconfig"
    cluster = {"name": "none", "cluster": {"server": "http://127.0.0.1:9"}}
    context = {"name": "none", "context": {"cluster": "none", "user": "none"}}
    users: list[dict[str, Any]] = [{"name": "none", "user": {}}]
    kubeconfig.write_text(
        yaml.safe_dump(
            {
                "clusters": [cluster],
                "contexts": [context],
                "users": users,
                "current-context": "none",
            }
        )
    )
    config = {
        **snake(VALUES["runLauncher"]["config"]["k8sRunLauncher"]),
        "job_namespace": "kada",
        "service_account_name": "dagster",
        "dagster_home": {"env": "DAGSTER_HOME"},
        "instance_config_map": {"env": "DAGSTER_K8S_INSTANCE_CONFIG_MAP"},
        "postgres_password_secret": {"env": "DAGSTER_K8S_PG_PASSWORD_SECRET"},
        "load_incluster_config": False,
        "kubeconfig_file": str(kubeconfig),
    }
    variables = {
        "DAGSTER_HOME": "/opt/dagster/dagster_home",
        "DAGSTER_K8S_INSTANCE_CONFIG_MAP": "kada-instance-map",
        "DAGSTER_K8S_PG_PASSWORD_SECRET": VALUES["global"]["postgresqlSecretName"],
    }
    with environ(variables):
        checked = process_config(K8sRunLauncher.config_type(), config)
    assert checked.success, checked.errors
    return K8sRunLauncher(**checked.value or {})


def _passed_on(location: dict[str, Any]) -> dict[str, Any]:
    """What the chart hands from a code location to its runs."""
    return {
        "env_vars": [f"{name}={value}" for name, value in location["env"].items()],
        "env_secrets": [one["name"] for one in location["envSecrets"]],
        "volumes": location["volumes"],
        "volume_mounts": location["volumeMounts"],
        "resources": location["resources"],
    }


def test_a_run_has_the_code_the_secrets_and_the_configuration(job: Any) -> None:
    pod = job.spec.template.spec
    (container,) = pod.containers
    variables = {one.name: one.value for one in container.env if one.value is not None}
    assert container.image == IMAGE
    assert variables["KADA_CONFIG"] == "/etc/kada/kada.yaml"
    assert "kada-sources" in [one.secret_ref.name for one in container.env_from if one.secret_ref]
    mounts = {mount.name: mount for mount in container.volume_mounts}
    assert mounts["kada-config"].mount_path == "/etc/kada"
    assert {volume.name for volume in pod.volumes} >= {"kada-config", *mounts}


def test_a_run_gets_its_password_from_the_secret(job: Any) -> None:
    (container,) = job.spec.template.spec.containers
    (password,) = [one for one in container.env if one.name == "DAGSTER_PG_PASSWORD"]
    assert password.value_from.secret_key_ref.name == "kada-postgresql"


def test_a_job_that_ended_is_removed_and_never_started_again_by_the_cluster(job: Any) -> None:
    assert job.spec.ttl_seconds_after_finished == 86_400
    assert job.spec.backoff_limit == 0, "Dagster retries; the cluster must not"
    assert job.spec.template.spec.restart_policy == "Never"


def test_the_job_is_one_the_api_knows(job: Any) -> None:
    """As text for the API, and read back into its models without a loss."""
    client: Any = ApiClient()
    text = json.dumps(client.sanitize_for_serialization(job))
    assert client.deserialize(SimpleNamespace(data=text), "V1Job") == job


@pytest.mark.parametrize("part", ["startupProbe", "resources"])
def test_probes_and_resources_are_those_of_the_api(part: str) -> None:
    (location,) = VALUES["dagster-user-deployments"]["deployments"]
    given = {key: value for key, value in location[part].items() if key != "enabled"}
    model = {"startupProbe": V1Probe, "resources": V1ResourceRequirements}[part]
    assert k8s_snake_case_dict(model, given)
