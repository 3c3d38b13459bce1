"""`kada fivetran COMMAND`: options, an account of kada.yaml, and what may not be left unsaid."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kada_dagster.cli import main
from kada_dagster.sandbox.fivetran import (
    Budgets,
    FivetranSandbox,
    FivetranWorld,
    Outcome,
    RunningClock,
)
from kada_dagster_tests.cli.fivetran_pipeline import (
    HIDDEN,
    KEY,
    PREFIXES,
    SECRET,
    Pipeline,
    bodies,
)

SHORT = Outcome.success(0.2)


@pytest.fixture(scope="module")
def server() -> Iterator[FivetranSandbox]:
    world = FivetranWorld(RunningClock())
    world.add_group("Warehouse", id="warehouse")
    with FivetranSandbox(world, api_key=KEY, api_secret=SECRET, budgets=Budgets.none()) as server:
        yield server


@pytest.fixture
def pipeline(server: FivetranSandbox, tmp_path: Path) -> Pipeline:
    """The command beside a kada.yaml with two accounts; `fast` needs no variable of Fivetran's."""
    (tmp_path / "kada.yaml").write_text(
        f"""
fivetran:
  - name: fast
    api_key: ${{TEAM_KEY}}
    api_secret: ${{TEAM_SECRET}}
    base_url: {server.base_url}
    start: {{timeout: 120, manual: false, on_paused: unpause}}
  - name: other
    api_key: ${{TEAM_KEY}}
    api_secret: ${{TEAM_KEY}}
    base_url: {server.base_url}
"""
    )
    return Pipeline(server, tmp_path)


@pytest.fixture
def connection(server: FivetranSandbox) -> str:
    """A connection of the test's own, whose syncs are short."""
    name = f"c{len(server.world.list_connections())}"
    server.world.add_connection(id=name, schema=f"shop_{name}", usual=SHORT)
    return name


@pytest.fixture
def tables(server: FivetranSandbox, connection: str) -> list[str]:
    """Its tables that are synced, as `schema.table`."""
    config = server.world.schemas(connection)
    assert config is not None
    return [
        f"{schema}.{table}"
        for schema, found in config["schemas"].items()
        for table, settings in found["tables"].items()
        if settings["enabled"] and "." not in schema + table
    ]


TEAM = {
    "TEAM_KEY": KEY,
    "TEAM_SECRET": SECRET,
    "FIVETRAN_API_KEY": None,
    "FIVETRAN_API_SECRET": None,
    "FIVETRAN_BASE_URL": None,
}


