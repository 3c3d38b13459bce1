"""What runs after syncs: assets, jobs, windows of a collector, alerts; each once for its syncs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from kada_dagster.config import registry
from kada_dagster.hwm.window import format_hwm
from kada_dagster.sandbox.fivetran import FivetranWorld, Outcome
from kada_dagster.sandbox.fivetran.clock import ManualClock
from kada_dagster_tests.collector.folder_source import FOLDER_TYPE
from kada_dagster_tests.fivetran.account_location import VARIABLES, tables
from kada_dagster_tests.fivetran.followed import Followed, followed

HOUR = 3600
JOB = "fivetran_followers_job"
REPORT, BOARD = dg.AssetKey(["marts", "report"]), dg.AssetKey("board")


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.SOURCE_TYPES, "folder", FOLDER_TYPE)  # type: ignore[arg-type]
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)


@dg.asset(key=REPORT)
def report() -> None:
    """Follows by a rule."""


@dg.asset(key=BOARD, deps=[REPORT])
def board() -> None:
    """Follows by a rule."""


@dg.asset(
    deps=[dg.AssetKey(["fivetran", "shop"])], automation_condition=dg.AutomationCondition.eager()
)
def eager_mart() -> None:
    """Follows by itself."""


MORE = dg.Definitions(assets=[report, board, eager_mart])


def world() -> FivetranWorld:
    """Two connections that sync at the same times, and one that does not by itself."""
    made = FivetranWorld()
    made.add_connection(id="shop", schema="shop_db", layout=lambda: tables(shop_db=["orders"]))
    made.add_connection(id="crm", layout=lambda: tables(crm=["account"]))
    made.add_connection(id="odd", schedule_type="manual", layout=lambda: tables(odd=["x"]))
    return made


def following(folder: Path, *rules: dict[str, Any], **fields: Any) -> Any:
    """An account in a location with assets of a user's own."""
    return followed(folder, world(), rules, **fields)


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Followed]:
    """Assets follow `shop`, a job follows all; the first look is done."""
    with following(
        tmp_path,
        {"connections": ["shop_db"], "assets": ["marts/report", "board"]},
        {"connections": ["*"], "jobs": ["fivetran_snapshot_job"]},
    ) as account:
        account.more = MORE
        account.tick()
        yield account


def test_assets_and_jobs_follow_the_syncs_of_their_connections(account: Followed) -> None:
    assert account.runs() == []
    account.world.advance(HOUR)
    account.tick()
    (assets,), (snapshot,) = account.runs(JOB), account.runs("fivetran_snapshot_job")
    assert assets.asset_selection == {REPORT, BOARD}
    sync = account.completed("shop")[-1]
    assert assets.tags["fivetran/connection_id"] == "shop"
    assert assets.tags["fivetran/sync_id"] == sync.sync_id
    assert assets.tags["fivetran/schema"] == "shop_db"
    assert assets.tags["fivetran/succeeded_at"].startswith(f"{sync.end:%Y-%m-%dT%H:%M:%S}")
    assert snapshot.tags["fivetran/connection_id"] == "crm,shop"
    account.tick()
    assert len(account.runs()) == 2


def test_only_connections_of_a_rule_are_followed(account: Followed) -> None:
    account.world.start_sync("odd")
    account.world.advance(100)
    account.tick()
    (run,) = account.runs()
    assert (run.job_name, run.tags["fivetran/connection_id"]) == ("fivetran_snapshot_job", "odd")


def test_what_follows_runs_in_the_jobs_of_the_definitions(account: Followed) -> None:
    account.world.advance(HOUR)
    (request,) = [one for one in account.tick().run_requests or () if one.job_name == JOB]
    job = account.definitions().get_repository_def().get_job(JOB)
    result = job.execute_in_process(
        instance=account.instance, asset_selection=list(request.asset_selection or ())
    )
    assert result.success
    assert result.asset_materializations_for_node("marts__report")


def test_syncs_between_two_looks_are_one_run_that_names_them_all(account: Followed) -> None:
    account.world.advance(4 * HOUR)
    account.tick()
    (run,) = account.runs(JOB)
    syncs = account.completed("shop")[-4:]
    assert run.tags["fivetran/sync_id"] == ",".join(sync.sync_id for sync in syncs)


def test_or_each_has_a_run_of_its_own(tmp_path: Path) -> None:
    rule = {"connections": ["shop"], "jobs": ["fivetran_snapshot_job"]}
    with following(tmp_path, rule, sensor={"coalesce": False}) as account:
        account.tick()
        account.world.advance(4 * HOUR)
        account.tick()
        ids = [run.tags["fivetran/sync_id"] for run in account.runs()]
        assert ids == [sync.sync_id for sync in account.completed("shop")[-4:]]


@pytest.mark.parametrize("dies", ["after one event", "after events", "after runs"])
def test_a_tick_that_died_leaves_each_sync_with_one_run(account: Followed, dies: str) -> None:
    account.world.advance(3 * HOUR)
    account.tick(dies=dies)  # type: ignore[arg-type]
    account.tick()
    account.tick()
    for job, connections in ((JOB, ["shop"]), ("fivetran_snapshot_job", ["shop", "crm"])):
        named = [one for run in account.runs(job) for one in syncs_of(run)]
        wanted = [sync.sync_id for name in connections for sync in account.completed(name)]
        assert sorted(named) == sorted(wanted)


