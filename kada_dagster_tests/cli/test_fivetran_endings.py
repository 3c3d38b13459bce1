"""How a call ends: every error has its exit code and its word, every outcome its line."""

from __future__ import annotations

import json
import os
import signal
from datetime import datetime, timezone

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.api.errors import (
    ApiCallError,
    ApiError,
    ApiForbiddenError,
    ApiNotFoundError,
    ApiUnauthorizedError,
    ApiUnavailableError,
)
from kada_dagster.cli import session as sessions
from kada_dagster.cli.fivetran.access import Access, ApiRefusedError, calling, reach
from kada_dagster.cli.fivetran.actions import Errand
from kada_dagster.cli.fivetran.ending import Ending, Log, counted
from kada_dagster.cli.fivetran.options import sync_options
from kada_dagster.cli.fivetran.outcomes import setup_ending, sync_ending
from kada_dagster.cli.fivetran.resync import resync_scope
from kada_dagster.cli.session import Session
from kada_dagster.errors import ConfigError
from kada_dagster.fivetran.client import Account, FivetranClient
from kada_dagster.fivetran.errors import (
    ConnectionBrokenError,
    ConnectionPausedError,
    ResyncUnsupportedError,
    SyncFailedError,
    SyncRescheduledError,
    SyncRunningError,
    SyncTimeoutError,
    TableNotFoundError,
)
from kada_dagster.fivetran.options import StartOptions
from kada_dagster.fivetran.outcomes import SyncOutcome, TestOutcome
from kada_dagster.secrets import Secret

PLANTED = "pl4nted-secret"
NOBODY = "http://127.0.0.1:9/v1"
"""Nothing is sent there: the actions of these tests call nothing."""


def ended(ending: Ending | BaseException, errand: Errand) -> int:
    """The exit code of a call whose action ends so."""

    def action(client: FivetranClient, asked: Errand, log: Log) -> Ending:
        assert asked is errand
        if isinstance(ending, BaseException):
            raise ending
        return ending

    @click.command
    @click.pass_obj
    def command(session: Session) -> int:
        account = Account(Secret(value="pl4nted-key"), Secret(value=PLANTED))
        return reach(Access.to(session, account, NOBODY), action, errand)

    return sessions.run(command, [])


