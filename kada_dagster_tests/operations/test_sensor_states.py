"""Marks that lag or cannot be read: told when that begins and when it ends."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import dagster as dg
import pytest

from kada_dagster.collector.build import build_definitions
from kada_dagster.collector.mark_resource import FileMarkResource
from kada_dagster_tests.operations.inbox import Inbox
from kada_dagster_tests.operations.site import FIRST, Site

NOON = datetime(2024, 3, 1, 12, tzinfo=timezone.utc)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def watched(site: Site, inbox: Inbox) -> Site:
    """A location whose mark may be 30 hours old."""
    assert inbox.posts == []
    site.alert(base_url="https://dagster.example.org")
    return site


def test_a_mark_that_lags_is_told_once_and_once_that_it_is_current(
    watched: Site, inbox: Inbox
) -> None:
    watched.set_mark(NOON - 29 * HOUR)
    watched.look_at(NOON)
    watched.look_at(NOON + HOUR - MINUTE)
    assert inbox.posts == []
    for minutes in (61, 66, 71, 600):
        watched.look_at(NOON + minutes * MINUTE)
    (post,) = inbox.posts
    (alert,) = post["alerts"]
    assert alert["title"] == "source docs: its mark lags"
    assert alert["link"] == "https://dagster.example.org/assets/docs/high_water_mark"
    assert alert["facts"]["mark"] == "2024-02-29 07:00:00 UTC"
    assert alert["facts"]["age"] == "1 d 6 h; at most 1 d 6 h"
    assert alert["facts"]["missing"].startswith("1 window, 2024-02-29 07:00:00 ... 2024-03-01")
    assert "docs_schedule is on" in alert["facts"]["next step"]
    watched.set_mark(NOON)
    for minutes in (610, 620, 630):
        watched.look_at(NOON + minutes * MINUTE)
    assert inbox.titles[1:] == [["source docs: its mark is current again"]]


def test_a_backfill_of_old_windows_is_no_freshness(watched: Site, inbox: Inbox) -> None:
    """The mark was materialized a moment ago, and is two months old."""
    assert watched.run("2024-01-01 00:00:00").success
    watched.look_at(NOON)
    watched.look_at(NOON + MINUTE)
    assert inbox.titles == [["source docs: its mark lags"]]


def test_marks_are_looked_at_every_few_minutes(watched: Site, inbox: Inbox) -> None:
    watched.set_mark(NOON - HOUR)
    watched.look_at(NOON)
    watched.set_mark(FIRST)
    for minutes in (1, 2, 4):
        watched.look_at(NOON + minutes * MINUTE)
    assert inbox.posts == []
    watched.look_at(NOON + 5 * MINUTE)
    watched.look_at(NOON + 6 * MINUTE)
    assert inbox.titles == [["source docs: its mark lags"]]


def test_a_source_that_was_just_added_has_time_for_its_first_extract(
    watched: Site, inbox: Inbox
) -> None:
    watched.look_at(NOON)
    watched.look_at(NOON + 29 * HOUR)
    assert inbox.posts == []
    watched.look_at(NOON + 31 * HOUR)
    watched.look_at(NOON + 31 * HOUR + MINUTE)
    assert inbox.titles == [["source docs: its mark lags"]]
    assert inbox.facts()["mark"] == "none yet"


def test_a_mark_that_cannot_be_read_is_neither_current_nor_late(
    watched: Site, inbox: Inbox
) -> None:
    watched.set_mark(FIRST)
    watched.look_at(NOON)
    (watched.folder / "hwm" / "docs_hwm.txt").write_text("no moment\n")
    for minutes in (10, 20, 41, 42):
        watched.look_at(NOON + minutes * MINUTE)
    assert inbox.titles == [
        ["source docs: its mark lags"],
        ["source docs: its mark cannot be read"],
    ]
    assert "docs_hwm.txt" in inbox.facts()["cause"]
    watched.set_mark(NOON)
    for minutes in (50, 60):
        watched.look_at(NOON + minutes * MINUTE)
    assert inbox.titles[2:] == [
        ["source docs: its mark is current again", "source docs: its mark can be read again"]
    ]


def test_marks_of_a_resource_that_names_a_variable_are_looked_at(
    watched: Site, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As runs do: a resource in place of the configured one holds references."""
    watched.definitions()  # writes the file
    marks = {"docs_marks": FileMarkResource(path=dg.EnvVar("TEST_MARKS"))}
    there = build_definitions(watched.folder / "kada.yaml", resources=marks)
    monkeypatch.setattr(watched, "definitions", lambda: there)
    monkeypatch.setenv("TEST_MARKS", str(watched.folder / "hwm"))
    watched.set_mark(FIRST)
    watched.ticks()
    assert inbox.titles == [["source docs: its mark lags"]]
    assert inbox.facts()["mark"] == "2024-01-01 00:00:00 UTC"


def test_a_source_nobody_minds_is_not_told(watched: Site, inbox: Inbox) -> None:
    watched.sources[0]["freshness"] = False
    watched.set_mark(FIRST)
    watched.look_at(NOON)
    watched.look_at(NOON + MINUTE)
    assert inbox.posts == []


def test_the_limit_of_the_source_counts(watched: Site, inbox: Inbox) -> None:
    watched.sources[0]["freshness"] = {"fail_after": "100 days"}
    watched.set_mark(FIRST)
    watched.look_at(NOON)
    watched.look_at(FIRST + timedelta(days=100))
    watched.look_at(FIRST + timedelta(days=100, minutes=6))
    watched.look_at(FIRST + timedelta(days=100, minutes=7))
    assert inbox.titles == [["source docs: its mark lags"]]
