"""Connections and syncs are read from whatever JSON comes, and keep nothing that may be secret."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kada_dagster.fivetran.connection import Connection
from kada_dagster.fivetran.history import LONGEST, SyncRecord, in_order, moment, spans

UTC = timezone.utc
CAPTURED: dict[str, Any] = {
    "id": "dialectical_remindful",
    "group_id": "empties_classification",
    "service": "google_sheets",
    "service_version": 1,
    "schema": "fivetran_google_sheets.fivetran_google_sheets",
    "connected_by": "sewn_restrained",
    "created_at": "2025-10-06T17:53:01.554289Z",
    "succeeded_at": "2025-10-06T22:55:45.275000Z",
    "failed_at": None,
    "paused": True,
    "pause_after_trial": False,
    "sync_frequency": 360,
    "data_delay_threshold": 0,
    "data_delay_sensitivity": "NORMAL",
    "private_link_id": None,
    "networking_method": "Directly",
    "proxy_agent_id": None,
    "schedule_type": "auto",
    "status": {
        "setup_state": "connected",
        "schema_status": "ready",
        "sync_state": "paused",
        "update_state": "on_schedule",
        "is_historical_sync": False,
        "tasks": [],
        "warnings": [
            {"code": "discontinuing_password_auth", "message": "It will end.", "details": {}}
        ],
    },
    "config": {"sheet_id": "1x", "password": "hunter2"},
    "source_sync_details": {"last_synced": "2025-10-06T22:55:27.371Z"},
}
"""A real answer, shortened; `config` is not its own."""


def test_a_captured_answer_is_read_to_the_microsecond() -> None:
    found = Connection.read(CAPTURED)
    assert (found.id, found.group_id) == ("dialectical_remindful", "empties_classification")
    assert (found.service, found.schema) == ("google_sheets", CAPTURED["schema"])
    assert found.created_at == datetime(2025, 10, 6, 17, 53, 1, 554289, UTC)
    assert found.succeeded_at == datetime(2025, 10, 6, 22, 55, 45, 275000, UTC)
    assert found.failed_at is None
    assert (found.paused, found.schedule_type, found.sync_frequency) == (True, "auto", 360)
    assert (found.setup_state, found.sync_state) == ("connected", "paused")
    assert (found.update_state, found.is_historical) == ("on_schedule", False)
    assert (found.tasks, found.warnings) == ((), ("It will end.",))
    assert found.connected_by == "sewn_restrained"
    assert found.name == "fivetran_google_sheets.fivetran_google_sheets (dialectical_remindful)"
    assert not found.is_syncing
    assert found.is_usable


def test_what_is_kept_of_an_answer_is_what_is_documented_without_secrets() -> None:
    raw = Connection.read(CAPTURED).raw
    expected = {key: CAPTURED[key] for key in CAPTURED if key not in _LEFT_OUT}
    expected["status"] = {
        **CAPTURED["status"],
        "warnings": [{"code": "discontinuing_password_auth", "message": "It will end."}],
    }
    assert raw == expected


_LEFT_OUT = ("config", "source_sync_details")


def test_no_secret_planted_in_an_answer_is_kept() -> None:
    planted = {"password": "hunter2", "token": ["hunter2"], "x": {"y": "hunter2"}}
    answer = {
        **dict.fromkeys((*CAPTURED, "connect_card", "auth", "external_logging"), planted),
        "id": "one",
        "api_key": "hunter2",
        "connect_card": {"token": "hunter2", "uri": "https://hunter2"},
        "auth": {"client_access": {"client_secret": "hunter2"}},
        "status": {
            **dict.fromkeys(CAPTURED["status"], planted),
            "tasks": [{"code": "reconnect", "message": "Do it.", "details": "hunter2", **planted}],
            "extra": "hunter2",
        },
        "schedule": {**planted, "schedule_type": "CRON", "cron": "0 * * * *"},
        "setup_tests": [{"title": "t", "message": "m", "details": planted}],
    }
    found = Connection.read(answer)
    assert "hunter2" not in repr(found) + json.dumps(dict(found.raw))
    assert found.tasks == ("Do it.",)
    assert found.raw["schedule"] == {
        "schedule_type": "CRON",
        "cron": "0 * * * *",
        "days_of_week": [],
    }


@pytest.mark.parametrize(
    ("changed", "field", "value"),
    [
        ({"sync_frequency": None}, "sync_frequency", None),
        ({"succeeded_at": "2025-10-06T22:55:45Z"}, "succeeded_at", (45, 0)),
        ({"succeeded_at": "2025-10-06T22:55:45.275Z"}, "succeeded_at", (45, 275000)),
        ({"succeeded_at": "2025-10-06T22:55:45.275123999Z"}, "succeeded_at", (45, 275123)),
        ({"succeeded_at": "soon"}, "succeeded_at", None),
        ({"status": {"setup_state": "BROKEN"}}, "is_usable", False),
        ({"status": {"setup_state": "incomplete"}}, "is_usable", False),
        ({"status": {"setup_state": "new_word"}}, "is_usable", True),
        ({"status": {"sync_state": "SYNCING"}}, "is_syncing", True),
        ({"status": None}, "is_syncing", False),
        ({"status": {"tasks": [{"code": "reconnect"}, None, {}, "x"]}}, "tasks", ("reconnect",)),
        ({"status": {"tasks": {"code": "reconnect"}}}, "tasks", ()),
        ({"paused": None}, "paused", False),
        ({"schema": None}, "name", "dialectical_remindful"),
    ],
)
def test_odd_values_are_read_for_what_they_are(
    changed: dict[str, Any], field: str, value: object
) -> None:
    found = getattr(Connection.read({**CAPTURED, **changed}), field)
    if isinstance(value, tuple) and isinstance(found, datetime):
        found = (found.second, found.microsecond)
    assert found == value


def test_a_sync_that_was_put_off_says_until_when() -> None:
    status = {"sync_state": "rescheduled", "rescheduled_for": "2026-11-02T00:30:00Z"}
    found = Connection.read({"id": "one", "status": status})
    assert found.is_rescheduled
    assert found.rescheduled_for == datetime(2026, 11, 2, 0, 30, tzinfo=UTC)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [*CAPTURED, *CAPTURED["status"], "code", "message", "stages", "extract"]
            )
            | st.text(max_size=3),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


@given(ANY)
def test_any_json_is_read_without_an_error_and_what_is_kept_is_json(answer: object) -> None:
    found = Connection.read(answer)
    json.dumps(dict(found.raw))
    assert "config" not in found.raw
    SyncRecord.read(answer)


def test_a_sync_is_read_as_it_is_told() -> None:
    item = {
        "sync_id": "b4703f73",
        "start": "2026-11-02T00:00:00.5Z",
        "end": None,
        "status": "completed",
        "stages": {"extract": {"volume": 1}, "process": {"volume": None}, "load": {}},
    }
    assert SyncRecord.read(item) == SyncRecord(
        "b4703f73", datetime(2026, 11, 2, 0, 0, 0, 500000, UTC), status="COMPLETED", extract_mb=1.0
    )


@pytest.mark.parametrize("volume", [True, "1", None, [], float("nan"), float("inf"), 10**400])
def test_a_volume_that_is_no_number_is_none(volume: object) -> None:
    assert SyncRecord.read({"stages": {"load": {"volume": volume}}}).load_mb is None


MOMENTS = st.timedeltas(timedelta(0), timedelta(days=3650)).map(
    lambda passed: datetime(2020, 1, 1, tzinfo=UTC) + passed
)


@given(MOMENTS, st.timedeltas(timedelta(days=-1), timedelta(days=60)))
def test_spans_cover_the_time_without_a_gap_and_none_is_too_long(
    start: datetime, length: timedelta
) -> None:
    pieces = list(spans(start, start + length))
    if length <= timedelta(0):
        assert pieces == []
        return
    assert (pieces[0][0], pieces[-1][1]) == (start, start + length)
    assert all(timedelta(0) < last - first <= LONGEST for first, last in pieces)
    assert all(one[1] == other[0] for one, other in itertools.pairwise(pieces))


def test_moments_are_sent_in_utc_whatever_their_zone() -> None:
    here = datetime(2026, 11, 2, 1, 0, tzinfo=timezone(timedelta(hours=1)))
    assert moment(here) == "2026-11-02T00:00:00.000000Z"


def test_syncs_come_once_as_they_were_told_last_and_in_order() -> None:
    begin = datetime(2026, 11, 2, tzinfo=UTC)
    first = SyncRecord("a", begin, None, "INCOMPLETE")
    later = SyncRecord("b", begin + timedelta(hours=1))
    never = SyncRecord("c")
    done = replace(first, status="COMPLETED", end=begin + timedelta(minutes=1))
    assert in_order([never, later, first, done]) == [done, later, never]
