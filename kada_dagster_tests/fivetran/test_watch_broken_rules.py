"""The simulation finds what it is for: with one rule of the watch broken, its score is red.

Each break is a mistake that was made elsewhere or nearly here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from kada_dagster.errors import ConnectionFailedError
from kada_dagster.fivetran.watch import comparison, identity, look
from kada_dagster.fivetran.watch.account import Watched
from kada_dagster.fivetran.watch.comparison import Advance, Comparison, compare, step
from kada_dagster.fivetran.watch.cursor import Seen
from kada_dagster.fivetran.watch.moments import micros
from kada_dagster_tests.fivetran import watch_model
from kada_dagster_tests.fivetran.watch_model import Listed, ModelAccount, ModelDaemon
from kada_dagster_tests.fivetran.watch_score import Mode, Score, simulate

SEEDS, SYNCS = 5, 250


def score(mode: Mode, *, failing: float = 0.1, seeds: int = SEEDS, syncs: int = SYNCS) -> Score:
    """Of a few accounts, each with both kinds of runs."""
    scores = (
        simulate(seed, mode, coalesce=coalesce, wanted=syncs, failing=failing)
        for seed in range(seeds)
        for coalesce in (True, False)
    )
    return sum(scores, Score())


@pytest.mark.parametrize("mode", ["newest hidden", "timestamps"])
def test_with_all_rules_in_place_the_score_of_these_accounts_is_clean(mode: Mode) -> None:
    assert score(mode).is_clean
    assert score(mode, failing=0.6).is_clean


def test_one_timestamp_for_success_and_failure_misses_syncs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def newest_of_both(before: Seen, one: Watched) -> Advance | None:
        succeeded, failed = micros(one.succeeded_at), micros(one.failed_at)
        if (succeeded or 0) < (failed or 0):
            succeeded = before.succeeded
        moved = step(max(before.succeeded or 0, before.failed or 0) or None, succeeded)
        failure = step(before.failed, failed)
        return Advance(one, moved, failure) if moved or failure else None

    monkeypatch.setattr(comparison, "_advance", newest_of_both)
    assert score("timestamps").missed > 0


def test_a_connection_made_at_the_moment_of_the_first_look_is_not_new_if_the_rule_is_strict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def merged() -> int:
        return sum(
            simulate(seed, "history", coalesce=False, wanted=100, quiet=True).merged
            for seed in range(SEEDS)
        )

    assert merged() == 0
    monkeypatch.setattr(comparison, "is_new", lambda created, since: (created or 0) > since)
    assert merged() > 0


def test_a_cursor_that_knows_what_was_not_reported_misses_syncs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def eager(*args: Any, **options: Any) -> Comparison:
        found = compare(*args, **options)
        newest = {
            one.connection.id: Seen(
                micros(one.connection.succeeded_at), micros(one.connection.failed_at)
            )
            for one in found.advances
        }
        cursor = replace(found.cursor, seen={**found.cursor.seen, **newest})
        return replace(found, cursor=cursor)

    monkeypatch.setattr(look, "compare", eager)
    assert score("timestamps").missed > 0


def test_without_the_guard_a_history_that_lags_hides_the_newest_sync(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(identity, "lacks_newest", lambda found, succeeded: not found)
    assert score("newest hidden").missed > 0


def test_a_list_that_failed_half_way_is_not_a_short_list(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ModelAccount.connections

    def as_far_as_it_got(account: ModelAccount) -> Iterable[Listed]:
        found: list[Listed] = []
        try:
            for one in whole(account):
                found.append(one)
        except ConnectionFailedError:
            return found
        return found

    monkeypatch.setattr(ModelAccount, "connections", as_far_as_it_got)
    assert score("timestamps", failing=0.6, seeds=30, syncs=40).missed > 0


def test_without_a_look_at_what_was_reported_a_crash_reports_it_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ModelDaemon, "_journal", lambda daemon, one: [])
    assert score("history").double > 0


def test_run_keys_that_name_the_tick_ask_for_runs_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = watch_model.launches
    ticks = iter(range(10**9))

    def keyed_by_tick(*args: Any, **options: Any) -> list[Any]:
        tick = next(ticks)
        return [replace(one, key=f"{one.key}:{tick}") for one in plain(*args, **options)]

    monkeypatch.setattr(watch_model, "launches", keyed_by_tick)
    assert score("history").double > 0
