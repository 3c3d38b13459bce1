"""`kada fivetran` as the job of a pipeline: nothing but variables, a process, and an exit code."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from kada_dagster.sandbox.fivetran import (
    Budgets,
    FivetranSandbox,
    FivetranWorld,
    Outcome,
    RunningClock,
    SetupTest,
)
from kada_dagster_tests.cli.conftest import Result
from kada_dagster_tests.cli.fivetran_pipeline import KEY, SECRET, Pipeline, bodies, checked

SHORT = Outcome.success(0.2, load_mb=0.9)
PAGE = """
"Fivetran Connector Status":
  extends:
    - .agent_tag
  stage: "Check Status"
  image: $DATAOPS_FIVETRAN_RUNNER_IMAGE
  variables:
    FIVETRAN_ACTION: STATUS
    FIVETRAN_API_KEY: <your key here or in the DataOps Vault>
    FIVETRAN_API_SECRET: <your secret here or in the DataOps Vault>
    CONNECTOR_ID: <your connector id>
  script:
    - /dataops
  icon: ${FIVETRAN_ICON}
"Fivetran Connector Start":
  extends:
    - .agent_tag
  stage: "Start Connector"
  image: $DATAOPS_FIVETRAN_RUNNER_IMAGE
  variables:
    FIVETRAN_ACTION: START
    FIVETRAN_API_KEY: <your key here or in the DataOps Vault>
    FIVETRAN_API_SECRET: <your secret here or in the DataOps Vault>
    CONNECTOR_ID: <your connector id>
  script:
    - /dataops
  icon: ${FIVETRAN_ICON}
"Fivetran Connector Test":
  extends:
    - .agent_tag
  stage: "Test Connector"
  image: $DATAOPS_FIVETRAN_RUNNER_IMAGE
  variables:
    FIVETRAN_ACTION: TEST
    FIVETRAN_API_KEY: <your key here or in the DataOps Vault>
    FIVETRAN_API_SECRET: <your secret here or in the DataOps Vault>
    CONNECTOR_ID: <your connector id>
  script:
    - /dataops
  icon: ${FIVETRAN_ICON}
"Fivetran Connector Force Resync":
  extends:
    - .agent_tag
  stage: "Force Resync Table"
  image: $DATAOPS_FIVETRAN_RUNNER_IMAGE
  variables:
    FIVETRAN_ACTION: FORCE_RESYNC
    FIVETRAN_API_KEY: <your key here or in the DataOps Vault>
    FIVETRAN_API_SECRET: <your secret here or in the DataOps Vault>
    CONNECTOR_ID: <your connector id>
    TABLE: <table name>
    SCHEMA: <schema name>
  script:
    - /dataops
  icon: ${FIVETRAN_ICON}
"""
"""The four example jobs of the documentation, as they stand there."""


@pytest.fixture(scope="module")
def server() -> Iterator[FivetranSandbox]:
    world = FivetranWorld(RunningClock())
    world.add_group("Warehouse", id="warehouse")
    with FivetranSandbox(world, api_key=KEY, api_secret=SECRET, budgets=Budgets.none()) as server:
        yield server


@pytest.fixture
def pipeline(server: FivetranSandbox, tmp_path: Path) -> Pipeline:
    return Pipeline(server, tmp_path)


@pytest.fixture
def connection(server: FivetranSandbox, request: pytest.FixtureRequest) -> str:
    """A connection of the test's own, whose syncs are short."""
    name = f"c{len(server.world.list_connections())}"
    server.world.add_connection(id=name, schema=f"shop_{name}", usual=SHORT)
    return name


@pytest.fixture
def table(server: FivetranSandbox, connection: str) -> tuple[str, str]:
    """A table of it: its schema and its name."""
    config = server.world.schemas(connection)
    assert config is not None
    schema, found = next(iter(config["schemas"].items()))
    return schema, next(name for name, table in found["tables"].items() if table["enabled"])


def schedule(pipeline: Pipeline, connection: str) -> str:
    return pipeline.world.connection(connection)["schedule_type"]