def syncs_of(run: dg.DagsterRun) -> list[str]:
    return run.tags["fivetran/sync_id"].split(",")


def test_of_many_syncs_a_tag_names_as_many_as_a_database_takes(account: Followed) -> None:
    account.world.advance(40 * HOUR)
    account.tick()
    (run,) = account.runs(JOB)
    tag = run.tags["fivetran/sync_id"]
    assert len(tag) < 1020
    *named, more = tag.split(",")
    assert len(named) + int(more) == 40


def test_a_failed_sync_is_told_to_the_jobs_that_are_to_know(tmp_path: Path) -> None:
    with following(tmp_path, on_failure={"jobs": ["fivetran_snapshot_job"]}) as account:
        account.tick()
        account.world.script("shop", Outcome.failure())
        account.world.advance(HOUR)
        account.tick()
        account.tick()
        (run,) = account.runs()
        assert run.tags["fivetran/schema"] == "shop_db"
        assert run.tags["fivetran/failed_at"].startswith("2026-11-02T00:30:30")
        assert run.tags["fivetran/sync_id"] == account.world.syncs("shop")[-1].sync_id


def test_runs_that_started_a_sync_have_followers_too(account: Followed) -> None:
    account.world.advance(HOUR)
    sync = account.completed("shop")[-1]
    facts = {"fivetran/sync_id": sync.sync_id, "fivetran/succeeded_at": "2026-11-02T01:01:00Z"}
    event = dg.AssetMaterialization(dg.AssetKey(["fivetran", "shop"]), metadata=facts)
    account.instance.report_runless_asset_event(event)
    account.tick()
    assert len(account.materialized("shop")) == 1
    assert [syncs_of(run) for run in account.runs(JOB)] == [[sync.sync_id]]


def test_an_asset_downstream_that_is_eager_follows_by_itself(account: Followed) -> None:
    definitions = account.definitions()
    first = dg.evaluate_automation_conditions(definitions, account.instance)
    account.world.advance(HOUR)
    account.tick()
    found = dg.evaluate_automation_conditions(definitions, account.instance, cursor=first.cursor)
    assert first.total_requested == 0
    assert found.get_num_requested(dg.AssetKey("eager_mart")) == 1
    again = dg.evaluate_automation_conditions(definitions, account.instance, cursor=found.cursor)
    assert again.total_requested == 0


# --- collectors ----------------------------------------------------------------------------------


def docs(folder: Path, cron: str, start: datetime) -> dict[str, Any]:
    """A source of windows that begin at a moment."""
    (folder / "docs_source").mkdir(exist_ok=True)
    window = {"start": format_hwm(start), "cron": cron}
    return {"type": "folder", "name": "docs", "folder": "docs_source", "window": window}


def now() -> datetime:
    return datetime.now(timezone.utc)


@pytest.fixture
def collected(tmp_path: Path) -> Iterator[Followed]:
    """A collector of hourly windows follows all; three of them have closed."""
    start = now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
    living = FivetranWorld(ManualClock(now()))
    living.add_connection(id="shop", layout=lambda: tables(shop=["orders"]))
    rule = {"connections": ["*"], "collectors": ["docs"]}
    with followed(tmp_path, living, [rule], [docs(tmp_path, "0 * * * *", start)]) as account:
        account.tick()
        yield account


def test_a_collector_extracts_the_closed_windows_that_are_missing(collected: Followed) -> None:
    collected.world.start_sync("shop")
    collected.world.advance(100)
    collected.tick()
    (run,) = collected.runs()
    assert run.job_name == "docs_job"
    first = now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
    assert run.tags["dagster/asset_partition_range_start"] == format_hwm(first)
    assert run.tags["dagster/asset_partition_range_end"] == format_hwm(first + timedelta(hours=2))


def test_it_is_awaited_until_the_window_that_holds_the_sync_has_closed(
    collected: Followed,
) -> None:
    collected.world.start_sync("shop")
    collected.world.advance(100)
    collected.tick()
    assert list(collected.known.awaited) == ["docs"]
    collected.tick()
    assert len(collected.runs()) == 1


def test_a_mark_that_cannot_be_read_keeps_the_windows_awaited(
    collected: Followed, tmp_path: Path
) -> None:
    (tmp_path / "hwm").mkdir()
    mark = tmp_path / "hwm" / "docs_hwm.txt"
    mark.write_text("yesterday\n")
    collected.world.start_sync("shop")
    collected.world.advance(100)
    collected.tick()
    assert len(collected.materialized("shop")) == 1
    assert collected.runs() == []
    assert list(collected.known.awaited) == ["docs"]


def test_windows_that_closed_after_the_sync_are_asked_for_once(tmp_path: Path) -> None:
    living = FivetranWorld(ManualClock(now() - timedelta(days=2)))
    living.add_connection(id="shop", layout=lambda: tables(shop=["orders"]))
    rule = {"connections": ["*"], "collectors": ["docs"]}
    start = (now() - timedelta(days=4)).replace(hour=0, minute=0, second=0)
    with followed(tmp_path, living, [rule], [docs(tmp_path, "0 0 * * *", start)]) as account:
        account.tick()
        living.start_sync("shop")
        living.advance(100)
        account.tick()
        assert len(account.runs("docs_job")) == 1
        assert not account.known.awaited
