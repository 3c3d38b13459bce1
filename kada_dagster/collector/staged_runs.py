"""Which runs of the staging an upload sends, and that they are those which Dagster saw extracted.

An upload launched without its extract may come to another host than that, where a staging in a
folder holds nothing, or what was extracted there long ago.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from kada_dagster.collector.instance import CollectorInstance
from kada_dagster.collector.partitions import RunWindows
from kada_dagster.collector.run_scope import runs_step
from kada_dagster.errors import StagingError
from kada_dagster.extracts.manifest import read_manifest
from kada_dagster.extracts.staging import Staging
from kada_dagster.hwm.window import Window


def staged_runs(
    context: dg.AssetExecutionContext, instance: CollectorInstance, windows: RunWindows
) -> list[Window]:
    """The runs that together hold the windows of this run, oldest first.

    Raises:
        StagingError: they are not there, or, as far as Dagster knows, on another host.
    """
    try:
        return instance.staging.covering(windows.window)
    except StagingError:
        if known := _known_extract(context, instance, windows):
            raise _elsewhere(instance, windows, known) from None
        raise


def require_newest(
    context: dg.AssetExecutionContext,
    instance: CollectorInstance,
    windows: RunWindows,
    folders: Sequence[Path],
) -> None:
    """Refuse to send what was extracted before the extract that Dagster knows of.

    Args:
        context, instance, windows: of the upload.
        folders: the runs it sends, open for reading.

    Raises:
        StagingError: none of them is as new.
    """
    known = _known_extract(context, instance, windows)
    if known and max(read_manifest(folder).extracted_at for folder in folders) < known["at"]:
        raise _elsewhere(instance, windows, known)


def _known_extract(
    context: dg.AssetExecutionContext, instance: CollectorInstance, windows: RunWindows
) -> dict[str, Any] | None:
    """When, on which host and where the windows of this run were last extracted; None where that
    is not in question: the extract is part of the run, or all hosts share the staging."""
    extract_step = "__".join(instance.extract_key.path)
    if runs_step(context, extract_step) or not isinstance(instance.staging, Staging):
        return None
    keys = list(windows.keys)
    wanted = dg.AssetRecordsFilter(asset_key=instance.extract_key, asset_partitions=keys)
    newest = context.instance.fetch_materializations(wanted, limit=1).records
    event = newest[0].asset_materialization if newest else None
    if event is None or "extracted_at" not in event.metadata:
        return None
    names = {"at": "extracted_at", "host": "host", "manifest": "manifest"}
    return {name: event.metadata[field].value for name, field in names.items()}


def _elsewhere(
    instance: CollectorInstance, windows: RunWindows, known: dict[str, Any]
) -> StagingError:
    return StagingError(
        f"{instance.staging.describe()} on {socket.gethostname()} does not hold the newest extract "
        f"of {windows.window}, which is {known['manifest']} on {known['host']}, of {known['at']} "
        "UTC. An output_path that is a folder belongs to one host: set it to the URL of a place "
        "that all hosts reach (docs/staging.md), or materialize extract and upload in one run"
    )
