"""What is told, as a pure function: against a plain account of what each history should give."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.operations.decision import AlertState, cause_key, decide
from kada_dagster.operations.memory import Memory
from kada_dagster.operations.notices import Condition, Failure, Notice, Seen

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
REMIND = timedelta(hours=24)

Look = tuple[timedelta, Seen]


def condition(key: str, holds: bool | None, patience: timedelta = timedelta()) -> Condition:
    return Condition(key, holds, f"{key} began", f"{key} ended", patience=patience)


def failure(subject: str, number: int, at: datetime, cause: str = "it broke") -> Failure:
    return Failure(f"run{number}", subject, "extract", "", "ExtractError", cause, "mend it", at)


def told(looks: list[Look]) -> list[tuple[datetime, list[Notice]]]:
    """The notices of each look; what is remembered goes through the cursor's text in between."""
    state, now, found = AlertState(), START, list[tuple[datetime, list[Notice]]]()
    for pause, seen in looks:
        now += pause
        notices, state = decide(state, seen, now, REMIND)
        memory = Memory.from_json(Memory(0, state=state).to_json())
        assert memory is not None
        assert memory.state == state
        state = memory.state
        found.append((now, notices))
    return found


_holds = st.sampled_from([True, False, None])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from("abc"), _holds, min_size=3), max_size=30))
def test_conditions_are_told_when_they_begin_and_when_they_end(
    history: list[dict[str, bool | None]],
) -> None:
    """What could not be found out changes nothing."""
    looks = [
        (timedelta(minutes=5), Seen(conditions=[condition(k, v) for k, v in one.items()]))
        for one in history
    ]
    titles = [notice.title for _, notices in told(looks) for notice in notices]
    for key in "abc":
        known = [False, *(one[key] for one in history if one[key] is not None)]
        changes = [now for before, now in pairwise(known) if before != now]
        expected = [f"{key} {'began' if now else 'ended'}" for now in changes]
        assert [title for title in titles if title.startswith(key)] == expected


@settings(max_examples=60, deadline=None)
@given(st.lists(_holds, max_size=30), st.integers(0, 4))
def test_patience_is_counted_from_when_it_was_seen_first(
    history: list[bool | None], patience: int
) -> None:
    minutes = timedelta(minutes=1)
    looks = [
        (minutes, Seen(conditions=[condition("a", holds, patience * minutes)])) for holds in history
    ]
    begun, was_told, expected = None, False, list[str]()
    for place, holds in enumerate(history):
        if holds is False:
            expected += ["a ended"] if was_told else []
            begun, was_told = None, False
        elif holds:
            begun = place if begun is None else begun
            if place - begun >= patience and not was_told:
                expected.append("a began")
                was_told = True
    assert [notice.title for _, notices in told(looks) for notice in notices] == expected


def test_looks_that_leave_conditions_out_change_nothing() -> None:
    looks = [
        (REMIND, Seen(conditions=[condition("a", True)])),
        (REMIND, Seen()),
        (REMIND, Seen(conditions=[condition("a", True)])),
    ]
    assert [len(notices) for _, notices in told(looks)] == [1, 0, 0]


def test_a_condition_that_is_no_longer_watched_is_forgotten_in_silence() -> None:
    looks = [
        (REMIND, Seen(conditions=[condition("a", True)])),
        (REMIND, Seen(conditions=[])),
        (REMIND, Seen(conditions=[condition("a", True)])),
    ]
    assert [len(notices) for _, notices in told(looks)] == [1, 0, 1]


_event = st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["cause 1", "cause x", None]))
_history = st.lists(
    st.tuples(st.integers(1, 30), st.lists(_event, max_size=4)), min_size=1, max_size=25
)


@settings(max_examples=60, deadline=None)
@given(_history)
def test_every_failed_run_is_counted_once_and_no_cause_is_told_too_often(
    history: list[tuple[int, list[tuple[str, str | None]]]],
) -> None:
    """An event without a cause is a success, behind the failures of its look."""
    now, looks, number = START, list[Look](), 0
    failed: Counter[str] = Counter()
    for hours, events in history:
        now += timedelta(hours=hours)
        failures: list[Failure] = []
        for subject, cause in events:
            if cause is not None:
                number += 1
                failures.append(failure(subject, number, now, cause))
                failed[cause_key(failures[-1])] += 1
        succeeded = {subject: now for subject, cause in events if cause is None}
        looks.append((timedelta(hours=hours), Seen(failures, succeeded)))
    last: dict[str, datetime] = {}
    counted: Counter[str] = Counter()
    for (at, notices), (_, seen) in zip(told(looks), looks, strict=True):
        keys = {one.run_id: cause_key(one) for one in seen.failures}
        for notice in notices:
            facts = dict(notice.facts)
            if notice.kind == "recovered":
                subject = notice.title.partition(":")[0]
                last = {key: when for key, when in last.items() if key.split("\n")[0] != subject}
                continue
            key = keys[facts["run"]]
            assert (key in last) == (notice.kind == "failed again")
            assert key not in last or at - last[key] >= REMIND
            last[key] = at
            counted[key] += int(facts.get("failed runs", "1").split()[0])
        assert all(key in last for key in keys.values())
    assert all(counted[key] <= failed[key] for key in counted)


@settings(max_examples=40, deadline=None)
@given(_history)
def test_a_notice_has_an_id_of_its_own(
    history: list[tuple[int, list[tuple[str, str | None]]]],
) -> None:
    now, looks, number = START, list[Look](), 0
    for hours, events in history:
        now += timedelta(hours=hours)
        failures = [
            failure(subject, number := number + 1, now, cause)
            for subject, cause in events
            if cause is not None
        ]
        looks.append((timedelta(hours=hours), Seen(failures, {s: now for s, c in events if not c})))
    ids = [notice.id for _, notices in told(looks) for notice in notices]
    assert len(set(ids)) == len(ids)


def test_numbers_in_a_cause_make_no_other_cause() -> None:
    one = failure("a", 1, START, "no answer in 3.2 s from port 5432")
    other = replace(one, run_id="x", cause="no answer in 30 s from port 5432")
    assert cause_key(one) != cause_key(replace(one, cause="refused"))
    assert cause_key(replace(one, cause="after 3 s")) == cause_key(
        replace(other, cause="after 7 s")
    )


def test_what_is_remembered_does_not_grow_without_end() -> None:
    failures = [failure(f"job {number}", number, START) for number in range(600)]
    _, state = decide(AlertState(), Seen(failures), START, REMIND)
    assert len(state.problems) == 500
