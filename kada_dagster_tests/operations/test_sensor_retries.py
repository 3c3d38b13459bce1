"""A run that Dagster tries again is no alert; the last attempt is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import dagster as dg
import pytest

from kada_dagster.config import registry
from kada_dagster.operations.retried import outcome
from kada_dagster_tests.collector.folder_source import FOLDER_TYPE
from kada_dagster_tests.operations.inbox import Inbox
from kada_dagster_tests.operations.site import Site

DAY = "2024-01-01 00:00:00"
RETRIES = {"run_retries": {"enabled": True, "max_retries": 1}}


@pytest.fixture
def retrying(
    tmp_path: Path, dagster_home: Path, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Site]:
    """A location of an instance that makes failed runs again, once."""
    assert inbox.posts == []
    monkeypatch.setitem(registry.SOURCE_TYPES, "folder", FOLDER_TYPE)  # type: ignore[arg-type]
    with dg.DagsterInstance.local_temp(str(dagster_home), overrides=RETRIES) as instance:
        site = Site(tmp_path, instance)
        site.add(freshness=False, retries={"max_retries": 0})
        site.alert()
        site.ticks(1)
        site.break_source()
        yield site


def test_a_run_that_is_tried_again_is_told_by_its_last_attempt(
    retrying: Site, inbox: Inbox
) -> None:
    first = retrying.run(DAY)
    retrying.ticks(2)
    assert inbox.posts == []
    second = retrying.run(DAY, tags={"dagster/max_retries": "0"})  # no more are left
    retrying.instance.add_run_tags(first.run_id, {"dagster/auto_retry_run_id": second.run_id})
    retrying.ticks(3)
    assert inbox.titles == [["source docs: extract failed"]]
    assert inbox.facts()["run"] == second.run_id
    assert '"undecided":{}' in (retrying.cursor or "")


def test_a_run_whose_retry_works_is_never_told(retrying: Site, inbox: Inbox) -> None:
    first = retrying.run(DAY)
    retrying.ticks(1)
    retrying.mend_source()
    second = retrying.run(DAY)
    retrying.instance.add_run_tags(first.run_id, {"dagster/auto_retry_run_id": second.run_id})
    retrying.ticks(3)
    assert inbox.posts == []


def test_a_retry_that_could_not_be_launched_is_no_excuse(retrying: Site, inbox: Inbox) -> None:
    """Dagster then takes its promise back."""
    run = retrying.run(DAY)
    retrying.ticks(1)
    retrying.instance.add_run_tags(run.run_id, {"dagster/will_retry": "false"})
    retrying.ticks(2)
    assert inbox.titles == [["source docs: extract failed"]]


def test_a_retry_that_never_comes_is_not_waited_for(retrying: Site, inbox: Inbox) -> None:
    retrying.run(DAY)
    now = datetime.now(timezone.utc)
    for minutes in (1, 10, 17, 18):
        retrying.look_at(now + timedelta(minutes=minutes))
    assert inbox.titles == [["source docs: extract failed"]]


@pytest.mark.parametrize(
    ("tags", "enabled", "minutes", "expected"),
    [
        ({}, False, 0, "final"),
        ({}, True, 0, "open"),  # the tag comes a moment later
        ({}, True, 15, "final"),
        ({"dagster/will_retry": "false"}, True, 0, "final"),
        ({"dagster/will_retry": "true"}, True, 0, "open"),
        ({"dagster/will_retry": "true"}, False, 0, "open"),
        ({"dagster/will_retry": "true"}, True, 15, "final"),
        ({"dagster/will_retry": "true", "dagster/auto_retry_run_id": "x"}, True, 0, "retried"),
        ({"dagster/auto_retry_run_id": "x"}, True, 99, "retried"),
    ],
)
def test_what_becomes_of_a_failed_run(
    tags: dict[str, str], enabled: bool, minutes: int, expected: str
) -> None:
    waited = timedelta(minutes=minutes)
    assert outcome(tags, retries_enabled=enabled, waited=waited) == expected
