"""The summary asset: a page, numbers to plot, and a check for each source."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest

from kada_dagster_tests.operations.site import Site

DAY = "2024-01-01 00:00:00"


def summed(site: Site) -> tuple[dict[str, Any], dict[str, tuple[bool, Any, str | None]]]:
    """Metadata and checks of the asset, made by its job."""
    job = site.definitions().resolve_job_def("kada_summary_job")
    result = job.execute_in_process(instance=site.instance)
    (event,) = result.asset_materializations_for_node("kada__summary")
    checks = {
        one.check_name: (one.passed, one.severity, one.description)
        for one in result.get_asset_check_evaluations()
    }
    return {name: value.value for name, value in event.metadata.items()}, checks


@pytest.fixture
def summing(site: Site) -> Site:
    site.more["summary"] = {}
    site.sources[0]["retries"] = {"max_retries": 0}
    return site


def test_without_the_key_there_is_no_summary(site: Site) -> None:
    keys = site.definitions().resolve_all_asset_keys()
    assert dg.AssetKey(["kada", "summary"]) not in keys


def test_it_is_made_every_quarter_of_an_hour(summing: Site) -> None:
    schedule = summing.definitions().resolve_schedule_def("kada_summary_schedule")
    assert schedule.cron_schedule == "*/15 * * * *"
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING


def test_it_says_how_everything_is(summing: Site) -> None:
    summing.add("wiki", freshness=False)
    assert summing.run(DAY).success
    summing.break_source()
    run = summing.run("2024-01-02 00:00:00").run_id
    facts, checks = summed(summing)
    page = facts["summary"].replace("\N{NO-BREAK SPACE}", " ")
    assert "| docs | lags, failed | 2024-01-02 00:00:00 |" in page
    assert "2024-01-01 00:00:00 ... 2024-01-02 00:00:00 | 3 |" in page
    assert f"run {run}" in page
    assert "docs\\_source is not mounted" in page
    assert facts["sources_not_well"] == 1
    assert facts["lag_seconds/docs"] > 86_400
    assert facts["missing_windows/docs"] > 600
    assert checks["docs_is_current"] == (False, dg.AssetCheckSeverity.ERROR, "lags")
    assert checks["wiki_is_current"][0] is True


def test_a_mark_that_cannot_be_read_does_not_keep_it_from_being_made(summing: Site) -> None:
    (summing.folder / "hwm").mkdir()
    (summing.folder / "hwm" / "docs_hwm.txt").write_text("no moment\n")
    facts, checks = summed(summing)
    assert "| unreadable |" in facts["summary"]
    passed, _, said = checks["docs_is_current"]
    assert not passed
    assert "docs_hwm.txt" in (said or "")


def test_the_mark_has_a_policy_the_ui_shows(summing: Site) -> None:
    specs = {s.key.to_user_string(): s for s in summing.definitions().resolve_all_asset_specs()}
    policy: Any = specs["docs/high_water_mark"].freshness_policy
    assert policy.fail_window.to_timedelta().total_seconds() == 30 * 3600
    assert policy.warn_window.to_timedelta().total_seconds() == 27 * 3600
    summing.sources[0]["freshness"] = False
    specs = {s.key.to_user_string(): s for s in summing.definitions().resolve_all_asset_specs()}
    assert specs["docs/high_water_mark"].freshness_policy is None
