"""The sync history of the Fivetran stand-in: what it tells, and each way it may not."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kada_dagster.sandbox.fivetran import FivetranWorld, Outcome, Quirks
from kada_dagster.sandbox.fivetran.times import moment_of, read_moment, written
from kada_dagster_tests.sandbox.fivetran_calls import faults_of, served

START = datetime(2026, 11, 2, tzinfo=timezone.utc)
PATH = "/v1/connections/{connectionId}/sync-history"


def world_of(*outcomes: Outcome, **quirks: Any) -> FivetranWorld:
    """A connection, `one`, that syncs at :02:30 and every five minutes from then on."""
    world = FivetranWorld(quirks=Quirks(**quirks))
    world.add_connection(id="one", sync_frequency=5)
    world.script("one", *outcomes)
    return world


def history(world: FivetranWorld, hours: float = 24) -> list[dict[str, Any]]:
    found = world.sync_history("one", world.now - timedelta(hours=hours), world.now)
    assert found is not None
    return found


def test_every_outcome_has_its_word_its_reason_and_its_volumes() -> None:
    world = world_of(
        Outcome.success(20, extract_mb=2.5, process_mb=0.0, load_mb=None),
        Outcome.failure("disk full", 10),
        Outcome.canceled(5),
        Outcome.incomplete(6),
        Outcome.reschedule(30, 2),
        Outcome.success(1),
        Outcome.breaks(seconds=3),
    )
    world.advance(1900)
    world.repair("one")
    with served(world) as caller:
        answer = caller.get("/connections/one/sync-history", start_time=START.isoformat())
    assert faults_of(answer.json(), PATH) == []
    items = answer.json()["data"]["items"][::-1]
    assert [one["status"] for one in items] == [
        "COMPLETED", "FAILURE", "CANCELED", "INCOMPLETE", "RESCHEDULED", "COMPLETED", "FAILURE",
    ]  # fmt: skip
    assert items[0] == {
        "sync_id": world.syncs("one")[0].sync_id,
        "start": "2026-11-02T00:02:30.000000Z",
        "end": "2026-11-02T00:02:50.000000Z",
        "status": "COMPLETED",
        "stages": {
            "extract": {"volume": 2.5},
            "process": {"volume": 0.0},
            "load": {"volume": None},
        },
    }
    assert items[1]["reason"] == "disk full"
    assert len({one["sync_id"] for one in items}) == 7


def test_a_sync_that_runs_has_no_end_yet() -> None:
    world = world_of()
    world.advance(160)
    assert [(one["end"], one["status"]) for one in history(world)] == [(None, "INCOMPLETE")]
    world.quirks.history_running = False
    assert history(world) == []


def test_the_end_is_when_the_connection_says_it_succeeded() -> None:
    world = world_of()
    world.advance(1000)
    assert history(world)[0]["end"] == world.connection("one")["succeeded_at"]


@pytest.mark.parametrize("skew", [0.3, -1.5, lambda sync: 2.0])
def test_the_end_may_be_told_a_little_off(skew: Any) -> None:
    world = world_of(history_skew=skew)
    world.advance(240)
    told = read_moment(history(world)[0]["end"])
    shift = 2.0 if callable(skew) else skew
    assert told - read_moment(world.connection("one")["succeeded_at"]) == shift * 1_000_000


def test_the_newest_may_be_hidden_and_the_rest_is_told() -> None:
    world = world_of()
    world.advance(960)
    known = [sync.sync_id for sync in world.syncs("one")]
    assert [one["sync_id"] for one in history(world)] == known[::-1]
    world.quirks.history_hides = 1
    assert [one["sync_id"] for one in history(world)] == known[::-1][1:]
    world.advance(100)
    assert world.syncs("one")[-1].status is None
    assert [one["sync_id"] for one in history(world)] == known[::-1][1:]


def test_the_history_may_lag() -> None:
    world = world_of(history_lag=120, history_running=False)
    world.advance(329)
    assert history(world) == []
    world.advance(1)
    assert len(history(world)) == 1


def test_a_hook_may_tell_anything() -> None:
    world = world_of(history_filter=lambda id, syncs: syncs[::2] if id == "one" else syncs)
    world.advance(1260)
    assert len(world.syncs("one")) == 4
    assert len(history(world)) == 2


@pytest.mark.parametrize(
    ("window", "spans"),
    [
        ("start", [(149, 151, 1), (151, 209, 0), (200, 300, 0), (100, 150, 1)]),
        ("end", [(149, 151, 0), (151, 209, 0), (200, 300, 1), (100, 210, 1)]),
        ("overlap", [(149, 151, 1), (151, 209, 1), (200, 300, 1), (211, 300, 0)]),
    ],
)
def test_a_sync_lies_in_a_span_by_its_start_its_end_or_both(
    window: Any, spans: list[tuple[int, int, int]]
) -> None:
    world = world_of(history_window=window)
    world.advance(300)
    with served(world) as caller:
        for first, end, count in spans:
            start_time, end_time = (
                (START + timedelta(seconds=moment)).isoformat() for moment in (first, end)
            )
            data = caller.data(
                "/connections/one/sync-history", start_time=start_time, end_time=end_time
            )
            assert len(data["items"]) == count, (window, first, end)


def test_without_a_span_the_last_hour_is_told() -> None:
    world = world_of()
    world.advance(3 * 3600)
    with served(world) as caller:
        assert len(caller.data("/connections/one/sync-history")["items"]) == 12
        later = caller.data("/connections/one/sync-history", start_time=START.isoformat())
        assert len(later["items"]) == 12
        assert later["items"][-1]["start"] == "2026-11-02T00:02:30.000000Z"


@pytest.mark.parametrize(
    "query",
    [
        {"start_time": "2026-11-02T00:00:00Z", "end_time": "2026-11-09T00:00:01Z"},
        {"start_time": "2026-11-02T00:00:01Z", "end_time": "2026-11-02T00:00:00Z"},
        {"start_time": "yesterday"},
        {"limit": "1001"},
    ],
)
def test_spans_of_more_than_a_week_or_of_no_moments_are_refused(query: dict[str, str]) -> None:
    with served(world_of()) as caller:
        answer = caller.get("/connections/one/sync-history", **query)
        assert (answer.status_code, answer.json()["code"]) == (400, "InvalidInput")
        week = {"start_time": "2026-11-02T00:00:00Z", "end_time": "2026-11-09T00:00:00Z"}
        assert caller.get("/connections/one/sync-history", **week).status_code == 200


@pytest.mark.parametrize("status", [403, 404, 405])
def test_the_history_may_be_absent(status: int) -> None:
    world = world_of(history=status)
    with served(world) as caller:
        answer = caller.get("/connections/one/sync-history")
    assert answer.status_code == status
    assert not answer.json()["code"].startswith("NotFound_")
    assert world.sync_history("one", START, START) is None


def test_the_history_may_be_empty() -> None:
    world = world_of(history="empty")
    world.advance(3600)
    assert history(world) == []


def test_an_unknown_connection_is_not_found_where_there_is_a_history() -> None:
    with served(world_of()) as caller:
        answer = caller.get("/connections/two/sync-history")
    assert (answer.status_code, answer.json()["code"]) == (404, "NotFound_Connection")


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_pages_hold_all_of_it_in_either_order(order: Any) -> None:
    world = world_of(history_order=order)
    world.advance(6 * 86_400)
    known = [sync.sync_id for sync in world.syncs("one")]
    with served(world) as caller:
        pages = list(
            caller.pages(
                "/connections/one/sync-history",
                limit=250,
                start_time=START.isoformat(),
                end_time=(START + timedelta(days=7)).isoformat(),
            )
        )
    assert [len(page) for page in pages] == [250] * 6 + [len(known) - 1500]
    told = [one["sync_id"] for page in pages for one in page]
    assert told == (known if order == "oldest" else known[::-1])


def test_moments_may_have_three_digits_or_none() -> None:
    world = world_of(digits=3)
    world.advance(240)
    assert history(world)[0]["end"] == "2026-11-02T00:03:30.000Z"
    assert world.connection("one")["succeeded_at"] == "2026-11-02T00:03:30.000Z"
    assert written(moment_of(START), 0) == "2026-11-02T00:00:00Z"


@given(st.integers(0, 4_102_444_800_000_000), st.sampled_from([0, 3, 6]))
def test_moments_that_are_written_can_be_read(moment: int, digits: Any) -> None:
    kept = moment - moment % 10 ** (6 - digits)
    assert read_moment(written(moment, digits)) == kept
    assert read_moment(written(moment, digits).replace("Z", "+02:00")) == kept - 7_200_000_000