def vault(folder: Path, text: str) -> dict[str, str]:
    (folder / "vault.yml").write_text(text)
    return {"KADA_VAULT_FILE": str(folder / "vault.yml")}


DEFAULT_VAULT = f"FIVETRAN:\n  DEFAULT:\n    API_KEY: {KEY}\n    API_SECRET: {SECRET}\n"
PROD_VAULT = f"INGESTION:\n  FIVETRAN:\n    PROD: {{API_KEY: {KEY}, API_SECRET: {SECRET}}}\n"
KEY_IN_VAULT = "DATAOPS_VAULT(INGESTION.FIVETRAN.PROD.API_KEY)"
NO_KEYS = {"FIVETRAN_API_KEY": None, "FIVETRAN_API_SECRET": None}


class Page:
    """Runs an example job of the page, its script included."""

    def __init__(self, pipeline: Pipeline, connection: str, table: tuple[str, str]) -> None:
        self.pipeline = pipeline
        self.filled = {
            "<your key here or in the DataOps Vault>": KEY,
            "<your secret here or in the DataOps Vault>": SECRET,
            "<your connector id>": connection,
            "<schema name>": table[0],
            "<table name>": table[1],
        }
        self.entry = pipeline.folder / "dataops"
        self.entry.write_text(f"#!/bin/sh\nexec {sys.executable} -m kada_dagster fivetran\n")
        self.entry.chmod(0o755)

    def __call__(self, name: str) -> Result:
        job = yaml.safe_load(PAGE)[name]
        variables = {key: self.filled.get(text, text) for key, text in job["variables"].items()}
        (script,) = job["script"]
        assert script == "/dataops"
        return self.pipeline.run([str(self.entry)], variables)


@pytest.fixture
def page(pipeline: Pipeline, connection: str, table: tuple[str, str]) -> Page:
    return Page(pipeline, connection, table)


def test_the_status_job_of_the_page_prints_json_and_changes_nothing(
    page: Page, pipeline: Pipeline, connection: str
) -> None:
    done = page("Fivetran Connector Status")
    assert done.code == 0
    assert done.json["id"] == connection
    assert done.json["schedule_type"] == "auto"
    assert "config" not in done.json
    assert done.err == ""
    assert schedule(pipeline, connection) == "auto"


def test_the_start_job_of_the_page_syncs_and_says_how_it_ended(
    page: Page, pipeline: Pipeline, connection: str
) -> None:
    done = page("Fivetran Connector Start")
    assert (done.code, done.out) == (0, "")
    assert f"final status of {connection}: succeeded" in done.err.splitlines()[-1]
    changes = bodies(pipeline.server, "PATCH", f"/{connection}$")
    assert changes == [{"schedule_type": "manual", "run_setup_tests": False}]
    assert pipeline.world.syncs(connection)[-1].status == "COMPLETED"
    assert pipeline.world.syncs(connection)[-1].started_by == "request"


def test_the_test_job_of_the_page_counts_the_tests(
    page: Page, pipeline: Pipeline, connection: str
) -> None:
    done = page("Fivetran Connector Test")
    assert (done.code, done.out) == (0, "")
    assert "setup tests: 2 passed, 0 failed, 1 skipped" in done.err
    assert schedule(pipeline, connection) == "auto"


def test_the_resync_job_of_the_page_resyncs_that_table_only(
    page: Page, pipeline: Pipeline, connection: str, table: tuple[str, str]
) -> None:
    done = page("Fivetran Connector Force Resync")
    assert (done.code, done.out) == (0, "")
    assert f"final status of {connection}: succeeded" in done.err.splitlines()[-1]
    sent = bodies(pipeline.server, "POST", f"/{connection}/.*resync")
    assert sent == [{table[0]: [table[1]]}]


