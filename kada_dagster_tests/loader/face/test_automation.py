"""The sensor over real runs on a real instance: what it launches, and why it launches nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test
from sqlalchemy import event
from sqlalchemy.engine import Engine

from kada_dagster.loader.automation import build_sensor, longest_run, look
from kada_dagster_tests.loader.databases import Ends
from kada_dagster_tests.loader.face.location import Location
from kada_dagster_tests.loader.face.test_runs import Faulty

Make = Callable[..., Location]
HOURLY = "mode: full\nsource: {table: public.s}\ntarget: {ddl: auto}\nrun: {cron: '0 * * * *'"
FOLLOWS = "mode: sql\nsql: q.sql\ntarget: {ddl: auto}\ndepends: [public.t]\n"
FOLLOWS_FILE = {"routes/erp/public/top/q.sql": "SELECT count(*) AS n FROM public.t"}
DAYS = 'split: {by: at, every: day, start: "2026-01-01"}\n'


def source(ends: Ends) -> None:
    ends.at_source("CREATE TABLE s AS SELECT 1 AS id, '2026-01-01 00:00+00'::timestamptz AS at")


def asked(place: Location, later: timedelta = timedelta()) -> list[dg.RunRequest]:
    """What a look launches, some time from now."""
    found = answer(place, later)
    return found if isinstance(found, list) else []


def answer(place: Location, later: timedelta = timedelta()) -> list[dg.RunRequest] | dg.SkipReason:
    now = datetime.now(timezone.utc) + later
    with dg.build_sensor_context(instance=place.dagster) as context:
        return look(context, place.instance(), now)


def selected(requests: list[dg.RunRequest]) -> list[str]:
    return [key.to_user_string() for one in requests for key in one.asset_selection or ()]


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SQL Dagster's storage runs, without SQLite's own business."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("PRAGMA"):
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_what_is_due_becomes_a_run_each_with_its_own_tags(location: Make) -> None:
    place = location(
        public__a=HOURLY + "}\n",
        public__b=HOURLY + ", priority: 5, time_limit: 10 minutes}\n",
        public__c="mode: full\nsource: {table: public.s}\n",
    )
    first, second = asked(place)
    assert selected([first, second]) == ["public/b", "public/a"]
    assert first.tags == {
        "kada/load": "public.b",
        "dagster/priority": "5",
        "dagster/max_runtime": str(4 * 600 + 30 + 60 + 120 + 300),
    }
    assert second.tags == {"kada/load": "public.a"}
    assert first.run_key is not None
    assert first.run_key.startswith("dwh:public.b:cron at 20")


def test_dagster_takes_what_the_sensor_asks_for(location: Make) -> None:
    checks = "checks: {row_count: {}}\n"
    place = location(public__a=HOURLY + "}\n" + checks, public__d=HOURLY + "}\n" + DAYS)
    definitions = place.definitions()
    (sensor,) = definitions.sensors or []
    assert isinstance(sensor, dg.SensorDefinition)
    assert (sensor.name, sensor.default_status) == (
        "dwh_load_sensor",
        dg.DefaultSensorStatus.STOPPED,
    )
    with dg.build_sensor_context(
        instance=place.dagster,
        repository_def=definitions.get_repository_def(),
    ) as context:
        tick = sensor.evaluate_tick(context)
    assert tick.run_requests is not None
    assert sorted(selected(list(tick.run_requests))) == ["public/a", "public/d"]
    asked_checks = [key for one in tick.run_requests for key in one.asset_check_keys or ()]
    assert asked_checks == [dg.AssetCheckKey(dg.AssetKey(["public", "a"]), "row_count")]
    (ranged,) = [one for one in tick.run_requests if "public.d" in one.tags["kada/load"]]
    assert ranged.tags["dagster/asset_partition_range_start"] == "2026-01-01"


@pytest.mark.parametrize("split", ["start: 2011-01-01", "start: 2060-01-01"])
def test_a_task_whose_ranges_cannot_be_told_keeps_no_other_waiting(
    location: Make, split: str
) -> None:
    """Too many hours by now, or none yet."""
    place = location(
        public__a=HOURLY + "}\n",
        public__d=HOURLY + "}\n" + f"split: {{by: at, every: hour, {split}}}",
    )
    assert selected(asked(place)) == ["public/a"]


def test_what_was_loaded_since_the_tick_is_left_alone(location: Make, ends: Ends) -> None:
    source(ends)
    place = location(public__t=HOURLY + "}\n")
    assert place.run("public.t").success
    found = answer(place)
    assert isinstance(found, dg.SkipReason)
    assert found.skip_message == "dwh: 1 tasks, 1 early"
    assert selected(asked(place, timedelta(hours=1))) == ["public/t"]


def test_a_task_follows_what_it_depends_on(location: Make, ends: Ends) -> None:
    source(ends)
    place = location({"files": FOLLOWS_FILE}, public__t=HOURLY + "}\n", public__top=FOLLOWS)
    assert selected(asked(place)) == ["public/t"]
    assert place.run("public.t").success
    assert selected(asked(place)) == ["public/top"]
    assert place.run("public.top").success
    assert asked(place) == []
    assert place.run("public.t", "public.top").success
    assert asked(place) == []


def test_a_task_whose_run_failed_waits_and_holds_back_others(location: Make, ends: Ends) -> None:
    source(ends)
    place = location({"files": FOLLOWS_FILE}, public__t=HOURLY + "}\n", public__top=FOLLOWS)
    assert place.run("public.t").success
    ends.at_source("DROP TABLE s")
    assert not place.run("public.t").success
    found = answer(place)
    assert isinstance(found, dg.SkipReason)
    assert "public.top: waiting, the last load of public.t failed" in str(found.skip_message)


def test_a_task_that_runs_or_waits_for_its_turn_is_at_work(location: Make, ends: Ends) -> None:
    place = location(public__t=HOURLY + "}\n")
    keys = frozenset([dg.AssetKey(["public", "t"])])
    run = create_run_for_test(
        place.dagster, "__ASSET_JOB", asset_selection=keys, status=dg.DagsterRunStatus.STARTED
    )
    assert answer(place).skip_message == "dwh: 1 tasks, 1 working"  # pyright: ignore
    place.dagster.report_run_canceled(run)
    assert selected(asked(place)) == ["public/t"]


def test_a_failed_blocking_check_holds_back_what_follows(location: Make, ends: Ends) -> None:
    source(ends)
    ends.at_source("UPDATE s SET at = NULL")
    task = HOURLY + "}\nchecks: {not_null: [at], blocking: true}\n"
    place = location({"files": FOLLOWS_FILE}, public__t=task, public__top=FOLLOWS)
    place.run("public.t")
    assert len(place.events("public.t")) == 1
    assert "waiting, a check of public.t failed" in str(answer(place))
    ends.at_source("UPDATE s SET at = now()")
    assert place.run("public.t").success
    assert selected(asked(place)) == ["public/top"]


def test_ranges_that_are_missing_are_asked_for_and_then_those_that_were_open(
    location: Make, ends: Ends
) -> None:
    source(ends)
    start = datetime.now(timezone.utc) - timedelta(days=9)
    days = [(start + timedelta(days=n)).strftime("%Y-%m-%d") for n in range(11)]
    split = f'split: {{by: at, every: day, start: "{days[0]}"}}\n'
    place = location(public__t=HOURLY + "}\n" + split)
    (request,) = asked(place)
    begin, end = (request.tags[f"dagster/asset_partition_range_{at}"] for at in ("start", "end"))
    assert (begin, end) == (days[0], days[9])
    assert place.run("public.t", first=days[0], last=days[3]).success
    assert place.run("public.t", first=days[5], last=days[9]).success
    found = asked(place, timedelta(hours=1))
    tomorrow = [one.tags.get("dagster/partition") for one in found]
    if datetime.now(timezone.utc).hour < 23:
        assert tomorrow == [days[4], days[9]]
    (gap, rest) = asked(place, timedelta(days=1))
    assert gap.tags["dagster/partition"] == days[4]
    assert rest.tags["dagster/asset_partition_range_start"] == days[9]
    assert rest.tags["dagster/asset_partition_range_end"] == days[10]
    assert gap.run_key != rest.run_key


def test_one_look_asks_for_no_more_than_it_may(location: Make) -> None:
    tasks = {f"public__t{n}": HOURLY + f", priority: {n}}}\n" for n in range(5)}
    place = location({"fields": {"sensor": {"max_runs": 2, "enabled": True}}}, **tasks)
    assert selected(asked(place)) == ["public/t4", "public/t3"]
    sensor = build_sensor(place.instance())
    assert sensor is not None
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING


def test_the_runs_of_a_task_are_asked_for_in_one_look(location: Make, ends: Ends) -> None:
    source(ends)
    start = datetime.now(timezone.utc) - timedelta(days=4)
    days = [(start + timedelta(days=n)).strftime("%Y-%m-%d") for n in range(5)]
    split = f'split: {{by: at, every: day, start: "{days[0]}"}}\n'
    place = location(
        {"fields": {"sensor": {"max_runs": 2}}},
        public__a=HOURLY + ", priority: 5}\n",
        public__t=HOURLY + "}\n" + split,
    )
    assert place.run("public.t", first=days[0], last=days[1]).success
    assert place.run("public.t", partition=days[3]).success
    hour = timedelta(hours=1)
    assert selected(asked(place, hour)) == ["public/a"]  # the gap alone would leave out today
    keys = frozenset([dg.AssetKey(["public", "a"])])
    create_run_for_test(
        place.dagster, "__ASSET_JOB", asset_selection=keys, status=dg.DagsterRunStatus.STARTED
    )
    assert selected(asked(place, hour)) == ["public/t", "public/t"]


def test_the_number_of_questions_does_not_grow_with_the_tasks(location: Make, ends: Ends) -> None:
    source(ends)
    counts: list[int] = []
    for number in (2, 12):
        tasks = {f"public__t{n}": HOURLY + "}\n" for n in range(number)}
        place = location(**tasks)
        assert place.run(*(name.replace("__", ".") for name in tasks)).success
        answer(place)  # pools and the like are looked up once
        with statements() as seen:
            answer(place)
        counts.append(len(seen))
    assert counts == [4, 4]


def test_pools_get_the_limits_the_project_names(location: Make, tmp_path: Path) -> None:
    more = {"route": "source: erp\nmax_concurrent: 3\n"}
    dagster = dg.DagsterInstance.local_temp(str(tmp_path))
    place = location({**more, "dagster": dagster}, public__t=HOURLY + "}\n")
    storage = dagster.event_log_storage
    storage.set_concurrency_slots("kada_load_erp", 1)
    storage.set_concurrency_slots("other", 7)
    asked(place)
    limits = {pool.name: pool.limit for pool in storage.get_pool_limits()}
    assert limits == {"kada_load_erp": 3, "other": 7}
    with statements() as seen:
        asked(place)
    assert all(text.startswith("SELECT") for text in seen)
    dagster.dispose()


@pytest.mark.parametrize(("loads", "seconds"), [(1, 4 * 60 + 210), (10, 40 * 60 + 210)])
def test_a_run_may_take_all_its_attempts_and_pauses(
    location: Make, loads: int, seconds: int
) -> None:
    place = location(public__t=HOURLY + ", time_limit: 1 minute}\n")
    assert longest_run(place.instance().project.tasks["public.t"], loads) == seconds + 300


def test_a_run_that_loses_its_connection_for_good_is_made_again_at_the_next_tick(
    location: Make, ends: Ends
) -> None:
    source(ends)
    task = HOURLY + "}\nretries: {max_retries: 0}\n" + DAYS
    place = location({"files": FOLLOWS_FILE}, public__t=task, public__top=FOLLOWS)
    broken = {"dwh_loader": Faulty(ranges=["2026-01-02"])}
    assert not place.run(
        "public.t", first="2026-01-01", last="2026-01-03", resources=broken
    ).success
    assert len(place.events("public.t")) == 1
    assert "waiting, the last load of public.t failed" in str(answer(place))
    (request,) = asked(place, timedelta(hours=1))
    assert request.tags["dagster/asset_partition_range_start"] == "2026-01-02"
