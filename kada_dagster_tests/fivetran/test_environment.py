"""What the variables of a job ask for: every form of the page, and every way to get one wrong."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.errors import ConfigError
from kada_dagster.fivetran.environment import (
    ACTIONS,
    CHOICES,
    PipelineJob,
    connection_id,
    pipeline_job,
    seconds,
)
from kada_dagster.fivetran.options import StartOptions
from kada_dagster.fivetran.variables import Variables, checked_url
from kada_dagster.fivetran.vault import DEFAULT_VAULT

KEY, SECRET = "pl4nted-key", "pl4nted-secret"
VAULT = f"""
FIVETRAN:
  DEFAULT: {{API_KEY: "{KEY}", API_SECRET: "{SECRET}"}}
INGESTION:
  FIVETRAN:
    PROD: {{API_KEY: "{KEY}", API_SECRET: "{SECRET}", CONNECTOR: splint_shopkeepers, TIMEOUT: 900}}
    ODD: {{TIMEOUT: pl4nted-text, ACTION: pl4nted-text, SLASH: pl4nted/text, EMPTY: ""}}
"""
GIVEN = {
    "FIVETRAN_ACTION": "START",
    "CONNECTOR_ID": "splint_shopkeepers",
    "FIVETRAN_API_KEY": KEY,
    "FIVETRAN_API_SECRET": SECRET,
}
PROD = "DATAOPS_VAULT(INGESTION.FIVETRAN.PROD.{})"
ODD = "DATAOPS_VAULT(INGESTION.FIVETRAN.ODD.{})"


@pytest.fixture(autouse=True)
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment with nothing but a vault in it."""
    for name in os.environ:
        if name.startswith(("FIVETRAN", "KADA", "CONNECT", "SET_FIVETRAN", "TABLE", "SCHEMA")):
            monkeypatch.delenv(name)
    file = tmp_path / "vault.yml"
    file.write_text(VAULT)
    monkeypatch.setenv("KADA_VAULT_FILE", str(file))
    return file


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Job:
    return Job(monkeypatch)


