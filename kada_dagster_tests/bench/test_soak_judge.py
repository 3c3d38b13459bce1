"""The judge of the soak finds each kind of fault, and nothing where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from bench.soak.facts import Extracted, SourceFacts, SyncFacts
from bench.soak.judge import judged, judged_syncs
from kada_dagster.hwm.window import Window

BEGIN = datetime(2026, 1, 1, tzinfo=timezone.utc)


def at(minute: float) -> datetime:
    return BEGIN + timedelta(minutes=minute)


def span(start: int, end: int) -> Window:
    return Window(at(start), at(end))


def run(start: int, end: int, content: str = "as it was") -> Extracted:
    """A run of staging with two files."""
    stamp = span(start, end).stamp
    files = (f"META_{stamp}.csv", f"EVENTS_{stamp}.csv")
    return Extracted(span(start, end), {name: f"{content} {name}" for name in files})


def sent(*runs: Extracted) -> list[tuple[str, str]]:
    return [pair for one in runs for pair in one.sums.items()]


RUNS = (run(0, 1), run(1, 2), run(2, 5), run(5, 6))
"""The third one is of three windows: something was away for three minutes."""

RIGHT = SourceFacts(
    name="shop",
    windows=[span(minute, minute + 1) for minute in range(7)],
    until=at(6),
    extracts=RUNS,
    written=sent(*RUNS),
    mark=at(6),
    marks=[at(0), at(1), at(2), at(5), at(6)],
    uploaded=frozenset(span(minute, minute + 1) for minute in range(6)),
    events=["a", "b", "c"],
    truth={"a": at(0.5), "b": at(2), "c": at(5.9), "not yet": at(6.5)},
)


def faults(facts: SourceFacts) -> Mapping[str, object]:
    return judged(facts).faults


def test_nothing_is_wrong_where_every_window_is_there_once() -> None:
    verdict = judged(RIGHT)
    assert verdict.faults == {}
    assert (verdict.windows, verdict.files, verdict.events) == (6, 4, 3)


def test_more_may_have_been_extracted_than_has_to_be() -> None:
    assert faults(replace(RIGHT, until=at(3))) == {}


def test_a_window_that_nothing_delivers_is_lost() -> None:
    without = replace(RIGHT, written=sent(RUNS[0], RUNS[2], RUNS[3]))
    found = faults(without)
    assert found["lost"] == [span(1, 2)]
    assert found["unseen"] == [span(1, 2)]
    assert found["marks"] == [
        "it is 2026-01-01 00:06:00, but what is delivered reaches 2026-01-01 00:01:00"
    ]


def test_a_run_of_which_a_file_is_missing_delivers_nothing() -> None:
    (meta, *_), *rest = [list(one.sums.items()) for one in RUNS]
    found = faults(replace(RIGHT, written=[meta, *(pair for one in rest for pair in one)]))
    assert found["lost"] == [span(0, 1)]
    assert found["stray"] == [meta[0]]


def test_the_last_window_that_has_to_be_there_counts() -> None:
    found = faults(replace(RIGHT, until=at(7)))
    assert found["lost"] == [span(6, 7)]
    assert found["marks"] == ["it is 2026-01-01 00:06:00, and has to be at 2026-01-01 00:07:00"]
    assert found["events_lost"] == ["not yet"]


@pytest.mark.parametrize(
    ("again", "doubled"),
    [
        (run(1, 3), [span(1, 2), span(2, 3)]),
        (run(4, 5), [span(4, 5)]),  # under the names of the run over three windows
        (run(0, 6), [span(minute, minute + 1) for minute in range(6)]),
    ],
)
def test_a_window_in_two_runs_that_were_sent_is_doubled(
    again: Extracted, doubled: list[Window]
) -> None:
    twice = replace(RIGHT, extracts=[*RUNS, again], written=[*RIGHT.written, *sent(again)])
    assert set(doubled) <= set(judged(twice).doubled)


def test_a_run_that_was_extracted_and_never_sent_doubles_nothing() -> None:
    assert faults(replace(RIGHT, extracts=[*RUNS, run(1, 3)])) == {}


def test_a_window_sent_again_as_it_was_is_not_doubled() -> None:
    assert faults(replace(RIGHT, written=[*RIGHT.written, *sent(RUNS[1])])) == {}


def test_a_window_sent_again_with_another_content_is_doubled() -> None:
    before = run(2, 5, content="as it was before")
    found = faults(replace(RIGHT, written=[*sent(before), *RIGHT.written]))
    assert found == {"doubled": [span(2, 3), span(3, 4), span(4, 5)]}


def test_a_file_that_no_run_explains_is_stray() -> None:
    found = faults(replace(RIGHT, written=[*RIGHT.written, ("META_x.csv", "1")]))
    assert found == {"stray": ["META_x.csv"]}


def test_events_are_there_once_each() -> None:
    found = faults(replace(RIGHT, events=["a", "b", "b", "unheard of"]))
    assert found == {
        "events_lost": ["c"],
        "events_doubled": ["b"],
        "events_strange": ["unheard of"],
    }


def test_what_could_be_told_earlier_only_may_be_there_and_need_not() -> None:
    passing = frozenset({"told by its time", "never told"})
    told = [*RIGHT.events, "told by its time"]
    assert faults(replace(RIGHT, events=told, passing=passing)) == {}
    assert faults(replace(RIGHT, passing=passing)) == {}
    twice = replace(RIGHT, events=[*told, "told by its time"], passing=passing)
    assert faults(twice) == {"events_doubled": ["told by its time"]}


@pytest.mark.parametrize(
    ("mark", "fault"),
    [
        (None, "there is none"),
        (at(5), "it is 2026-01-01 00:05:00, but what is delivered reaches 2026-01-01 00:06:00"),
        (at(7), "it is 2026-01-01 00:07:00, but what is delivered reaches 2026-01-01 00:06:00"),
    ],
)
def test_a_mark_is_where_what_is_delivered_ends(mark: datetime | None, fault: str) -> None:
    assert fault in judged(replace(RIGHT, mark=mark)).marks


def test_a_mark_does_not_go_back() -> None:
    back = replace(RIGHT, marks=[at(0), at(2), at(1), at(6)])
    fault = "it went back from 2026-01-01 00:02:00 to 2026-01-01 00:01:00"
    assert faults(back) == {"marks": [fault]}


def test_a_gap_holds_the_mark_whatever_is_behind_it() -> None:
    gap = replace(RIGHT, written=sent(RUNS[0], RUNS[3]), mark=at(6))
    assert "but what is delivered reaches 2026-01-01 00:01:00" in judged(gap).marks[0]


@pytest.mark.parametrize("window", [span(3, 4), span(6, 7)])
def test_dagster_shows_what_is_delivered_and_nothing_else(window: Window) -> None:
    assert faults(replace(RIGHT, uploaded=RIGHT.uploaded ^ {window})) == {"unseen": [window]}


def test_syncs_are_reported_once_each() -> None:
    completed = frozenset({("shop", "1"), ("shop", "2"), ("crm", "1")})
    assert judged_syncs(SyncFacts(completed, sorted(completed))).syncs == 3
    found = judged_syncs(SyncFacts(completed, [("shop", "1"), ("crm", "1"), ("crm", "1")]))
    assert (found.missed, found.double) == ([("shop", "2")], [("crm", "1")])
