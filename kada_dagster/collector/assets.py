"""The three assets of a collector instance: extract, upload, high water mark.

Each is a thin face: it works out the windows of its run, calls the plain layer, and reports. A
run over a range of windows is one extract with the outer bounds.
"""

# No `from __future__ import annotations` here: Dagster compares the annotation of `context`
# with its classes, and does not resolve text.

import time
import warnings
from typing import TYPE_CHECKING, Any, TypedDict

import dagster as dg

from kada_dagster.collector.asset_checks import SHARE_CONFIG, require_checked
from kada_dagster.collector.failures import step_errors
from kada_dagster.collector.instance import CollectorInstance
from kada_dagster.collector.metadata import (
    extract_metadata,
    extract_preview,
    mark_metadata,
    upload_metadata,
    window_metadata,
)
from kada_dagster.collector.partitions import RunWindows, current_moment, key_window
from kada_dagster.collector.run_history import note_sending
from kada_dagster.collector.run_scope import (
    first_not_sent,
    require_closed,
    required_windows,
    runs_step,
    spans_sent,
)
from kada_dagster.collector.staged_runs import require_newest, staged_runs
from kada_dagster.errors import WatermarkError
from kada_dagster.extracts.staging_place import reading_all
from kada_dagster.hwm.mark import MarkState, gap
from kada_dagster.hwm.window import utc_now
from kada_dagster.landing.upload import upload_run

if TYPE_CHECKING:
    from kada_dagster.collector.landing_resource import LandingResource
    from kada_dagster.collector.mark_resource import HighWaterMarkResource
    from kada_dagster.collector.resources import SourceResource


def build_assets(instance: CollectorInstance) -> list[dg.AssetsDefinition]:
    """The assets of an instance; without a landing there is no upload, and the mark follows
    the extract, because somebody else sends the files."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # backfill_policy; tests cover what we use
        assets = [build_extract(instance)]
        if instance.settings.landing is not None:
            assets.append(build_upload(instance))
        return [*assets, build_high_water_mark(instance)]


def build_extract(instance: CollectorInstance) -> dg.AssetsDefinition:
    """`<name>/extract`: connection test, then the files of the run's windows as one run."""
    settings = instance.settings

    @dg.asset(
        key=instance.extract_key,
        description=settings.description or f"Metadata of {instance.name} as K extract files.",
        kinds={settings.type, "csv"},
        required_resource_keys={instance.source_resource},
        **_common(instance),
    )
    def extract(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        with step_errors(context, settings.retries, settings.secrets):
            windows = required_windows(context, instance)
            require_closed(windows, instance, current_moment())
            source: SourceResource = getattr(context.resources, instance.source_resource)
            extractor = source.extractor(settings)
            extractor.test_connection()
            started = time.monotonic()
            manifest = extractor.run(windows.window.start_hwm, windows.window.end_hwm)
            seconds = time.monotonic() - started
            _describe_windows(context, instance, windows)
            with extractor.staging.reading(windows.window) as folder:
                preview = extract_preview(manifest, folder)
            context.add_asset_metadata({"preview": preview}, partition_key=windows.keys[-1])
        return dg.MaterializeResult(metadata=extract_metadata(manifest, extractor.staging, seconds))

    return extract


def build_upload(instance: CollectorInstance) -> dg.AssetsDefinition:
    """`<name>/upload`: the files of this run's extract, META first, proved to have arrived."""

    @dg.asset(
        key=instance.upload_key,
        deps=[instance.extract_key],
        description=f"The extract files of {instance.name}, in its landing.",
        config_schema=SHARE_CONFIG,
        required_resource_keys={instance.landing_resource},
        **_common(instance),
    )
    def upload(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        with step_errors(context, instance.settings.retries, instance.settings.secrets):
            windows = required_windows(context, instance)
            resource: LandingResource = getattr(context.resources, instance.landing_resource)
            landing = resource.landing()
            runs = staged_runs(context, instance, windows)
            with reading_all(instance.staging, runs) as folders:
                require_newest(context, instance, windows, folders)
                if not runs_step(context, instance.checks_op):
                    for folder in folders:
                        require_checked(context.op_execution_context, instance, folder)
                landing.test_connection()
                note_sending(context, instance)
                started = time.monotonic()
                receipts = [r for folder in folders for r in upload_run(folder, landing)]
                seconds = time.monotonic() - started
            for run in runs:
                instance.staging.release(run)
            _describe_windows(context, instance, windows)
        return dg.MaterializeResult(
            metadata=upload_metadata(receipts, landing.describe(), runs, seconds)
        )

    return upload


def build_high_water_mark(instance: CollectorInstance) -> dg.AssetsDefinition:
    """`<name>/high_water_mark`: end of the last window up to which all is uploaded, no gap."""

    @dg.asset(
        key=instance.mark_key,
        deps=[instance.sent_key],
        description=f"Where the extracts of {instance.name} have reached K without a gap.",
        required_resource_keys={instance.marks_resource},
        freshness_policy=_freshness(instance),
        **_common(instance),
    )
    def high_water_mark(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        with step_errors(context, instance.settings.retries, instance.settings.secrets):
            windows = required_windows(context, instance)
            resource: HighWaterMarkResource = getattr(context.resources, instance.marks_resource)
            store = resource.store()
            before = store.read(instance.name)
            _require_sent(context, instance, windows, before)
            state = before
            for span in spans_sent(context, instance.sent_key, windows):
                state = store.record(instance.name, span, instance.first)
            facts = mark_metadata(before.mark, state.mark, gap(state, instance.first), utc_now())
            _describe_windows(context, instance, windows)
        return dg.MaterializeResult(metadata={**facts, "kept_in": store.describe(instance.name)})

    return high_water_mark


def _freshness(instance: CollectorInstance) -> dg.FreshnessPolicy | None:
    """By it, Dagster shows when the mark was last moved, or stayed, too long ago. How old the
    mark itself is, it cannot know: a backfill of old windows also materializes it."""
    allowed = instance.settings.allowed_lag
    if allowed is None:
        return None
    return dg.FreshnessPolicy.time_window(allowed.fail_after, allowed.warn_after)


class _Common(TypedDict):
    partitions_def: dg.TimeWindowPartitionsDefinition
    backfill_policy: dg.BackfillPolicy
    group_name: str
    pool: str
    owners: list[str]
    tags: dict[str, str]


def _common(instance: CollectorInstance) -> _Common:
    """What the assets of an instance share. The same policy and partitions let a range of all
    three travel in one run."""
    return {
        "partitions_def": instance.partitions,
        "backfill_policy": dg.BackfillPolicy.single_run(),
        "group_name": instance.name,
        "pool": instance.pool,
        "owners": list(instance.settings.owners),
        "tags": dict(instance.settings.tags),
    }


def _describe_windows(
    context: dg.AssetExecutionContext, instance: CollectorInstance, windows: RunWindows
) -> None:
    """Give each window's materialization its own bounds."""
    for key in windows.keys:
        part = windows.part(key_window(instance.partitions, key))
        context.add_asset_metadata(window_metadata(part), partition_key=key)


def _require_sent(
    context: dg.AssetExecutionContext,
    instance: CollectorInstance,
    windows: RunWindows,
    known: MarkState,
) -> None:
    """Refuse to mark a window as uploaded that never was."""
    sent = instance.sent_key
    if runs_step(context, "__".join(sent.path)):
        return
    if missing := first_not_sent(context, sent, windows, known):
        raise WatermarkError(
            f"{sent.to_user_string()} has not been materialized for {missing} (UTC); materialize "
            "it first"
        )
