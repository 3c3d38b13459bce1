"""The checks that stand between extract and upload: one op, one pass over the files.

What is checked is plain code in `kada_dagster.extracts.checks`; here is only what Dagster needs.
"""

# No `from __future__ import annotations` here: Dagster compares the annotation of `context`
# with its classes, and does not resolve text.

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg

from kada_dagster.collector.failures import step_errors
from kada_dagster.collector.instance import CollectorInstance
from kada_dagster.collector.partitions import run_windows
from kada_dagster.errors import CheckFailedError
from kada_dagster.extracts.checks import (
    CHECK_NAMES,
    CheckResult,
    accept_extract,
    check_extract,
    failures,
)
from kada_dagster.hwm.window import Window

_DESCRIPTIONS = {
    "contract": "The files are what the manifest and the K extract contract promise: dialect, "
    "columns, row counts, sha256.",
    "unique_ids": "Every id occurs once.",
    "parents_resolve": "Every PARENT_ID is an object of the META file.",
    "volume": "The extract is not suddenly empty or a fraction of the last accepted one "
    "(`checks.min_share_of_last`).",
}
SHARE_CONFIG = {
    "min_share_of_last": dg.Field(
        float,
        is_required=False,
        description="For this run only: the smallest share (0 to 1) of the last accepted "
        "extract's rows that is believed; 0 accepts any shrinking.",
    )
}


def build_checks(instance: CollectorInstance) -> dg.AssetChecksDefinition:
    """The blocking checks of an instance's extract, as one step."""
    specs = [
        dg.AssetCheckSpec(
            name, asset=instance.extract_key, blocking=True, description=_DESCRIPTIONS[name]
        )
        for name in CHECK_NAMES
    ]

    @dg.multi_asset_check(
        name=instance.checks_op,
        specs=specs,
        description=f"What an extract of {instance.name} must pass before it is uploaded.",
        config_schema=SHARE_CONFIG,
        pool=instance.pool,
        can_subset=True,  # else the UI offers no "Execute" of the checks alone
    )
    def extract_checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        with step_errors(context, instance.settings.retries, instance.settings.secrets):
            window = _window(context, instance)
            share = min_share(context.op_execution_context, instance)
            with instance.staging.reading(window) as folder:
                baseline = instance.staging.baseline
                results = check_extract(folder, min_share_of_last=share, baseline=baseline)
                if not failures(results):
                    accept_extract(folder, baseline)
        chosen = {key.name for key in context.selected_asset_check_keys}
        for result in results:
            if result.name in chosen:
                yield _evaluation(instance, window, result)
        with step_errors(context, instance.settings.retries, instance.settings.secrets):
            _require_passed([result for result in results if result.name not in chosen])

    return extract_checks


def min_share(context: dg.OpExecutionContext, instance: CollectorInstance) -> float:
    """The smallest believed share of the last extract: this run's, else the configured one."""
    config: dict[str, Any] = context.op_config or {}
    return float(config.get("min_share_of_last", instance.settings.checks.min_share_of_last))


def require_checked(
    context: dg.OpExecutionContext, instance: CollectorInstance, folder: Path
) -> None:
    """Check an extract, open for reading, where the checks are not part of the run.

    Raises:
        CheckFailedError: it does not pass.
        StagingError: it cannot be read.
    """
    share, staging = min_share(context, instance), instance.staging
    results = check_extract(folder, min_share_of_last=share, baseline=staging.baseline)
    if reasons := failures(results):
        where = f"{staging.describe()}/{folder.name}"
        raise CheckFailedError(f"{where} is not fit to be uploaded: {reasons}")


def _require_passed(results: list[CheckResult]) -> None:
    """A check nobody asked for blocks what comes after it all the same, by failing the step."""
    if reasons := failures(results):
        raise CheckFailedError(f"the extract is not fit to be uploaded: {reasons}")


def _window(context: dg.AssetCheckExecutionContext, instance: CollectorInstance) -> Window:
    """The run to check: of this run's windows; without partitions, what was written last."""
    windows = run_windows(context.run, instance.partitions)
    return instance.staging.latest() if windows is None else windows.window


def _evaluation(
    instance: CollectorInstance, window: Window, result: CheckResult
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=result.passed,
        asset_key=instance.extract_key,
        check_name=result.name,
        severity=dg.AssetCheckSeverity.ERROR,
        description=result.message,
        metadata={
            **result.facts,
            "folder": dg.PathMetadataValue(instance.staging.location(window)),
        },
    )