class Job:
    """Reads a good job with some variables set otherwise; None takes one away."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch

    def __call__(self, **variables: str | None) -> PipelineJob:
        for name, value in {**GIVEN, **variables}.items():
            if value is None:
                self.patch.delenv(name, raising=False)
            else:
                self.patch.setenv(name, value)
        return pipeline_job()

    def refusal(self, **variables: str | None) -> str:
        with pytest.raises(ConfigError) as caught:
            self(**variables)
        assert "pl4nted" not in "".join(traceback.format_exception(caught.value))
        return str(caught.value)


def revealed(found: PipelineJob) -> tuple[str, str]:
    return found.credentials.key.reveal(), found.credentials.secret.reveal()


def test_the_least_that_a_job_needs(job: Job) -> None:
    found = job()
    assert (found.action, found.connection_id) == ("START", "splint_shopkeepers")
    assert revealed(found) == (KEY, SECRET)
    assert found.credentials.key.is_reference
    assert (found.timeout, found.keep_schedule, found.strict_compat) == (300, False, False)
    assert (found.schema, found.tables, dict(found.policies)) == ("", (), {})
    assert found.base_url is None
    assert found.credentials.warnings == ()
    assert "pl4nted" not in repr(found)


@pytest.mark.parametrize("action", ["STATUS", "START", "TEST"])
@pytest.mark.parametrize("form", ["{}", " {} ", "\t{}\n"])
def test_an_action_is_trimmed_and_its_case_does_not_matter(
    job: Job, action: str, form: str
) -> None:
    for spelt in (action, action.lower(), action.title()):
        assert job(FIVETRAN_ACTION=form.format(spelt)).action == action


@pytest.mark.parametrize("action", [None, "", " ", "RUN", "FORCE RESYNC", "START;", "0"])
def test_any_other_action_is_refused_with_the_four_there_are(job: Job, action: str | None) -> None:
    message = job.refusal(FIVETRAN_ACTION=action)
    assert message.startswith("FIVETRAN_ACTION")
    assert "must be STATUS, START, TEST or FORCE_RESYNC" in message


def test_an_action_with_a_slip_is_answered_with_the_one_that_is_meant(job: Job) -> None:
    assert "did you mean 'FORCE_RESYNC'?" in job.refusal(FIVETRAN_ACTION="force-resync")


def test_the_id_of_the_connection_has_two_names(job: Job) -> None:
    assert job(CONNECTOR_ID=" one ").connection_id == "one"
    assert job(CONNECTOR_ID=None, CONNECTION_ID="two").connection_id == "two"
    assert job(CONNECTOR_ID="", CONNECTION_ID="two").connection_id == "two"
    assert job(CONNECTOR_ID="two", CONNECTION_ID="two").connection_id == "two"
    assert "differ" in job.refusal(CONNECTOR_ID="one", CONNECTION_ID="two")


@pytest.mark.parametrize("text", [None, "", "  ", "a/b", "/", "connectors/abc"])
def test_an_id_that_cannot_be_one_is_refused(job: Job, text: str | None) -> None:
    assert job.refusal(CONNECTOR_ID=text).startswith("CONNECTOR_ID: ")
    with pytest.raises(ConfigError, match=r"^CONNECTION: "):
        connection_id(text or "", "CONNECTION")


def test_a_slash_in_the_second_name_names_the_second_name(job: Job) -> None:
    assert job.refusal(CONNECTOR_ID=None, CONNECTION_ID="a/b").startswith("CONNECTION_ID: ")


@pytest.mark.parametrize("value", ["1", "true", "0", "false", "no", " "])
def test_any_value_takes_the_keys_from_the_default_paths(job: Job, value: str) -> None:
    found = job(SET_FIVETRAN_KEYS_TO_ENV=value, FIVETRAN_API_KEY=None, FIVETRAN_API_SECRET=None)
    assert revealed(found) == (KEY, SECRET)
    assert str(found.credentials.key).startswith("FIVETRAN.DEFAULT.API_KEY in the vault ")
    assert found.credentials.warnings == ()


def test_without_a_value_the_keys_are_not_taken_from_there(job: Job) -> None:
    found = job(SET_FIVETRAN_KEYS_TO_ENV="", FIVETRAN_API_KEY="a", FIVETRAN_API_SECRET="b")
    assert revealed(found) == ("a", "b")


def test_the_secret_may_be_where_the_table_of_the_page_says(job: Job, vault: Path) -> None:
    vault.write_text(f"FIVETRAN: {{DEFAULT: {{API_KEY: k, SECRET: {SECRET}}}}}")
    assert revealed(job(SET_FIVETRAN_KEYS_TO_ENV="1")) == ("k", SECRET)
    vault.write_text(f"FIVETRAN: {{DEFAULT: {{API_KEY: k, API_SECRET: first, SECRET: {SECRET}}}}}")
    assert revealed(job(SET_FIVETRAN_KEYS_TO_ENV="1")) == ("k", "first")


def test_a_vault_without_the_default_paths_names_them(job: Job, vault: Path) -> None:
    vault.write_text("FIVETRAN: {DEFAULT: {API_KEY: pl4nted}}")
    message = job.refusal(SET_FIVETRAN_KEYS_TO_ENV="1")
    assert message.startswith("SET_FIVETRAN_KEYS_TO_ENV: ")
    assert "FIVETRAN.DEFAULT.API_SECRET: not there" in message
    vault.write_text("{}")
    assert "FIVETRAN.DEFAULT.API_KEY: not there" in job.refusal(SET_FIVETRAN_KEYS_TO_ENV="1")


def test_keys_that_are_given_but_not_used_are_said(job: Job) -> None:
    found = job(SET_FIVETRAN_KEYS_TO_ENV="1", FIVETRAN_API_SECRET=None)
    assert found.credentials.warnings == (
        "FIVETRAN_API_KEY is not used, because SET_FIVETRAN_KEYS_TO_ENV is set",
    )


@pytest.mark.parametrize("name", ["FIVETRAN_API_KEY", "FIVETRAN_API_SECRET"])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_key_is_an_error_that_names_both_ways(
    job: Job, name: str, value: str | None
) -> None:
    message = job.refusal(**{name: value})
    assert message.startswith(f"{name}: is required")
    assert "SET_FIVETRAN_KEYS_TO_ENV" in message


def test_white_space_around_a_key_is_not_part_of_it(job: Job) -> None:
    assert revealed(job(FIVETRAN_API_KEY=f" {KEY}\n")) == (KEY, SECRET)


def test_keys_may_refer_to_any_path_of_the_vault(job: Job) -> None:
    found = job(
        FIVETRAN_API_KEY=PROD.format("API_KEY"), FIVETRAN_API_SECRET=PROD.format("API_SECRET")
    )
    assert revealed(found) == (KEY, SECRET)
    assert found.credentials.warnings == ()


def test_the_slip_in_the_example_of_the_page_is_a_warning(job: Job) -> None:
    found = job(FIVETRAN_API_KEY=PROD.format("API_KEY"), FIVETRAN_API_SECRET=PROD.format("API_KEY"))
    (warning,) = found.credentials.warnings
    assert "both INGESTION.FIVETRAN.PROD.API_KEY in the vault" in warning
    assert "are the same text" in warning
    assert KEY not in warning


def test_a_secret_that_equals_its_key_is_a_warning_wherever_it_comes_from(job: Job) -> None:
    (warning,) = job(FIVETRAN_API_SECRET=KEY).credentials.warnings
    assert warning.startswith("FIVETRAN_API_KEY and FIVETRAN_API_SECRET are the same text")
    assert KEY not in warning


def test_every_variable_may_refer_to_the_vault(job: Job) -> None:
    assert job(CONNECTOR_ID=PROD.format("CONNECTOR")).connection_id == "splint_shopkeepers"
    assert job(FIVETRAN_TIMEOUT=PROD.format("TIMEOUT")).timeout == 900


def test_also_the_action_the_table_and_the_policies(job: Job, vault: Path) -> None:
    vault.write_text("A: force_resync\nS: public\nT: 'a,b'\nP: queue\n")
    found = job(
        FIVETRAN_ACTION="DATAOPS_VAULT(A)",
        SCHEMA="DATAOPS_VAULT(S)",
        TABLE="DATAOPS_VAULT(T)",
        KADA_FIVETRAN_ON_RUNNING="DATAOPS_VAULT(P)",
    )
    assert (found.action, found.schema, found.tables) == ("FORCE_RESYNC", "public", ("a", "b"))
    assert found.policies == {"on_running": "queue"}


@pytest.mark.parametrize(
    ("name", "key"),
    [("FIVETRAN_TIMEOUT", "TIMEOUT"), ("FIVETRAN_ACTION", "ACTION"), ("CONNECTOR_ID", "SLASH")],
)
def test_a_wrong_value_from_the_vault_is_named_and_not_shown(job: Job, name: str, key: str) -> None:
    assert job.refusal(**{name: ODD.format(key)}).startswith(f"{name}: ")


@pytest.mark.parametrize("name", [*GIVEN, "FIVETRAN_TIMEOUT"])
@pytest.mark.parametrize("key", ["NO", "EMPTY"])
def test_a_path_the_vault_does_not_have_is_named_with_its_variable(
    job: Job, name: str, key: str
) -> None:
    message = job.refusal(**{name: ODD.format(key)})
    assert message.startswith(f"{name}: ")
    assert f"INGESTION.FIVETRAN.ODD.{key}" in message
    assert message.count("\n") == 0


@pytest.mark.parametrize("name", [*GIVEN, "FIVETRAN_TIMEOUT", "KADA_FIVETRAN_ON_PAUSED"])
def test_a_reference_is_the_whole_value_of_a_variable(job: Job, name: str) -> None:
    message = job.refusal(**{name: "pl4nted-DATAOPS_VAULT(A.B)"})
    assert message.startswith(f"{name}: a vault reference must be the whole value")


def test_the_vault_is_where_the_variable_says_else_where_dataops_has_it(
    job: Job, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KADA_VAULT_FILE", str(tmp_path / "no.yml"))
    message = job.refusal(SET_FIVETRAN_KEYS_TO_ENV="1")
    assert f"{tmp_path / 'no.yml'}: there is no such file" in message
    for value in ("", " "):
        monkeypatch.setenv("KADA_VAULT_FILE", value)
        assert Variables().vault == DEFAULT_VAULT == Path("/secrets/vault.yml")
    monkeypatch.setenv("KADA_VAULT_FILE", "~/vault.yml")
    assert Variables().vault == Path.home() / "vault.yml"
    assert Variables(tmp_path).vault == tmp_path


def test_a_job_without_references_needs_no_vault(job: Job) -> None:
    assert job(KADA_VAULT_FILE="/nowhere/vault.yml").action == "START"


RESYNC = {"FIVETRAN_ACTION": "FORCE_RESYNC", "SCHEMA": "public", "TABLE": "orders"}


def test_a_resync_needs_schema_and_table(job: Job) -> None:
    found = job(**RESYNC)
    assert (found.schema, found.tables) == ("public", ("orders",))
    assert job.refusal(**{**RESYNC, "SCHEMA": None}).startswith("SCHEMA: is required")
    for nothing in (None, "", " , ,"):
        message = job.refusal(**{**RESYNC, "TABLE": nothing})
        assert message.startswith("TABLE: ")
        assert "--everything" in message


def test_tables_are_a_list_with_commas(job: Job) -> None:
    assert job(**{**RESYNC, "TABLE": " a , b c,,a , d.e"}).tables == ("a", "b c", "d.e")


def test_other_actions_do_not_look_at_schema_and_table(job: Job) -> None:
    for action in set(ACTIONS) - {"FORCE_RESYNC"}:
        found = job(FIVETRAN_ACTION=action, SCHEMA="DATAOPS_VAULT(NO)", TABLE="x")
        assert (found.schema, found.tables) == ("", ())


def test_the_options_of_a_sync_are_what_the_variables_say(job: Job) -> None:
    assert job().options == StartOptions()
    found = job(
        FIVETRAN_TIMEOUT="5",
        FIVETRAN_DONT_DISABLE_SYNC="0",
        KADA_FIVETRAN_RESTORE_SCHEDULE="1",
        KADA_FIVETRAN_ON_RUNNING="queue",
        KADA_FIVETRAN_ON_TIMEOUT="stop",
    )
    assert found.options == StartOptions(
        timeout=5, manual=False, restore_schedule=True, on_running="queue", on_timeout="stop"
    )


@pytest.mark.parametrize("value", ["1", "0", "false", "no", " "])
def test_any_value_leaves_the_schedule_alone(job: Job, value: str) -> None:
    assert job(FIVETRAN_DONT_DISABLE_SYNC=value).keep_schedule
    assert job(KADA_FIVETRAN_STRICT_COMPAT=value).strict_compat
    assert job(KADA_FIVETRAN_RESTORE_SCHEDULE=value).restore_schedule


def test_an_empty_switch_is_off(job: Job) -> None:
    found = job(
        FIVETRAN_DONT_DISABLE_SYNC="",
        KADA_FIVETRAN_STRICT_COMPAT="",
        KADA_FIVETRAN_RESTORE_SCHEDULE="",
    )
    assert (found.keep_schedule, found.strict_compat, found.restore_schedule) == (False,) * 3


@pytest.mark.parametrize(
    ("text", "number"), [("600", 600), (" 12.5 ", 12.5), ("1e3", 1000), ("", 300), ("0.1", 0.1)]
)
def test_the_timeout_is_a_number_of_seconds(job: Job, text: str, number: float) -> None:
    assert job(FIVETRAN_TIMEOUT=text).timeout == number


@pytest.mark.parametrize("text", ["0", "-1", "5m", "300s", "inf", "nan", "-inf", "1,5", "0x10"])
def test_any_other_timeout_is_refused_and_shown(job: Job, text: str) -> None:
    message = job.refusal(FIVETRAN_TIMEOUT=text)
    assert message == f"FIVETRAN_TIMEOUT={text!r}: must be a number of seconds above 0, as 300"


@settings(deadline=None)
@given(st.floats(min_value=0, exclude_min=True, allow_nan=False, allow_infinity=False))
def test_every_number_above_nought_is_a_timeout(number: float) -> None:
    assert seconds(repr(number), "X") == number


@pytest.mark.parametrize(
    ("policy", "value"), [(policy, value) for policy in CHOICES for value in CHOICES[policy]]
)
def test_every_policy_has_a_variable(job: Job, policy: str, value: str) -> None:
    name = f"KADA_FIVETRAN_{policy.upper()}"
    assert job(**{name: f" {value.upper()} "}).policies == {policy: value}


def test_a_policy_that_does_not_exist_is_refused_with_those_that_do(job: Job) -> None:
    message = job.refusal(KADA_FIVETRAN_ON_RUNNING="que")
    assert "KADA_FIVETRAN_ON_RUNNING='que': must be one of attach, queue, force, fail" in message
    assert "did you mean 'queue'?" in message


def test_a_slip_in_the_name_of_one_of_our_variables_is_not_overlooked(job: Job) -> None:
    message = job.refusal(KADA_FIVETRAN_ON_RUNING="queue")
    assert "KADA_FIVETRAN_ON_RUNING: there is no such variable" in message
    assert "did you mean 'KADA_FIVETRAN_ON_RUNNING'?" in message


def test_all_errors_are_reported_together(job: Job) -> None:
    message = job.refusal(
        FIVETRAN_ACTION="STRT", CONNECTOR_ID=None, FIVETRAN_API_KEY=None, FIVETRAN_TIMEOUT="x"
    )
    lines = message.splitlines()
    assert lines[0] == "4 errors in the variables of the job"
    names = [line.strip().partition(":")[0].partition("=")[0] for line in lines[1:]]
    assert names == ["FIVETRAN_ACTION", "CONNECTOR_ID", "FIVETRAN_API_KEY", "FIVETRAN_TIMEOUT"]


@pytest.mark.parametrize(
    "url",
    [
        "https://api.fivetran.com/v1",
        "https://proxy.example:8443/fivetran/v1",
        "http://127.0.0.1:8080/v1",
        "http://localhost/v1",
        "http://[::1]:80/v1",
    ],
)
def test_the_address_of_the_api_may_be_another_one(job: Job, url: str) -> None:
    assert job(FIVETRAN_BASE_URL=f" {url} ").base_url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://api.fivetran.com/v1",
        "http://127.0.0.1.evil.example/v1",
        "http://127.0.0.1@evil.example/v1",
        "ftp://127.0.0.1/",
        "api.fivetran.com",
        "https://",
        "https://[::1",
        "x",
    ],
)
def test_credentials_are_not_sent_in_the_clear(job: Job, url: str) -> None:
    assert job.refusal(FIVETRAN_BASE_URL=url).startswith("FIVETRAN_BASE_URL: must be an https")
    with pytest.raises(ConfigError, match=r"^--base-url: must be an https address"):
        checked_url(url, "--base-url")
