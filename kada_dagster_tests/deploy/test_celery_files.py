"""The files of deploy/celery, beside those of the other instances."""

from __future__ import annotations

import re

from kada_dagster_tests.deploy.celery_workers import UNIT
from kada_dagster_tests.deploy.files import DEPLOY, read, references, sections
from kada_dagster_tests.live.dev_server import ROOT

OWN = {"run_launcher", "concurrency", "run_monitoring"}


def worker_variables() -> set[str]:
    """Those of worker.example.env, and those it leaves to whoever needs them."""
    text = (DEPLOY / "celery" / "worker.example.env").read_text(encoding="utf-8")
    return set(re.findall(r"^(?:# )?([A-Z_]+)=", text, re.MULTILINE))


def test_the_instance_is_that_of_s3_but_for_what_workers_need() -> None:
    """Text for text, comments included."""
    first, own = sections("s3/dagster.yaml"), sections("celery/dagster.yaml")
    assert list(first) == list(own)
    assert {name for name in first if first[name] != own[name]} == OWN
    assert not [name for name, text in own.items() if "#" not in text]


def test_celery_knows_the_state_of_a_run_for_longer_than_it_may_take() -> None:
    """A run whose state is forgotten counts as lost."""
    instance = read("celery/dagster.yaml")
    kept = instance["run_launcher"]["config"]["config_source"]["result_expires"]
    assert kept > instance["run_monitoring"]["max_runtime_seconds"]


def test_the_example_names_every_variable_that_a_worker_needs() -> None:
    needed = references(read("celery/dagster.yaml")) | {"DAGSTER_HOME", "KADA_CONFIG"}
    needed |= set(re.findall(r"\$\{(\w+)\}", UNIT.read_text(encoding="utf-8")))
    assert needed <= worker_variables()


def test_the_page_describes_the_variables_of_its_own() -> None:
    page = (ROOT / "docs" / "deploy-celery.md").read_text(encoding="utf-8")
    own = {name for name in worker_variables() if name.startswith("KADA_CELERY")}
    assert len(own) == 4
    assert {name for name in own if f"| `{name}` |" not in page} == set()
