"""The files of deploy/, read as those read them who use them."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template
from typing import Any, cast

import yaml

from kada_dagster_tests.live.dev_server import ROOT

DEPLOY = ROOT / "deploy"
VARIABLES = {
    "DAGSTER_PG_HOST": "db.example.org",
    "DAGSTER_PG_PORT": "6543",
    "DAGSTER_PG_USERNAME": "dagster",
    "DAGSTER_PG_PASSWORD": "p:a@s/s?w#o%rd",
    "DAGSTER_PG_DB": "dagster",
    "KADA_LOGS_BUCKET": "kada-logs",
    "KADA_LOGS_PREFIX": "dagster",
    "KADA_LOGS_ACCOUNT": "kadalogs",
    "KADA_LOGS_CONTAINER": "logs",
    "KADA_RUN_TASK": "kada-run",
    "KADA_CODE_HOST": "127.0.0.1",
    "KADA_CODE_PORT": "4321",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "test-key",
    "AWS_SECRET_ACCESS_KEY": "test-secret",
}
"""Every variable the files refer to, and what AWS's SDK wants."""


def read(name: str, **substituted: str) -> Any:
    """A YAML file of deploy/; of its `${NAME}` those given are put in."""
    text = (DEPLOY / name).read_text(encoding="utf-8")
    return yaml.safe_load(Template(text).safe_substitute(substituted))


def sections(name: str) -> dict[str, str]:
    """The text of each section of a dagster.yaml, comments above it included."""
    text = (DEPLOY / name).read_text(encoding="utf-8").partition("\n\n")[2]
    parts = re.split(r"\n\n(?=[a-z_]+:)", text.strip())
    return {part.partition(":")[0]: part for part in parts}


def references(tree: Any) -> set[str]:
    """The variables a dagster.yaml or workspace.yaml refers to, by `{env: NAME}`."""
    parts: list[Any] = cast("list[Any]", tree) if isinstance(tree, list) else []
    if isinstance(tree, dict):
        fields = cast("dict[str, Any]", tree)
        if set(fields) == {"env"} and isinstance(fields["env"], str):
            return {fields["env"]}
        parts = list(fields.values())
    return {name for part in parts for name in references(part)}


def command(service: str) -> list[str]:
    """What a service of compose.yaml runs."""
    return list(read("compose.yaml")["services"][service]["command"])


def home(folder: Path, instance: str) -> Path:
    """Fill a folder as the image fills its DAGSTER_HOME."""
    folder.mkdir(exist_ok=True)
    for source in (DEPLOY / instance / "dagster.yaml", DEPLOY / "workspace.yaml"):
        (folder / source.name).write_bytes(source.read_bytes())
    return folder
