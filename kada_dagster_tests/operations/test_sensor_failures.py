"""The alert sensor and failed runs: real runs on a real instance, told over a real connection."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta, timezone
from typing import Any

import dagster as dg
import pytest

from kada_dagster.operations.sensor import SENSOR
from kada_dagster.operations.watched import Watched
from kada_dagster_tests.api.http_server import Reply
from kada_dagster_tests.operations.inbox import Inbox
from kada_dagster_tests.operations.site import HOOK, WEBHOOK, Site

DAY = "2024-01-01 00:00:00"
NEXT_DAY = "2024-01-02 00:00:00"


@pytest.fixture
def quiet(site: Site, inbox: Inbox) -> Site:
    """A location whose sensor has looked once, and whose mark nobody minds."""
    assert inbox.posts == []
    site.sources[0]["freshness"] = False
    site.sources[0]["retries"] = {"max_retries": 0}
    site.alert(base_url="https://dagster.example.org")
    site.ticks(1)
    return site


def test_a_failure_is_told_once_with_cause_and_next_step(quiet: Site, inbox: Inbox) -> None:
    quiet.break_source()
    run = quiet.run(DAY).run_id
    quiet.ticks(5)
    (post,) = inbox.posts
    (alert,) = post["alerts"]
    assert alert["title"] == "source docs: extract failed"
    assert alert["link"] == f"https://dagster.example.org/runs/{run}"
    facts = alert["facts"]
    assert facts["windows"] == "[2024-01-01 00:00:00, 2024-01-02 00:00:00) UTC"
    assert facts["error"] == "ConnectionFailedError"
    assert facts["cause"].endswith("docs_source is not mounted")
    assert "can be reached" in facts["next step"]
    assert facts["run"] == run


def test_what_failed_before_the_sensor_was_switched_on_is_old(site: Site, inbox: Inbox) -> None:
    site.sources[0]["freshness"] = False
    site.alert()
    site.break_source()
    site.run(DAY)
    site.ticks(3)
    assert inbox.posts == []


def test_failures_of_one_tick_travel_together(quiet: Site, inbox: Inbox) -> None:
    quiet.add("wiki", freshness=False, retries={"max_retries": 0})
    quiet.break_source()
    quiet.break_source("wiki")
    quiet.run(DAY)
    quiet.run(DAY, name="wiki")
    quiet.ticks()
    assert inbox.titles == [["source docs: extract failed", "source wiki: extract failed"]]


def test_the_same_cause_of_several_windows_is_one_alert(quiet: Site, inbox: Inbox) -> None:
    quiet.break_source()
    for day in (DAY, NEXT_DAY):
        quiet.run(day)
    quiet.ticks()
    assert inbox.titles == [["source docs: extract failed"]]
    facts = inbox.facts()
    assert facts["failed runs"] == "2"
    assert facts["windows"].count("[2024") == 2


def test_what_goes_on_is_told_again_after_a_while(quiet: Site, inbox: Inbox) -> None:
    now = datetime.now(timezone.utc)
    quiet.break_source()
    for hours in (1, 2, 26):
        quiet.run(DAY)
        quiet.look_at(now + timedelta(hours=hours))
    quiet.look_at(now + timedelta(hours=26))
    assert inbox.titles == [
        ["source docs: extract failed"],
        ["source docs: extract failed again"],
    ]
    assert inbox.facts()["failed runs"].startswith("2 since ")


def test_another_cause_is_told_at_once(quiet: Site, inbox: Inbox) -> None:
    quiet.break_source()
    quiet.run(DAY)
    quiet.ticks()
    quiet.mend_source()
    (quiet.folder / "docs_source" / "token.txt").write_text("another")
    quiet.run(DAY)
    quiet.ticks()
    assert inbox.titles == [["source docs: extract failed"]] * 2
    assert inbox.facts()["error"] == "PermissionDeniedError"


def test_that_it_works_again_is_told_once(quiet: Site, inbox: Inbox) -> None:
    quiet.break_source()
    quiet.run(DAY)
    quiet.ticks()
    quiet.mend_source()
    assert quiet.run(DAY).success
    quiet.ticks(3)
    assert inbox.titles == [["source docs: extract failed"], ["source docs: works again"]]


def test_a_failed_check_says_what_it_found(quiet: Site, inbox: Inbox) -> None:
    quiet.put(3, PARENT_ID="nobody")
    assert not quiet.run(DAY).success
    quiet.ticks()
    facts = inbox.facts()
    assert inbox.titles == [["source docs: checks failed"]]
    assert facts["cause"].startswith("check parents_resolve: ")
    assert "nobody" in facts["cause"]
    assert "min_share_of_last" in facts["next step"]


def test_an_error_nobody_foresaw_is_told_by_its_own_words(quiet: Site, inbox: Inbox) -> None:
    (quiet.folder / "docs_source" / "0000.json").write_text("{no json")
    quiet.run(DAY)
    quiet.ticks()
    facts = inbox.facts()
    assert facts["error"] == "JSONDecodeError"
    assert facts["cause"].startswith("Expecting property name")
    assert "see the run's log" in facts["next step"]


def test_a_run_whose_process_is_gone_is_told_by_its_source(quiet: Site, inbox: Inbox) -> None:
    run = quiet.launched({"dagster/partition": DAY}, dg.DagsterRunStatus.STARTED)
    quiet.instance.report_run_failed(run, "Run monitoring: the process is gone")
    quiet.ticks()
    assert inbox.titles == [["source docs: failed"]]
    facts = inbox.facts()
    assert facts["cause"] == "Run monitoring: the process is gone"
    assert facts["windows"].startswith("[2024-01-01")
    assert "had memory" in facts["next step"]


def test_a_job_of_nobody_is_told_by_its_name(quiet: Site, inbox: Inbox) -> None:
    def crooked() -> None:
        raise ValueError("crooked as ever")

    graph: Any = dg.GraphDefinition("other", node_defs=[dg.op(crooked)])
    graph.to_job().execute_in_process(instance=quiet.instance, raise_on_error=False)
    quiet.ticks()
    assert inbox.titles == [["job other: crooked failed"]]
    assert inbox.facts()["cause"] == "crooked as ever"


def test_a_cause_that_is_no_text_stops_no_alert(quiet: Site, inbox: Inbox) -> None:
    def crooked() -> None:
        raise ValueError("no such file: " + os.fsdecode(b"caf\xe9.csv"))

    graph: Any = dg.GraphDefinition("other", node_defs=[dg.op(crooked)])
    graph.to_job().execute_in_process(instance=quiet.instance, raise_on_error=False)
    quiet.ticks()
    assert inbox.facts()["cause"] == "no such file: caf?.csv"


def test_a_failure_is_told_where_nothing_else_can_be_looked_at(
    quiet: Site, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet.break_source()
    quiet.run(DAY)

    def refuse(*_: Any) -> None:
        raise RuntimeError("pl4nted")

    monkeypatch.setattr(Watched, "marks", refuse)
    for minutes in (10, 20):
        quiet.look_at(datetime.now(timezone.utc) + timedelta(minutes=minutes))
    assert inbox.titles == [["source docs: extract failed"]]
    assert "not looked at marks, loads and syncs: RuntimeError" in quiet.said[-1]


def test_runs_of_other_code_locations_are_left_to_them(quiet: Site, inbox: Inbox) -> None:
    run = quiet.launched({"dagster/partition": DAY}, dg.DagsterRunStatus.QUEUED)
    assert run.remote_job_origin is not None
    quiet.instance.report_run_failed(run, "not ours")
    repository = quiet.definitions().get_repository_def()
    with quiet.context(repository, "elsewhere") as context:
        found = repository.get_sensor_def(SENSOR).evaluate_tick(context)
    assert found.skip_message == "nothing to tell"
    assert inbox.posts == []


def test_no_secret_is_in_what_is_sent_said_or_remembered(
    quiet: Site, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_TOKEN", "pl4nted-t0ken")
    quiet.sources[0]["token"] = "${TEST_TOKEN}"
    (quiet.folder / "docs_source" / "0000.json").write_text('{"OBJECT_ID": "pl4nted-t0ken"')
    url = os.environ["TEST_HOOK_URL"]

    def read(*_: Any) -> None:
        raise ValueError(f"pl4nted-t0ken was refused by {url}")

    from kada_dagster_tests.collector.folder_source import FolderExtractor

    monkeypatch.setattr(FolderExtractor, "read", read)
    inbox.replies = [Reply(f"who is {url}?".encode(), 403)]
    quiet.run(DAY)
    quiet.ticks(3)
    assert inbox.facts()["cause"] == "*** was refused by ***"
    assert any("answers 403 who is ***?" in said for said in quiet.said)
    for text in (json.dumps(inbox.posts), *quiet.said, quiet.cursor or ""):
        assert "pl4nted" not in text
        assert HOOK not in text


def test_webhook_and_mail_of_a_channel_that_is_gone_are_forgotten(
    quiet: Site, inbox: Inbox
) -> None:
    inbox.replies = [Reply(b"", 500)] * 5
    quiet.break_source()
    quiet.run(DAY)
    quiet.ticks()
    assert json.loads(quiet.cursor or "")["outbox"]
    quiet.alert({**WEBHOOK, "url": "${ANOTHER_URL}"})
    quiet.ticks(1)
    assert json.loads(quiet.cursor or "")["outbox"] == {}