def test_the_slip_of_the_page_is_warned_of_and_refused_by_the_api(
    pipeline: Pipeline, connection: str
) -> None:
    slip = {"FIVETRAN_API_KEY": KEY_IN_VAULT, "FIVETRAN_API_SECRET": KEY_IN_VAULT}
    done = pipeline.job("START", connection, **slip, **vault(pipeline.folder, PROD_VAULT))
    assert (done.code, done.out) == (4, "")
    assert "warning: FIVETRAN_API_KEY and FIVETRAN_API_SECRET, both INGESTION" in done.err
    assert "401" in done.err
    assert "final status" in done.err
    assert schedule(pipeline, connection) == "auto"


@pytest.mark.parametrize(
    "text",
    [
        DEFAULT_VAULT,
        DEFAULT_VAULT.replace("API_SECRET", "SECRET"),
        json.dumps({"FIVETRAN": {"DEFAULT": {"API_KEY": KEY, "API_SECRET": SECRET}}}),
    ],
    ids=["as the text says", "as the table says", "json"],
)
def test_the_keys_are_at_the_default_paths_of_the_vault(
    pipeline: Pipeline, connection: str, text: str
) -> None:
    given = {**NO_KEYS, "SET_FIVETRAN_KEYS_TO_ENV": "0", **vault(pipeline.folder, text)}
    done = pipeline.job(" status ", connection, **given)
    assert (done.code, done.err) == (0, "")
    assert done.json["id"] == connection


def test_any_variable_may_come_from_the_vault(pipeline: Pipeline, connection: str) -> None:
    text = f"{PROD_VAULT}JOB: {{ID: {connection}, ACTION: status}}\n"
    given = {
        "FIVETRAN_API_KEY": KEY_IN_VAULT,
        "FIVETRAN_API_SECRET": KEY_IN_VAULT.replace("API_KEY", "API_SECRET"),
        **vault(pipeline.folder, text),
    }
    done = pipeline.job("DATAOPS_VAULT(JOB.ACTION)", "DATAOPS_VAULT(JOB.ID)", **given)
    assert (done.code, done.err) == (0, "")
    assert done.json["id"] == connection


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"FIVETRAN_ACTION": None}, "FIVETRAN_ACTION: must be STATUS, START, TEST or FORCE_RESYNC"),
        ({"FIVETRAN_ACTION": "FORCE_RESYNC"}, "2 errors in the variables of the job"),
        ({"FIVETRAN_API_KEY": "DATAOPS_VAULT(A.B)"}, "A.B: not there"),
        ({"FIVETRAN_BASE_URL": "http://api.fivetran.com/v1"}, "must be an https address"),
    ],
)
def test_bad_variables_end_with_2_before_anything_is_sent(
    pipeline: Pipeline, variables: dict[str, str | None], says: str
) -> None:
    pipeline.server.forget()
    given = {**vault(pipeline.folder, PROD_VAULT), "FIVETRAN_ACTION": "START", **variables}
    given = {"CONNECTOR_ID": "nobody", **given}
    done = pipeline.run(pipeline.command("fivetran"), given)
    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert "Traceback" not in done.err
    assert pipeline.server.requests == []


def test_a_failed_sync_ends_with_1_and_its_reason(pipeline: Pipeline, connection: str) -> None:
    pipeline.world.script(connection, Outcome.failure("no space left on device", 0.2))
    done = pipeline.job("START", connection)
    assert (done.code, done.out) == (1, "")
    assert f"final status of {connection}: failed" in done.err
    assert done.err.splitlines()[-1].startswith("error: ")
    assert "failed" in done.err.splitlines()[-1]


def test_a_failed_setup_test_ends_with_1_and_is_told_with_its_message(
    pipeline: Pipeline, connection: str
) -> None:
    evil = "Access denied\nfor \x1b[31muser\x1b[0m"
    tests = [
        SetupTest("Connecting to host", "FAILED", evil),
        SetupTest("Reading the log", "JOB_FAILED", "timed out"),
        SetupTest("Checking permissions"),
        SetupTest("Validating certificate", "WARNING", "expires soon"),
    ]
    pipeline.world.script_tests(connection, tests)
    done = pipeline.job("TEST", connection)
    assert (done.code, done.out) == (1, "")
    assert "setup tests: 1 passed, 2 failed, 1 warning\n" in done.err
    assert "failed: Connecting to host: Access denied for \N{REPLACEMENT CHARACTER}[31m" in done.err
    assert "failed: Reading the log: timed out" in done.err
    assert "warning: Validating certificate: expires soon" in done.err