class Called:
    """The command in this process: what it printed, and how it ended."""

    def __init__(
        self, pipeline: Pipeline, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.pipeline, self.patch, self.capsys = pipeline, patch, capsys
        patch.chdir(pipeline.folder)

    def __call__(self, *arguments: str, **variables: str | None) -> tuple[int, str, str]:
        with self.patch.context() as patch:
            for name, value in self.pipeline.environment(variables).items():
                if name.startswith((*PREFIXES, "TEAM")):
                    patch.setenv(name, value)
            code = main(["fivetran", *arguments])
        said = self.capsys.readouterr()
        assert not [hidden for hidden in HIDDEN if hidden in said.out + said.err]
        return code, said.out, said.err


@pytest.fixture
def called(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Called:
    return Called(pipeline, monkeypatch, capsys)


def posted(pipeline: Pipeline, connection: str, path: str) -> list[Any]:
    return bodies(pipeline.server, "POST", f"/{connection}/{path}")


def test_status_as_a_process_takes_key_and_secret_from_variables(
    pipeline: Pipeline, connection: str
) -> None:
    done = pipeline("status", connection)
    assert (done.code, done.err) == (0, "")
    assert done.json["id"] == connection


def test_start_as_a_process_takes_an_account_of_kada_yaml(
    pipeline: Pipeline, connection: str
) -> None:
    done = pipeline("start", connection, "--name", "fast", "--json", **TEAM)
    assert done.code == 0
    assert done.json["status"] == "succeeded"
    assert pipeline.world.connection(connection)["schedule_type"] == "auto"


def test_what_kada_yaml_says_of_syncs_holds_unless_an_option_says_otherwise(
    called: Called, connection: str
) -> None:
    world = called.pipeline.world
    world.pause(connection)
    assert called("start", connection, "-n", "fast", "--on-paused", "fail", **TEAM)[0] == 1
    assert called("start", connection, "-n", "fast", **TEAM)[0] == 0
    assert world.connection(connection)["paused"] is False


def test_an_account_that_is_not_in_kada_yaml_is_refused_with_those_that_are(
    called: Called, connection: str
) -> None:
    code, out, err = called("status", connection, "--name", "fats", **TEAM)
    assert (code, out) == (2, "")
    assert "no Fivetran account named 'fats'; did you mean 'fast'?; there are: fast, other" in err
    code, _, err = called("status", connection, "--config", "kada.yaml", **TEAM)
    assert code == 2
    assert "give the name of an account with --name; there are: fast, other" in err


def test_without_an_account_and_without_variables_nothing_is_guessed(
    called: Called, connection: str
) -> None:
    code, _, err = called("status", connection, **TEAM)
    assert code == 2
    assert "FIVETRAN_API_KEY: is required" in err


def test_the_vault_and_the_address_may_be_options(
    called: Called, connection: str, tmp_path: Path
) -> None:
    (tmp_path / "v.yml").write_text(f"FIVETRAN: {{DEFAULT: {{API_KEY: {KEY}, SECRET: {SECRET}}}}}")
    variables = {**TEAM, "SET_FIVETRAN_KEYS_TO_ENV": "1"}
    url = called.pipeline.server.base_url
    arguments = ("status", connection, "--vault", "v.yml", "--base-url", url)
    code, out, _ = called(*arguments, **variables)
    assert (code, json.loads(out)["id"]) == (0, connection)
    code, _, err = called("status", connection, "--base-url", "http://example.org/v1")
    assert (code, "--base-url: must be an https address" in err) == (2, True)
    code, _, err = called("status", connection, "--vault", "v.yml", "--name", "fast", **TEAM)
    assert (code, "--vault is for credentials from variables" in err) == (2, True)


def test_the_variables_of_a_job_do_not_say_what_a_command_does(
    called: Called, connection: str
) -> None:
    job = {"FIVETRAN_ACTION": "START", "CONNECTOR_ID": "nobody", "FIVETRAN_TIMEOUT": "x"}
    code, out, _ = called("status", connection, **job)
    assert (code, json.loads(out)["id"]) == (0, connection)
    code, _, _ = called("start", connection, FIVETRAN_TIMEOUT="x", FIVETRAN_DONT_DISABLE_SYNC="1")
    assert code == 0
    assert called.pipeline.world.connection(connection)["schedule_type"] == "manual"


def test_the_schedule_is_kept_or_put_back_as_asked(called: Called, connection: str) -> None:
    world = called.pipeline.world
    assert called("start", connection, "--keep-schedule")[0] == 0
    assert called.pipeline.server.calls("PATCH", f"/{connection}($|/)") == []
    assert called("start", connection, "--restore-schedule")[0] == 0
    assert world.connection(connection)["schedule_type"] == "auto"
    assert len(called.pipeline.server.calls("PATCH", f"/{connection}($|/)")) == 2


def test_a_sync_that_runs_already_is_dealt_with_as_asked(called: Called, connection: str) -> None:
    world = called.pipeline.world
    world.script(connection, Outcome.success(600))
    world.start_sync(connection)
    code, _, err = called("start", connection, "--on-running", "fail")
    assert (code, ": not started, one runs already" in err) == (1, True)
    assert posted(called.pipeline, connection, "sync") == []
    assert called("start", connection, "--on-running", "force")[0] == 0
    assert posted(called.pipeline, connection, "sync") == [{"force": True}]


def test_a_timeout_is_an_option_and_the_sync_is_stopped_if_it_is_to(
    called: Called, connection: str
) -> None:
    world = called.pipeline.world
    world.script(connection, Outcome.success(600))
    code, _, err = called("start", connection, "--timeout", "0.3", "--on-timeout", "stop")
    assert (code, "timed out" in err) == (3, True)
    assert world.syncs(connection)[-1].status == "PAUSED"
    assert world.connection(connection)["paused"] is False


def test_a_rescheduled_sync_ends_as_asked(called: Called, connection: str) -> None:
    called.pipeline.world.script(connection, Outcome.reschedule(600, 0.1))
    code, _, err = called("start", connection, "--on-reschedule", "fail")
    assert (code, f"final status of {connection}: rescheduled" in err) == (3, True)


def test_a_broken_connection_fails_at_once_where_it_is_to(called: Called, connection: str) -> None:
    called.pipeline.world.break_connection(connection)
    assert called("start", connection, "--on-broken", "fail")[0] == 1
    assert called.pipeline.server.calls("POST", f"/{connection}($|/)") == []


def test_tables_are_resynced_whichever_way_they_are_named(
    called: Called, connection: str, tables: list[str]
) -> None:
    one, two = tables[:2]
    assert called("resync", connection, "--table", one, "--table", two, "--table", one)[0] == 0
    schema, table = one.split(".")
    assert called("resync", connection, "--schema", schema, "--table", table)[0] == 0
    first, second = posted(called.pipeline, connection, ".*resync")
    assert first == {schema: [one.split(".")[1], two.split(".")[1]]}
    assert second == {schema: [table]}


def test_everything_is_resynced_in_so_many_words_only(called: Called, connection: str) -> None:
    code, out, err = called("resync", connection, "--everything", "--json")
    assert code == 0, err
    assert json.loads(out)["status"] == "succeeded"
    assert len(posted(called.pipeline, connection, "resync")) == 1
    assert called.pipeline.world.syncs(connection)[-1].started_by == "resync"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "say what to re-sync: --table SCHEMA.TABLE, or --everything"),
        (["--schema", "public"], "say what to re-sync"),
        (["--everything", "--table", "a.b"], "--everything stands alone"),
        (["--everything", "--schema", "a"], "--everything stands alone"),
        (["--table", "orders"], "write SCHEMA.TABLE, or give --schema"),
        (["--table", "a.b.c"], "which dot ends the schema?"),
        (["--table", ".b"], "names of a schema and a table are needed"),
        (["--table", "a."], "names of a schema and a table are needed"),
        (["--table", "a", "--schema", " "], "names of a schema and a table are needed"),
        (["--timeout", "0", "--everything"], "must be a number of seconds above 0"),
        (["--on-running", "wait", "--everything"], "--on-running"),
    ],
)
def test_half_said_resyncs_are_refused_before_anything_is_sent(
    called: Called, connection: str, arguments: list[str], says: str
) -> None:
    called.pipeline.server.forget()
    code, out, err = called("resync", connection, *arguments)
    assert (code, out) == (2, "")
    assert says in err
    assert called.pipeline.server.requests == []


