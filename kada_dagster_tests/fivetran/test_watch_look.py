"""A look: how much of what advanced is reported, what waits, and what it says in one line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest

from kada_dagster.errors import ConnectionFailedError
from kada_dagster.fivetran.watch.cursor import Cursor, Seen
from kada_dagster.fivetran.watch.look import PAUSE, take_look
from kada_dagster.fivetran.watch.moments import SECOND, micros, moment
from kada_dagster.fivetran.watch.patience import OWN_PATIENCE, PATIENCE
from kada_dagster.fivetran.watch.sightings import Look, LookOptions
from kada_dagster.fivetran.watch.situation import situation
from kada_dagster_tests.api.manual_clock import ManualClock
from kada_dagster_tests.fivetran.watch_model import Listed, ModelSync

T = 1_790_000_000


def at(seconds: float) -> int:
    return T * SECOND + round(seconds * SECOND)


@dataclass
class Rows:
    """An account of a few rows.

    Attributes:
        rows: the list.
        histories: by connection; None: there is none; an error is raised.
        asked: connection, start and end, in seconds after `T`.
        clock: moves by so many seconds with every history.
        slow: those seconds.
    """

    rows: Sequence[Listed]
    histories: dict[str, Any] = field(default_factory=dict[str, Any])
    asked: list[tuple[str, float, float]] = field(default_factory=list[Any])
    clock: ManualClock = field(default_factory=ManualClock)
    slow: float = 0.0

    def connections(self) -> Iterable[Listed]:
        return self.rows

    def history(self, connection_id: str, start: datetime, end: datetime) -> Any:
        seconds = [(micros(one) - T * SECOND) / SECOND for one in (start, end)]
        self.asked.append((connection_id, seconds[0], seconds[1]))
        self.clock.sleep(self.slow)
        found = self.histories.get(connection_id, [])
        if isinstance(found, Exception):
            raise found
        return found


def row(name: str, good: float | None = None, bad: float | None = None, **more: Any) -> Listed:
    succeeded, failed = (None if one is None else moment(at(one)) for one in (good, bad))
    return Listed(name, f"{name}_db", moment(at(-9e6)), succeeded, failed, **more)


def look(
    account: Rows,
    now: float = 100,
    busy: Sequence[str] = (),
    cursor: Cursor | None = None,
    **options: Any,
) -> Look:
    """A look by a sensor that reported all rows at second 0."""
    known = cursor or Cursor(at(0), {one.id: Seen(at(0), at(0)) for one in account.rows})
    return take_look(
        account,
        known,
        LookOptions(**options),
        now=T + round(now),
        busy=lambda: busy,
        clock=account.clock,
    )


def sync(name: str, end: float) -> ModelSync:
    return ModelSync("", name, at(end - 9), at(end), at(end))


def test_what_is_reported_is_in_the_cursor_and_nothing_else() -> None:
    account = Rows([row("a", 5, 0), row("b", 6, 0), row("c", 7, 0)])
    found = look(account, most=2)
    assert [one.connection.id for one in found.sightings] == ["a", "b"]
    assert list(found.waiting) == ["c"]
    assert found.cursor.seen == {
        "a": Seen(at(5), at(0)),
        "b": Seen(at(6), at(0)),
        "c": Seen(at(0), at(0)),
    }


def test_of_a_connection_with_more_syncs_than_there_is_room_for_the_oldest_are_reported() -> None:
    account = Rows([row("a", 40)], {"a": [sync("x", 20), sync("y", 30), sync("z", 40)]})
    found = look(account, most=2)
    assert [one.sync_id for one in found.sightings[0].completions] == ["x", "y"]
    rest = look(account, cursor=found.cursor)
    assert [one.sync_id for one in rest.sightings[0].completions] == ["z"]


def test_syncs_that_weigh_much_leave_less_room() -> None:
    account = Rows([row("a", 5), row("b", 6), row("c", 7)])
    found = look(account, weight=lambda name: 600 if name == "b" else 1, most_events=500)
    assert [one.connection.id for one in found.sightings] == ["a", "b"]


def test_the_history_is_asked_for_from_what_was_reported_to_what_is_new() -> None:
    account = Rows([row("a", 500), row("b", 0, 700), row("c", 500, 700)])
    look(account)
    assert account.asked == [("a", -2, 502), ("b", -2, 702), ("c", -2, 702)]


def test_of_a_connection_never_reported_it_is_asked_for_since_its_making_or_for_days() -> None:
    account = Rows([row("a", 500), replace(row("b", 500), created_at=moment(at(400)))])
    look(account, cursor=Cursor(at(0), {"a": Seen(), "b": Seen()}))
    assert account.asked == [("a", 500 - 6 * 86_400 - 2, 502), ("b", 398, 502)]


def test_when_the_time_is_up_the_others_wait() -> None:
    account = Rows([row("a", 5), row("b", 6), row("c", 7)], slow=20)
    found = look(account, seconds=35)
    assert [one.connection.id for one in found.sightings] == ["a", "b"]
    assert list(found.waiting) == ["c"]


def test_without_histories_the_time_does_not_matter() -> None:
    account = Rows([row("a", 5)])
    found = look(account, seconds=0, history="never")
    assert [one.connection.id for one in found.sightings] == ["a"]


@pytest.mark.parametrize(("age", "waits"), [(PATIENCE - 1, True), (PATIENCE, False)])
def test_a_success_waits_for_its_history_for_some_minutes(age: int, waits: bool) -> None:
    account = Rows([row("a", 5)], {"a": ConnectionFailedError("away")})
    found = look(account, now=5 + age)
    assert bool(found.waiting) is waits
    assert [len(one.completions) for one in found.sightings] == ([] if waits else [1])


def test_a_wait_is_counted_from_the_first_success_that_was_held_back() -> None:
    away = {"a": ConnectionFailedError("away")}
    held = look(Rows([row("a", 5, 0)], away), now=10)
    assert held.cursor.seen["a"] == Seen(at(0), at(0), waits=at(5))
    young = Rows([row("a", 590, 0)], away)
    assert look(young, now=600, cursor=held.cursor).waiting
    found = look(young, now=5 + PATIENCE, cursor=held.cursor)
    assert found.cursor.seen["a"] == Seen(at(590), at(0))
    later = look(Rows([row("a", 900, 0)], away), now=910, cursor=found.cursor)
    assert later.cursor.seen["a"].waits == at(900)


def test_a_connection_made_anew_does_not_wait_for_what_the_old_one_did() -> None:
    away = {"a": ConnectionFailedError("away")}
    held = look(Rows([row("a", 5)], away), now=10)
    assert look(Rows([row("a")], away), cursor=held.cursor).cursor.seen["a"].waits is None


def test_histories_that_fail_end_no_look_and_come_last_in_the_next() -> None:
    names = "abcde"
    account = Rows([row(n, 5) for n in names], {n: ConnectionFailedError("away") for n in "abcd"})
    found = look(account)
    assert [one for one, *_ in account.asked] == list(names)
    assert list(found.waiting) == list("abcd")
    assert found.cursor.failing == set("abcd")
    account.asked.clear()
    account.rows = [row(name, 50) for name in names]
    look(account, cursor=found.cursor)
    assert [one for one, *_ in account.asked] == list("eabcd")


def test_one_whose_patience_is_over_keeps_its_turn() -> None:
    account = Rows([row("a", 5), row("b", 6)], {"a": ConnectionFailedError("away")}, slow=20)
    held = look(account)
    found = look(account, now=5 + PATIENCE, cursor=held.cursor, most=1)
    assert [one.connection.id for one in found.sightings] == ["a"]


def test_no_time_to_ask_is_a_wait_and_no_failure_of_the_history() -> None:
    found = look(Rows([row("a", 5)]), seconds=0)
    assert found.cursor.seen["a"].waits == at(5)
    assert found.cursor.failing == frozenset()


@pytest.mark.parametrize(("age", "waits"), [(OWN_PATIENCE - 1, True), (OWN_PATIENCE, False)])
def test_a_success_waits_for_the_run_that_started_it(age: int, waits: bool) -> None:
    account = Rows([row("a", 5, 3)])
    found = look(account, now=5 + age, busy=["a"])
    assert bool(found.waiting) is waits
    assert found.sightings[0].failure is not None
    assert len(found.sightings[0].completions) == (0 if waits else 1)
    since = at(5) if waits else None
    assert found.cursor.seen["a"] == Seen(at(0 if waits else 5), at(3), waits=since)


def test_ages_go_by_the_clock_of_the_api() -> None:
    account = Rows([row("a", 5, seen_at=moment(at(6)))], {"a": ConnectionFailedError("away")})
    found = look(account, now=9_000)
    assert list(found.waiting) == ["a"]
    assert found.ahead == 8_994


def test_three_connections_without_history_make_an_account_without() -> None:
    account = Rows([row(name, 5) for name in "abcde"], dict.fromkeys("abcde"))
    found = look(account)
    assert len(account.asked) == 3
    assert len(found.sightings) == 5
    assert found.cursor.no_history_until == T + 100 + PAUSE
    later = Rows([row("a", 50)])
    look(later, cursor=found.cursor)
    assert later.asked == []
    look(later, cursor=found.cursor, history="always")
    look(later, cursor=found.cursor, now=100 + PAUSE)
    assert len(later.asked) == 2


def test_a_clock_that_was_set_back_keeps_no_history_from_being_asked_for() -> None:
    account = Rows([row("a", 5, 0)])
    until = Cursor(at(0), {"a": Seen(at(0), at(0))}, no_history_until=T + 100 + PAUSE + 1)
    look(account, cursor=until)
    assert len(account.asked) == 1


def test_one_connection_without_history_says_nothing_of_the_account() -> None:
    account = Rows([row(name, 5) for name in "abcde"], {"a": None, "b": None, "d": None, "e": None})
    assert look(account).cursor.no_history_until == 0
    assert len(account.asked) == 5


def test_a_list_that_fails_is_an_error_and_no_look() -> None:
    class Broken(Rows):
        def connections(self) -> Iterable[Listed]:
            yield self.rows[0]
            raise ConnectionFailedError("away")

    with pytest.raises(ConnectionFailedError):
        look(Broken([row("a", 5)]))


def test_a_line_names_what_keeps_connections_from_syncing() -> None:
    until = moment(at(900))
    rows = [
        row("a", paused=True),
        row("b", sync_state="rescheduled", rescheduled_for=until),
        row("c", setup_state="incomplete"),
        *(row(f"d{number}", setup_state="broken") for number in range(7)),
    ]
    cursor = Cursor(at(0), {one.id: Seen() for one in rows})
    assert situation(look(Rows(rows), cursor=cursor), 1) == (
        "10 connections in 1 call: no sync has completed since the last look; paused: a_db; "
        f"rescheduled: b_db until {until:%Y-%m-%d %H:%M:%S} UTC; "
        "broken: d0_db, d1_db, d2_db, d3_db, d4_db and 2 more; incomplete: c_db"
    )