def test_a_sync_that_takes_too_long_ends_with_3_and_goes_on(
    pipeline: Pipeline, connection: str
) -> None:
    pipeline.world.script(connection, Outcome.success(600))
    done = pipeline.job("START", connection, FIVETRAN_TIMEOUT="0.5")
    assert (done.code, done.out) == (3, "")
    assert f"final status of {connection}: timed out" in done.err
    assert pipeline.world.connection(connection)["status"]["sync_state"] == "syncing"
    pipeline.world.pause(connection)


def test_a_connection_that_is_not_there_ends_with_4(pipeline: Pipeline) -> None:
    for action in ("STATUS", "START"):
        done = pipeline.job(action, "nobody")
        assert (done.code, done.out) == (4, "")
        assert "nobody" in done.err.splitlines()[-1]
        assert "404" in done.err


def test_an_api_that_cannot_be_reached_ends_with_4(pipeline: Pipeline) -> None:
    given = {"FIVETRAN_BASE_URL": "http://127.0.0.1:9/v1", "FIVETRAN_TIMEOUT": "0.2"}
    done = pipeline.job("START", "nobody", **given)
    assert (done.code, done.out) == (4, "")
    assert "final status of nobody: unknown" in done.err


@pytest.mark.parametrize("reason", ["terminate", "interrupt"])
def test_a_cancelled_job_ends_with_130_and_stops_the_sync_if_it_is_to(
    pipeline: Pipeline, connection: str, reason: str
) -> None:
    pipeline.world.script(connection, Outcome.success(600))
    named = {"FIVETRAN_ACTION": "START", "CONNECTOR_ID": connection}
    process = pipeline.start({**named, "KADA_FIVETRAN_ON_TIMEOUT": "stop"})
    until_syncing(pipeline, connection, process)
    process.send_signal(signal.SIGTERM if reason == "terminate" else signal.SIGINT)
    out, err = process.communicate(timeout=60)
    done = checked(Result(process.returncode, out, err))
    assert (done.code, done.out) == (130, "")
    assert "interrupted" in done.err
    assert "Traceback" not in done.err
    now = pipeline.world.connection(connection)
    assert now["status"]["sync_state"] != "syncing"
    assert now["paused"] is False
    assert pipeline.world.syncs(connection)[-1].status == "PAUSED"


def test_without_that_policy_a_cancelled_job_leaves_the_sync_alone(
    pipeline: Pipeline, connection: str
) -> None:
    pipeline.world.script(connection, Outcome.success(600))
    named = {"FIVETRAN_ACTION": "START", "CONNECTOR_ID": connection}
    process = pipeline.start(named)
    until_syncing(pipeline, connection, process)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "the sync is left as it is" in err
    assert err.endswith(f"final status of {connection}: interrupted\n")
    assert pipeline.world.connection(connection)["status"]["sync_state"] == "syncing"
    pipeline.world.pause(connection)


def until_syncing(pipeline: Pipeline, connection: str, process: subprocess.Popen[str]) -> None:
    """Wait until the command asked for the sync and looked at it once."""
    while process.poll() is None:
        calls = pipeline.server.calls("", f"/{connection}")
        posts = [place for place, call in enumerate(calls) if call.path.endswith("/sync")]
        if posts and len(calls) > posts[0] + 1:
            return
        time.sleep(0.02)
    raise AssertionError(process.communicate())


def test_any_value_leaves_the_schedule_as_it_is(pipeline: Pipeline, connection: str) -> None:
    assert pipeline.job("START", connection, FIVETRAN_DONT_DISABLE_SYNC="0").code == 0
    assert schedule(pipeline, connection) == "auto"
    assert pipeline.server.calls("PATCH", f"/{connection}($|/)") == []


