"""The asset `kada/summary`: how everything is, as a page of the catalogue, made by a schedule.

It is a snapshot for people. It never fails because something else did; its checks say so.
"""

# No `from __future__ import annotations` here: Dagster compares the annotation of `context`
# with its classes, and does not resolve text.

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import dagster as dg

from kada_dagster.config import SummarySettings
from kada_dagster.operations.overview import Overview
from kada_dagster.operations.situation import Situation, SourceSituation
from kada_dagster.operations.tables import markdown
from kada_dagster.operations.watched import Watched

KEY = dg.AssetKey(["kada", "summary"])
JOB = "kada_summary_job"


def build_summary(settings: SummarySettings, watched: Watched) -> dg.Definitions:
    """The asset, a check for each source, and the job and schedule that make it.

    Args:
        settings: when it is made.
        watched: what it sums up.
    """
    specs = [
        dg.AssetCheckSpec(
            check_name(name), asset=KEY, description=f"The mark of {name} is not too old."
        )
        for name in watched.sources
    ]

    @dg.asset(
        key=KEY,
        group_name="kada",
        kinds={"markdown"},
        check_specs=specs,
        description="Sources, windows, marks, lag, rows, last failures; loads and syncs.",
    )
    def summary(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]
        now = datetime.now(timezone.utc)
        found = Overview(context.instance, watched, now).situation("this instance")
        return dg.MaterializeResult(
            metadata=summary_metadata(found), check_results=list(_checks(found))
        )

    job: Any = dg.define_asset_job(  # pyright: ignore[reportUnknownMemberType]
        JOB, [KEY], executor_def=dg.in_process_executor, description="Makes the summary."
    )
    schedule = dg.ScheduleDefinition(
        name="kada_summary_schedule",
        job=job,
        cron_schedule=settings.cron,
        default_status=(
            dg.DefaultScheduleStatus.RUNNING
            if settings.enabled
            else dg.DefaultScheduleStatus.STOPPED
        ),
    )
    return dg.Definitions(assets=[summary], jobs=[job], schedules=[schedule])


def check_name(source: str) -> str:
    """Name of the check of a source's mark."""
    return f"{source}_is_current"


def summary_metadata(situation: Situation) -> dict[str, Any]:
    """The page, and numbers by source under stable names, so that the UI plots them."""
    facts: dict[str, Any] = {
        "summary": dg.MetadataValue.md(markdown(situation)),
        "sources_not_well": sum(not one.is_well for one in situation.sources),
        "loads_failing": sum(len(one.failing) for one in situation.routes),
        "syncs_failing": sum(len(one.failing) for one in situation.accounts),
    }
    for one in situation.sources:
        if one.position.age is not None:
            facts[f"lag_seconds/{one.name}"] = int(one.position.age.total_seconds())
        facts[f"missing_windows/{one.name}"] = one.position.windows
    return facts


def _checks(situation: Situation) -> Iterator[dg.AssetCheckResult]:
    for one in situation.sources:
        yield dg.AssetCheckResult(
            check_name=check_name(one.name),
            asset_key=KEY,
            passed=one.position.verdict in ("current", "not watched"),
            severity=_severity(one),
            description=one.position.trouble or one.position.verdict,
        )


def _severity(one: SourceSituation) -> dg.AssetCheckSeverity:
    is_warning = one.position.verdict == "late"
    return dg.AssetCheckSeverity.WARN if is_warning else dg.AssetCheckSeverity.ERROR
