"""No secret is in anything Dagster writes or answers, after runs that worked and that failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from kada_dagster.sandbox import sample_database
from kada_dagster_tests.live.conftest import History
from kada_dagster_tests.live.dev_server import LOCATION, LOG_NAME, DevServer
from kada_dagster_tests.live.hunt import files_with, texts_with
from kada_dagster_tests.live.launching import STEPS, events, materializations, runs
from kada_dagster_tests.live.site import SECRETS, VENDOR_FILE, Site

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def secret(which: str, site: Site) -> str:
    """What is planted under a name."""
    if which not in site.secrets:
        pytest.skip("no Azure emulator here: it comes from npm")
    return site.secrets[which]


@pytest.fixture(scope="session")
def answers(history: History, server: DevServer, site: Site) -> list[str]:
    """Every answer about configuration, resources, assets, runs, events and logs."""
    for question in ("Location", "Assets", "Instance"):
        server.ask(question)
    for question in ("Resources", "Jobs"):
        server.ask(question, location=LOCATION)
    for run in runs(server):
        for event in events(server, run["runId"]):
            if event["__typename"] == "LogsCapturedEvent":
                server.ask("ComputeLog", key=[run["runId"], "compute_logs", event["fileKey"]])
    for name in site.sources:
        for step in STEPS:
            materializations(server, name, step)
    return server.answers


@pytest.mark.parametrize("which", SECRETS)
def test_no_file_holds_a_secret_but_the_user_s_own(
    which: str, secret: str, history: History, answers: list[str], site: Site
) -> None:
    own = [VENDOR_FILE] if which == "vendor password" else []
    assert files_with(secret, site.folder) == own


@pytest.mark.parametrize("which", SECRETS)
def test_no_answer_of_the_web_server_holds_a_secret(
    which: str, secret: str, answers: list[str]
) -> None:
    assert texts_with(secret, answers) == []


def test_what_is_no_secret_is_found_in_every_place_that_was_searched(
    answers: list[str], site: Site, history: History
) -> None:
    """The name of the role that was refused: a secret beside it would have been found too."""
    role = sample_database.READER
    found = [Path(name) for name in files_with(role, site.folder)]
    failed = history.runs["wrong"]["runId"]
    assert Path(LOG_NAME) in found
    assert Path("kada.yaml") in found
    assert [file for file in found if file.name == f"{failed}.db"]
    assert [file for file in found if failed in file.parts and file.suffix == ".err"]
    for place in ('"configuredValues"', '"errorChain"', '"stderr"'):
        assert texts_with(role, (answer for answer in answers if place in answer))