def test_strict_compatibility_sets_the_schedule_for_every_action(
    pipeline: Pipeline, connection: str
) -> None:
    kept = {"KADA_FIVETRAN_STRICT_COMPAT": "1", "FIVETRAN_DONT_DISABLE_SYNC": "1"}
    assert pipeline.job("STATUS", connection, **kept).json["schedule_type"] == "auto"
    done = pipeline.job("STATUS", connection, KADA_FIVETRAN_STRICT_COMPAT="1")
    assert (done.code, done.json["schedule_type"]) == (0, "manual")
    assert "schedule set to manual" in done.err
    pipeline.world.set_schedule(connection, "auto")
    assert pipeline.job("TEST", connection, "--strict-compat").code == 0
    assert schedule(pipeline, connection) == "manual"
    assert len(pipeline.server.calls("PATCH", f"/{connection}($|/)")) == 2


def test_the_policy_for_a_paused_connection_is_a_variable(
    pipeline: Pipeline, connection: str
) -> None:
    pipeline.world.pause(connection)
    failed = pipeline.job("START", connection)
    assert (failed.code, "final status of " in failed.err, ": paused" in failed.err) == (
        1,
        True,
        True,
    )
    skipped = pipeline.job("START", connection, KADA_FIVETRAN_ON_PAUSED="skip")
    assert (skipped.code, "skipped" in skipped.err) == (0, True)


def test_the_outcome_is_json_where_it_is_asked_for(pipeline: Pipeline, connection: str) -> None:
    done = pipeline.job("START", connection, "--json")
    assert done.code == 0
    assert done.json["connection_id"] == connection
    assert done.json["status"] == "succeeded"
    assert done.json["error"] is None
    last = pipeline.world.syncs(connection)[-1]
    assert done.json["sync_id"] == last.sync_id
    assert done.json["load_mb"] == 0.9
    assert done.json["succeeded_at"].endswith("Z")
    failed = pipeline.job("START", "nobody", "--json")
    assert failed.code == 4
    assert failed.json["connection_id"] == "nobody"
    assert "404" in failed.json["error"]
    tested = pipeline.job("TEST", connection, "--json").json
    assert tested["ok"] is True
    assert tested["passed"][0]["title"] == "Connecting to host"


def test_tables_are_a_list_and_each_must_be_there(
    pipeline: Pipeline, connection: str, table: tuple[str, str]
) -> None:
    schema, name = table
    done = pipeline.job("FORCE_RESYNC", connection, SCHEMA=schema, TABLE=f"{name},no_such_table")
    assert (done.code, done.out) == (2, "")
    assert "no_such_table" in done.err
    assert pipeline.server.calls("POST", f"/{connection}($|/)") == []


def test_a_debug_traceback_shows_no_secret(pipeline: Pipeline) -> None:
    named = {"FIVETRAN_ACTION": "STATUS", "CONNECTOR_ID": "nobody"}
    done = pipeline.run(pipeline.command("--debug", "fivetran"), named)
    assert done.code == 4
    assert done.err.count("Traceback") >= 1


def test_the_command_imports_neither_dagster_nor_what_it_does_not_need(
    pipeline: Pipeline, connection: str
) -> None:
    script = (
        "import sys; from kada_dagster.cli import main; code = main(['fivetran']); "
        "print(*sorted(sys.modules), file=sys.stderr); sys.exit(code)"
    )
    named = {"FIVETRAN_ACTION": "STATUS", "CONNECTOR_ID": connection}
    done = pipeline.run([sys.executable, "-c", script], named)
    assert done.code == 0
    modules = {name.partition(".")[0] for name in done.err.split()}
    assert "requests" in modules
    assert not modules & {"dagster", "pydantic", "rich", "yaml", "sqlglot", "boto3", "psycopg2"}


def test_options_before_a_command_are_not_taken(pipeline: Pipeline) -> None:
    done = pipeline("--json", "start", "x")
    assert (done.code, done.out) == (2, "")
    assert "options go behind the command" in done.err
