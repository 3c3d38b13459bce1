"""How few calls can read a workspace: counted against a reader that sends no other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kada_dagster.hwm.window import Window
from kada_dagster.sandbox.hightouch import HightouchEstate, HightouchServer
from kada_dagster.sandbox.hightouch.payload import iso
from kada_dagster_tests.sandbox.hightouch_calls import get
from kada_dagster_tests.sandbox.hightouch_workspaces import NOON, run, sync, workspace


def read(server: HightouchServer, path: str, page: int, **query: Any) -> list[dict[str, Any]]:
    """All rows of a list."""
    rows: list[dict[str, Any]] = []
    while True:
        body = get(server, path, limit=page, offset=len(rows), **query).json()
        rows += body["data"]
        if len(body["data"]) < page or body.get("hasMore") is False:
            return rows


def runs_in(server: HightouchServer, window: Window, page: int = 100) -> set[tuple[int, int]]:
    """Sync and number of the runs that ended in a window, read with as few calls as can be."""
    since = window.start - timedelta(hours=24)
    for kind in ("sources", "models", "destinations"):
        read(server, f"/{kind}", page)
    found: set[tuple[int, int]] = set()
    for row in read(server, "/syncs", page):
        if not row["lastRunAt"] or row["lastRunAt"] < iso(since):
            continue
        after, before = iso(since - timedelta(milliseconds=1)), iso(window.end)
        runs = read(server, f"/syncs/{row['id']}/runs", page, after=after, before=before)
        ended = {one["id"]: one.get("finishedAt", "") for one in runs}
        inside = [one for one, end in ended.items() if iso(window.start) <= end < iso(window.end)]
        found |= {(row["id"], one) for one in inside}
    return found


@pytest.mark.parametrize("page", [7, 100])
def test_a_reader_that_wastes_no_call_needs_as_many_as_are_told(page: int) -> None:
    estate = HightouchEstate.generate(11, 500)
    window = Window(NOON.replace(month=1, day=5), NOON.replace(month=1, day=6))
    with HightouchServer(estate, calls=None) as server:
        found = runs_in(server, window, page)
        assert len(server.requests) == estate.least_calls(window, page=page)
    assert len(found) == len(estate.events("h", window)) > 0


def test_syncs_that_did_not_run_lately_are_not_asked() -> None:
    window = Window(NOON, NOON + timedelta(hours=1))
    old = [run(1, -25 * 60)]
    new = [run(2, -23 * 60)]
    assert workspace(*old).least_calls(window) == 4
    assert workspace(*new).least_calls(window) == 5
    assert workspace(*old, *new, syncs=[sync(1), sync(2)]).least_calls(window) == 5
    assert workspace(*old).least_calls(window, lookback_hours=26) == 5


def test_a_run_that_ends_late_is_found_in_the_later_window() -> None:
    estate = workspace(run(1, 50, 20))
    windows = [Window(NOON + timedelta(hours=at), NOON + timedelta(hours=at + 1)) for at in (0, 1)]
    with HightouchServer(estate) as server:
        found: list[set[tuple[int, int]]] = []
        for window in windows:
            estate.now = window.end
            found.append(runs_in(server, window))
    assert found == [set(), {(1, 1)}]


def test_a_run_can_be_shown_as_over_later_than_it_ended() -> None:
    late = run(1, 50, 5, shown_at=NOON + timedelta(hours=2))
    estate = workspace(late)
    window = Window(NOON, NOON + timedelta(hours=1))
    with HightouchServer(estate) as server:
        estate.now = window.end
        assert runs_in(server, window) == set()
        estate.now = NOON + timedelta(hours=2)
        assert runs_in(server, window) == {(1, 1)}
