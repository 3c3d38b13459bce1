"""The image and compose.yaml: what can be said of them without a container engine.

The commands and health checks themselves are run by `test_production`.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from kada_dagster_tests.deploy.files import DEPLOY, read, references

ROOT = DEPLOY.parent
COMPOSE: dict[str, Any] = read("compose.yaml")
OURS = ("code", "webserver", "daemon")
CONTAINERFILE = (DEPLOY / "Containerfile").read_text(encoding="utf-8")


def test_everything_the_image_copies_is_there() -> None:
    copied = re.findall(r"^COPY (?!--from)(?:--chown=\S+ )?(.+)$", CONTAINERFILE, re.MULTILINE)
    names = [name for line in copied for name in line.split()[:-1]]
    found = [name.replace("${INSTANCE}", one) for name in names for one in ("s3", "azure", "ecs")]
    assert {name for name in found if not (ROOT / name).exists()} == set()


def test_what_the_wheel_is_built_from_is_copied_and_no_more() -> None:
    """A file that is missing fails the build; one too many is in every layer."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    built = CONTAINERFILE.partition("\nFROM")[2]
    named = re.findall(r"^(?:readme|license-files) = (.+)$", project, re.MULTILINE)
    needed = {"pyproject.toml", *re.findall(r'"(.+?)"', " ".join(named))}
    assert len(needed) == 3
    assert {name for name in needed if name not in built} == set()
    offered = project.partition("[project.optional-dependencies]")[2].partition("\n[")[0]
    extras = re.search(r"ARG EXTRAS=(\S+)", CONTAINERFILE)
    assert extras is not None
    assert set(extras[1].split(",")) <= set(re.findall(r"^([a-z0-9-]+) = ", offered, re.MULTILINE))


def test_the_build_is_sent_what_it_copies_and_nothing_else() -> None:
    """No environment, no history and no file of variables reaches the engine."""
    text = (DEPLOY / "Containerfile.dockerignore").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    allowed = {line[1:] for line in lines if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(?:--chown=\S+ )?(.+) \S+$", CONTAINERFILE, re.MULTILINE)
    assert allowed == {name.replace("${INSTANCE}", "*") for line in copied for name in line.split()}


def test_the_image_runs_as_a_user_and_holds_no_secret() -> None:
    lines = CONTAINERFILE.splitlines()
    assert "USER kada" in lines
    assert lines.index("USER kada") > max(n for n, line in enumerate(lines) if "RUN" in line)
    assert not re.search(r"(?i)password|secret|token", CONTAINERFILE)


@pytest.mark.parametrize("service", OURS)
def test_every_variable_of_the_instance_reaches_the_service(service: str) -> None:
    """By compose.yaml itself, or by the file of variables whose example names it."""
    described = COMPOSE["services"][service]
    example = (DEPLOY / "example.env").read_text(encoding="utf-8")
    given = set(described["environment"]) | set(
        re.findall(r"^#? ?([A-Z_]+)=", example, re.MULTILINE)
    )
    needed = references(read("s3/dagster.yaml")) | references(read("workspace.yaml"))
    assert needed - given == set()
    assert ".env" in described["env_file"]


def test_the_sources_secrets_are_in_the_code_server_alone() -> None:
    holders = [name for name in OURS if "sources.env" in COMPOSE["services"][name]["env_file"]]
    assert holders == ["code"]


def test_no_service_may_start_containers() -> None:
    mounts = [mount for one in COMPOSE["services"].values() for mount in one.get("volumes", ())]
    assert not [mount for mount in mounts if "docker.sock" in mount]


@pytest.mark.parametrize("service", COMPOSE["services"])
def test_every_service_comes_back_is_looked_at_and_bounds_its_log(service: str) -> None:
    described = COMPOSE["services"][service]
    assert described["restart"] == "unless-stopped"
    assert described["healthcheck"]["test"][0] == "CMD"
    assert set(described["logging"]["options"]) == {"max-size", "max-file"}


def test_the_ui_is_open_to_this_machine_alone() -> None:
    assert COMPOSE["services"]["webserver"]["ports"] == ["127.0.0.1:3000:3000"]
    assert not [
        name for name in ("code", "daemon", "postgres") if "ports" in COMPOSE["services"][name]
    ]


def test_what_must_last_is_in_volumes() -> None:
    used = {
        mount.partition(":")[0]
        for one in COMPOSE["services"].values()
        for mount in one.get("volumes", ())
    }
    assert used - {"./config"} == set(COMPOSE["volumes"]) == {"postgres", "kada"}


def test_the_password_is_the_one_the_database_was_made_with() -> None:
    database = COMPOSE["services"]["postgres"]["environment"]["POSTGRES_PASSWORD"]
    assert COMPOSE["services"]["code"]["environment"]["DAGSTER_PG_PASSWORD"] == database
    assert database.startswith("${DAGSTER_PG_PASSWORD:?")