@pytest.mark.parametrize(
    ("error", "code", "word"),
    [
        (SyncFailedError("x"), 1, "failed"),
        (ConnectionPausedError("x"), 1, "paused"),
        (ConnectionBrokenError("x"), 1, "broken"),
        (SyncRunningError("x"), 1, "not started, one runs already"),
        (ResyncUnsupportedError("x"), 1, "unknown"),
        (TableNotFoundError("x"), 2, "not started"),
        (ConfigError("x"), 2, "not started"),
        (SyncTimeoutError("x"), 3, "timed out"),
        (SyncRescheduledError("x"), 3, "rescheduled"),
        (ApiUnauthorizedError("x"), 4, "unknown"),
        (ApiForbiddenError("x"), 4, "unknown"),
        (ApiNotFoundError("x"), 4, "unknown"),
        (ApiUnavailableError("x"), 4, "unknown"),
        (ApiError("x"), 4, "unknown"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_every_way_a_sync_can_end_has_its_exit_code_and_its_word(
    error: BaseException, code: int, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(error, Errand("shop", waits=True)) == code
    said = capsys.readouterr()
    assert said.out == ""
    lines = said.err.splitlines()
    assert lines[0].endswith(f" final status of shop: {word}")
    assert lines[1:] == ([] if code == 130 else ["error: x"])


def test_an_action_that_waits_for_no_sync_has_no_final_status(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ended(ApiNotFoundError("gone"), Errand("shop")) == 4
    assert capsys.readouterr().err == "error: gone\n"
    assert ended(KeyboardInterrupt(), Errand("shop")) == 130
    assert capsys.readouterr().err.endswith(" interrupted\n")


def test_an_error_is_json_too_where_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    error = SyncFailedError(f"the source said {PLANTED}")
    assert ended(error, Errand("shop", waits=True, as_json=True)) == 1
    said = capsys.readouterr()
    assert json.loads(said.out) == {
        "connection_id": "shop",
        "status": "failed",
        "error": "the source said ***",
    }
    assert PLANTED not in said.err


def test_facts_without_lines_are_printed_and_hold_no_secret(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ended(Ending(0, {"id": "shop", "note": PLANTED}), Errand("shop")) == 0
    said = capsys.readouterr()
    assert json.loads(said.out) == {"id": "shop", "note": "***"}
    assert said.err == ""


def test_lines_go_to_standard_error_and_facts_only_if_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ending = Ending(1, {"ok": False}, ["one", "two"])
    assert ended(ending, Errand("shop")) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 2)
    assert ended(ending, Errand("shop", as_json=True)) == 1
    assert json.loads(capsys.readouterr().out) == {"ok": False}


def test_a_refused_call_keeps_what_it_was_as_its_cause() -> None:
    with pytest.raises(ApiRefusedError, match="gone") as caught, calling():
        raise ApiNotFoundError("gone", status=404)
    assert isinstance(caught.value.__cause__, ApiCallError)
    assert caught.value.__cause__.status == 404


def test_the_signal_to_terminate_interrupts_a_call() -> None:
    with pytest.raises(KeyboardInterrupt), calling():
        os.kill(os.getpid(), signal.SIGTERM)


def test_the_line_of_a_sync_says_what_is_known_of_it() -> None:
    at = datetime(2026, 11, 2, 8, 30, tzinfo=timezone.utc)
    whole = SyncOutcome(
        "shop", "s", "succeeded", at, sync_id="abc", load_mb=1.5, seconds=9.6, calls=1
    )
    ending = sync_ending(whole)
    assert ending.lines == [
        "final status of shop: succeeded, sync abc, succeeded at 2026-11-02T08:30:00Z, "
        "1.5 MB loaded, 10 s, 1 call"
    ]
    assert (ending.code, ending.facts["load_mb"], ending.facts["error"]) == (0, 1.5, None)
    skipped = sync_ending(SyncOutcome("shop", "s", "skipped", at, calls=2))
    assert skipped.lines == ["final status of shop: skipped, 0 s, 2 calls"]


def test_a_moment_that_is_not_known_is_not_told() -> None:
    outcome = SyncOutcome("shop", "s", "succeeded", None, load_mb=0.0)
    (line,) = sync_ending(outcome).lines
    assert line == "final status of shop: succeeded, 0 MB loaded, 0 s, 0 calls"


def test_the_lines_of_setup_tests_name_the_failed_ones() -> None:
    outcome = TestOutcome(
        passed=(("a", ""),), failed=(("b", "no"),), skipped=(("c", ""),), warnings=(("d", "hm"),)
    )
    ending = setup_ending("shop", outcome)
    assert ending.lines == [
        "setup tests: 1 passed, 1 failed, 1 warning, 1 skipped",
        "warning: d: hm",
        "failed: b: no",
    ]
    assert ending.code == 1
    assert ending.facts["failed"] == [{"title": "b", "message": "no"}]
    assert ending.facts["ok"] is False


def test_numbers_have_their_plural() -> None:
    assert [counted(n, "call") for n in (0, 1, 2000)] == ["0 calls", "1 call", "2,000 calls"]


names = st.text(min_size=1).filter(lambda text: "." not in text and text.strip())


@settings(deadline=None)
@given(st.lists(st.tuples(names, names), min_size=1, max_size=5))
def test_tables_of_several_schemas_come_out_as_they_went_in(pairs: list[tuple[str, str]]) -> None:
    scope = resync_scope([f"{schema}.{table}" for schema, table in pairs], None, everything=False)
    assert {(schema, table) for schema, tables in scope.items() for table in tables} == set(pairs)
    assert all(len(tables) == len(set(tables)) for tables in scope.values())


@settings(deadline=None)
@given(names, st.lists(st.text(min_size=1).filter(str.strip), min_size=1, max_size=4, unique=True))
def test_with_a_schema_any_name_is_that_of_a_table(schema: str, tables: list[str]) -> None:
    assert resync_scope(tables, schema, everything=False) == {schema: tables}


def test_options_that_are_not_given_leave_the_defaults() -> None:
    defaults = StartOptions(timeout=9, manual=False, on_paused="skip", restore_schedule=True)
    nothing = {"timeout": None, "on_paused": None, "keep_schedule": False}
    assert sync_options(defaults, {**nothing, "restore_schedule": False}) == defaults
    given = {"timeout": 5.0, "on_paused": "fail", "keep_schedule": True, "restore_schedule": True}
    assert sync_options(StartOptions(), given) == StartOptions(
        timeout=5, manual=False, restore_schedule=True
    )