@pytest.mark.parametrize("connection_id", ["", "  ", "a/b"])
def test_an_id_that_cannot_be_one_is_refused(called: Called, connection_id: str) -> None:
    code, _, err = called("status", connection_id)
    assert (code, err.startswith("error: CONNECTION: ")) == (2, True)


def test_a_snapshot_is_written_where_kada_yaml_says(
    called: Called, connection: str, tmp_path: Path
) -> None:
    code, out, err = called("snapshot", "--name", "fast", "--json", **TEAM)
    assert code == 0
    report = json.loads(out)
    assert Path(report["path"]) == tmp_path / "fast_snapshot.json"
    assert connection in Path(report["path"]).read_text()
    assert f"{report['connections']} connections, {report['tables']} tables in" in err
    code, out, _ = called("snapshot", "--name", "other", **TEAM)
    assert (code, out) == (4, "")


def test_help_names_the_variables_and_the_exit_codes(called: Called) -> None:
    code, out, _ = called("--help")
    assert code == 0
    for name in ("FIVETRAN_ACTION", "CONNECTOR_ID", "FIVETRAN_DONT_DISABLE_SYNC", "Exit codes"):
        assert name in out
    for command in ("status", "start", "test", "resync", "snapshot"):
        assert called(command, "--help")[0] == 0
