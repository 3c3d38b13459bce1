"""Which tasks are due: the rules one by one, and then simulated months with a model by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.loader.definition.parts import RunSettings
from kada_dagster.loader.due import Seen, Verdict, verdicts

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


def at(hours_ago: float) -> datetime:
    return NOW - hours_ago * HOUR


def loaded(hours_ago: float, minutes: float = 6) -> Seen:
    """A task whose last run ended well."""
    end = at(hours_ago)
    begin = end - timedelta(minutes=minutes)
    return Seen(begin, end, begin - timedelta(seconds=5), end)


def failed(hours_ago: float, before: float | None = None) -> Seen:
    """A task whose last run failed, after one that ended well, or none."""
    good = loaded(before) if before is not None else Seen()
    return replace(good, began=at(hours_ago) - timedelta(minutes=5), ended=at(hours_ago))


def working(hours: float, before: float | None = None) -> Seen:
    return replace(failed(hours, before), ended=None, is_at_work=True)


def one(run: dict[str, Any], own: Seen, now: datetime = NOW, **masters: Seen) -> Verdict:
    """The verdict on a task `t` that depends on masters nothing calls for."""
    runs = {"t": RunSettings(**run), **{name: RunSettings() for name in masters}}
    waits_for = {"t": tuple(masters), **dict.fromkeys(masters, ())}
    return verdicts(runs, waits_for, {"t": own, **masters}, now)["t"]


def all_of(runs: Mapping[str, tuple[dict[str, Any], str]], **seen: Seen) -> dict[str, str]:
    """State and reason of each task, given as settings and the tasks it depends on."""
    settings_of = {name: RunSettings(**run) for name, (run, _) in runs.items()}
    waits_for = {name: tuple(masters.split()) for name, (_, masters) in runs.items()}
    found = verdicts(settings_of, waits_for, seen, NOW)
    return {name: f"{one.state} {one.why}".rstrip() for name, one in found.items()}


def test_a_task_nothing_is_said_of_runs_by_hand() -> None:
    assert one({}, Seen()) == Verdict("manual")
    assert one({"windows": ["00:00-24:00"]}, loaded(100)) == Verdict("manual")


def test_a_tick_that_no_run_has_begun_after_is_a_reason() -> None:
    daily = {"cron": "0 5 * * *"}
    assert one(daily, Seen()) == Verdict("due", "cron at 2026-03-10 05:00:00")
    assert one(daily, loaded(20)).state == "due"
    assert one(daily, loaded(6)).state == "early"


def test_a_tick_during_a_run_is_not_lost() -> None:
    daily = {"cron": "0 5 * * *"}
    began_before = loaded(6.5, minutes=60)
    assert one(daily, began_before) == Verdict("due", "cron at 2026-03-10 05:00:00")
    assert one(daily, working(7.5)).state == "working"


@pytest.mark.parametrize(
    ("run", "masters"),
    [
        ({"cron": "0 5 * * *"}, {}),
        ({"cron": "0 5 * * *", "pause": "1 hour"}, {}),
        ({"pause": "1 hour"}, {}),
        ({}, {"m": loaded(2)}),
    ],
)
def test_a_clock_that_was_set_back_stops_no_loads(
    run: dict[str, Any], masters: dict[str, Seen]
) -> None:
    ahead = loaded(-300 * 24)  # while the clock was most of a year ahead
    assert one(run, ahead, **masters).state == "due"
    assert one(run, failed(-300 * 24, before=30), **masters).state == "due"


def test_a_clock_that_was_set_back_makes_nothing_due_for_ever() -> None:
    assert one({}, loaded(1), m=loaded(-300 * 24)).state == "early"


def test_a_run_that_failed_is_not_made_again_before_the_next_tick() -> None:
    assert one({"cron": "0 5 * * *"}, failed(6, before=30)).state == "early"
    assert one({"cron": "0 * * * *"}, failed(0.5, before=30)).state == "due"


def test_a_pause_counts_from_the_end_of_the_last_run_however_it_ended() -> None:
    pause = {"pause": "3 hours"}
    assert one(pause, Seen()) == Verdict("due", "no load at 2026-03-10 12:00:00")
    assert one(pause, loaded(2)) == Verdict("pausing", "until 2026-03-10 13:00:00")
    assert one(pause, failed(2)).state == "pausing"
    assert one(pause, loaded(3)) == Verdict("due", "pause since 2026-03-10 09:00:00")


def test_a_pause_holds_back_a_cron_and_does_not_lose_the_tick() -> None:
    often = {"cron": "0 * * * *", "pause": "3 hours"}
    assert one(often, loaded(2)).state == "pausing"
    assert one(often, loaded(3.5)).state == "due"


def test_outside_its_hours_a_task_is_held_back_and_does_not_lose_the_tick() -> None:
    night = {"cron": "0 5 * * *", "windows": ["22:00-06:00"], "timezone": "Europe/Tallinn"}
    assert one(night, loaded(48)) == Verdict("closed", "22:00-06:00")
    assert one(night, loaded(48), NOW + 8 * HOUR).state == "due"  # 22:00 in Tallinn


def test_something_loaded_since_the_last_run_is_a_reason() -> None:
    assert one({}, loaded(5), a=loaded(3), b=loaded(9)) == Verdict(
        "due", "a at 2026-03-10 09:00:00"
    )
    assert one({}, loaded(2), a=loaded(3), b=loaded(9)).state == "early"
    assert one({}, Seen(), a=loaded(300)).state == "due"


def test_something_loaded_while_the_task_was_reading_is_a_reason() -> None:
    assert one({}, loaded(2, minutes=60), a=loaded(2.5)).state == "due"


def test_something_loaded_by_the_same_run_before_the_task_is_no_reason() -> None:
    together = replace(loaded(2), began=at(4))
    assert one({}, together, a=replace(loaded(2.5), began=at(4))).state == "early"


def test_a_task_that_failed_waits_for_news_before_it_is_tried_again() -> None:
    assert one({}, failed(2, before=20), a=loaded(3)).state == "early"
    assert one({}, failed(2, before=20), a=loaded(1)).state == "due"


@pytest.mark.parametrize(
    ("master", "why"),
    [
        (Seen(), "a was never loaded"),
        (working(1, before=30), "a is at work"),
        (failed(1, before=5), "the last load of a failed"),
        (replace(loaded(5), is_blocked=True), "a check of a failed"),
        (replace(loaded(5), is_partial=True), "the last load of a failed"),
    ],
)
def test_a_task_waits_for_what_it_depends_on(master: Seen, why: str) -> None:
    assert one({"cron": "0 5 * * *"}, loaded(20), a=master) == Verdict("waiting", why)


def test_due_at_the_same_tick_the_task_depended_on_comes_first() -> None:
    daily = {"cron": "0 5 * * *"}
    tasks = {"a": (daily, ""), "b": (daily, "a")}
    assert all_of(tasks, a=loaded(20), b=loaded(20)) == {
        "a": "due cron at 2026-03-10 05:00:00",
        "b": "waiting a is due",
    }
    assert all_of(tasks, a=loaded(6), b=loaded(20))["b"] == "due cron at 2026-03-10 05:00:00"


def test_a_chain_in_the_middle_of_which_nothing_ticks_is_waited_for_whole() -> None:
    daily = {"cron": "0 5 * * *"}
    tasks = {"a": (daily, ""), "middle": ({}, "a"), "last": (daily, "middle")}
    seen = {"a": loaded(20), "middle": loaded(19), "last": loaded(18)}
    assert all_of(tasks, **seen)["last"] == "waiting a is due"
    assert all_of(tasks, **{**seen, "a": loaded(6)}) == {
        "a": "early",
        "middle": "due a at 2026-03-10 06:00:00",
        "last": "waiting middle is due",
    }
    assert all_of(tasks, **{**seen, "a": failed(6, before=20)})["last"] == (
        "waiting the last load of a failed"
    )


def test_what_pauses_or_is_out_of_its_hours_is_not_waited_for() -> None:
    hourly = {"cron": "0 * * * *"}
    for held_back in ({"pause": "20 hours"}, {"windows": ["00:00-01:00"]}):
        tasks = {"a": (hourly, ""), "middle": (held_back, "a"), "last": (hourly, "middle")}
        found = all_of(tasks, a=loaded(1.5), middle=loaded(10), last=loaded(2))
        assert found["last"].startswith("due")


def test_a_rare_task_is_not_waited_for_between_its_ticks() -> None:
    tasks = {"a": ({"cron": "0 5 * * 0"}, ""), "b": ({"cron": "0 5 * * *"}, "a")}
    assert all_of(tasks, a=loaded(50), b=loaded(20))["b"].startswith("due")


def test_two_causes_never_have_the_same_text() -> None:
    one_second = [at(1) + timedelta(microseconds=n) for n in (1, 2)]
    texts = {one({}, loaded(5), a=replace(loaded(1), loaded=end)).why for end in one_second}
    assert len(texts) == 2


@dataclass
class World:
    """A clock, tasks whose runs last and fail as they are told, and what a sensor would do."""

    runs: dict[str, RunSettings]
    waits_for: dict[str, tuple[str, ...]]
    minutes: dict[str, int]
    broken: set[tuple[str, int]]
    now: datetime = NOW
    seen: dict[str, Seen] = field(default_factory=dict[str, Seen])
    ends: dict[str, datetime] = field(default_factory=dict[str, datetime])
    begun: list[tuple[str, datetime, str]] = field(default_factory=list[tuple[str, datetime, str]])

    def step(self) -> None:
        """Five minutes pass: runs end, and what is due begins."""
        self.now += timedelta(minutes=5)
        for task, end in [*self.ends.items()]:
            if end <= self.now:
                self._finish(task, end)
        found = verdicts(self.runs, self.waits_for, self.seen, self.now)
        for task, verdict in found.items():
            if verdict.state == "due":
                self.begun.append((task, self.now, verdict.why))
                before = self.seen.get(task, Seen())
                self.seen[task] = replace(before, began=self.now, ended=None, is_at_work=True)
                self.ends[task] = self.now + timedelta(minutes=self.minutes[task])

    def _finish(self, task: str, end: datetime) -> None:
        del self.ends[task]
        seen = replace(self.seen[task], ended=end, is_at_work=False)
        attempt = sum(name == task for name, _, _ in self.begun)
        if (task, attempt) not in self.broken:
            seen = replace(seen, taken=seen.began, loaded=end)
        self.seen[task] = seen


def _run() -> st.SearchStrategy[dict[str, Any]]:
    crons = st.sampled_from([None, None, "0 * * * *", "0 */6 * * *", "30 2 * * *"])
    windows = st.sampled_from([[], [], ["22:00-06:00"], ["08:00-10:00", "20:00-21:00"]])
    pauses = st.sampled_from([None, None, "50 minutes", "7 hours"])
    return st.fixed_dictionaries({"cron": crons, "windows": windows, "pause": pauses})


@st.composite
def worlds(draw: st.DrawFn) -> World:
    names = ["a", "b", "c", "d"]
    runs = {name: RunSettings(**draw(_run())) for name in names}
    waits_for = {
        name: tuple(draw(st.lists(st.sampled_from(names[:place]), unique=True, max_size=2)))
        if place
        else ()
        for place, name in enumerate(names)
    }
    minutes = {name: draw(st.sampled_from([1, 5, 20, 90])) for name in names}
    broken = draw(st.sets(st.tuples(st.sampled_from(names), st.integers(1, 4)), max_size=3))
    return World(runs, waits_for, minutes, broken)


@settings(deadline=None, max_examples=25)
@given(world=worlds())
def test_in_random_worlds_no_promise_is_broken(world: World) -> None:
    for _ in range(12 * 48):
        before, began = dict(world.seen), len(world.begun)
        world.step()
        for task, moment, why in world.begun[began:]:
            _keeps_its_promises(world, task, moment, before)
            repeated = [w for t, _, w in world.begun[:began] if t == task]
            assert why not in repeated
    for task, run in world.runs.items():
        if run.cron == "0 * * * *" and not run.windows and run.pause is None:
            _missed_nothing(world, task)


def _keeps_its_promises(
    world: World, task: str, moment: datetime, before: Mapping[str, Seen]
) -> None:
    """What a task may count on when it begins by itself."""
    run, own = world.runs[task], before.get(task, Seen())
    hour = moment.hour + moment.minute / 60
    if run.windows == ["22:00-06:00"]:
        assert hour >= 22 or hour < 6
    elif run.windows:
        assert 8 <= hour < 10 or 20 <= hour < 21
    if run.pause is not None and own.ended is not None:
        assert moment - own.ended >= run.pause
    for master in world.waits_for[task]:
        seen = world.seen[master]
        assert seen.loaded is not None
        assert not seen.is_at_work
        assert not seen.has_failed


def _missed_nothing(world: World, task: str) -> None:
    """An hourly task that waits for nothing is there every hour, or its run took longer."""
    if world.waits_for[task]:
        return
    moments = [moment for name, moment, _ in world.begun if name == task]
    longest = timedelta(minutes=max(65, world.minutes[task] + 10))
    assert all(later - sooner <= longest for sooner, later in pairwise(moments))
