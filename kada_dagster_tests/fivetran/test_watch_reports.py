"""What was reported before is told from what was not, and every sync gets its run once."""

from __future__ import annotations

from collections.abc import Sequence

from kada_dagster.fivetran.watch.follow import FollowRule, Launch, Target, launches
from kada_dagster.fivetran.watch.identity import Completion
from kada_dagster.fivetran.watch.moments import SECOND, moment
from kada_dagster.fivetran.watch.reports import Report, Reported, reports
from kada_dagster.fivetran.watch.sightings import Sighting
from kada_dagster_tests.fivetran.watch_model import Listed

ZERO = 1_790_000_000 * SECOND


def at(seconds: float) -> int:
    return ZERO + round(seconds * SECOND)


def sighting(name: str, *syncs: tuple[str | None, float]) -> Sighting:
    connection = Listed(name, f"{name} db", moment(ZERO))
    done = [Completion(name, at(seconds), sync_id) for sync_id, seconds in syncs]
    return Sighting(connection, None, done)


def brief(found: Sequence[Report]) -> list[tuple[str, bool, bool]]:
    return [(one.completion.key, one.is_new, one.is_newest) for one in found]


def ask(
    found: Sequence[Report], *rules: FollowRule, coalesce: bool = True, known: str = ""
) -> list[Launch]:
    return launches(found, rules, coalesce=coalesce, is_known=lambda key: key == known)


def test_syncs_nobody_has_reported_are_one_batch() -> None:
    found = reports([sighting("a", ("x", 1), ("y", 2)), sighting("b", ("z", 3))], {})
    assert brief(found) == [("a:x", True, False), ("a:y", True, True), ("b:z", True, True)]
    assert len({one.batch for one in found}) == 1
    assert found == reports([sighting("a", ("x", 1), ("y", 2)), sighting("b", ("z", 3))], {})


def test_what_the_sensor_reported_keeps_the_name_it_had_then() -> None:
    journal = {"a": [Reported(at(2), None, "b1")]}
    (one,) = reports([sighting("a", ("y", 2.2))], journal)
    assert (one.completion.key, one.is_new, one.batch) == (f"a:{at(2)}", False, "b1")


def test_what_is_older_than_what_the_sensor_reported_is_covered_by_that() -> None:
    journal = {"a": [Reported(at(9), None, "b1")]}
    found = reports([sighting("a", ("x", 1), ("y", 9))], journal)
    assert [one.completion.sync_id for one in found] == [None]


def test_a_run_that_reported_its_sync_covers_no_other() -> None:
    journal = {"a": [Reported(at(9), "y", None)]}
    found = reports([sighting("a", ("x", 1), ("y", 9))], journal)
    assert brief(found) == [("a:x", True, False), ("a:y", False, True)]
    assert found[1].batch == ""


def test_a_target_several_rules_name_runs_once() -> None:
    found = reports([sighting("a", ("x", 1)), sighting("b", ("z", 3))], {})
    rules = FollowRule(["a"], jobs=["j"]), FollowRule(["b db"], jobs=["j"], assets=["m/t", "m/s"])
    job, assets = ask(found, *rules)
    assert job.target == Target("job", ("j",))
    assert [one.completion.key for one in job.reports] == ["a:x", "b:z"]
    assert assets.target == Target("assets", ("m/s", "m/t"))
    assert [one.completion.key for one in assets.reports] == ["b:z"]
    assert job.key != assets.key


def test_a_connection_no_rule_names_is_followed_by_nothing() -> None:
    found = reports([sighting("a", ("x", 1))], {})
    assert ask(found, FollowRule(["b"], jobs=["j"])) == []


def test_one_by_one_each_sync_has_a_run_by_its_own_name() -> None:
    found = reports([sighting("a", ("x", 1), (None, 9))], {})
    keys = [one.key for one in ask(found, FollowRule(["*"], jobs=["j"]), coalesce=False)]
    assert keys == ["fivetran:j:a:x", f"fivetran:j:a:{at(9)}"]


def test_runs_of_a_tick_that_died_are_not_asked_for_again_if_they_are_there() -> None:
    rule = FollowRule(["*"], jobs=["j"])
    first = reports([sighting("a", ("x", 1)), sighting("b", ("z", 3))], {})
    (launch,) = ask(first, rule)
    journal = {"a": [Reported(at(1), "x", first[0].batch)]}
    again = reports([sighting("a", ("x", 1))], journal)
    assert ask(again, rule, known=launch.key) == []
    (alone,) = ask(again, rule)
    assert alone.key == "fivetran:j:a:x"
