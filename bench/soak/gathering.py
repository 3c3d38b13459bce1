"""Where the facts come from: the object store, the staging folder, the marks, the accounts, and
what Dagster stored. Nothing is judged here."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

import dagster as dg

from bench.soak.facts import Extracted, SourceFacts, SyncFacts
from bench.soak.site import ACCOUNT, FOLLOWING, MINUTE, Site
from kada_dagster.extracts.manifest import read_manifest
from kada_dagster.hwm.window import Window, parse_hwm, utc_now
from kada_dagster.sandbox.fivetran.truth_events import events as fivetran_events

_PAGE = 1000
_ENDS = {
    *(dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE),
    *(dg.DagsterEventType.RUN_CANCELING, dg.DagsterEventType.RUN_CANCELED),
}
"""Events that tell why a run has not come to its end as it should."""


def source_facts(
    site: Site,
    instance: dg.DagsterInstance,
    name: str,
    start: datetime,
    until: datetime,
    passing: frozenset[str] = frozenset(),
) -> SourceFacts:
    """What is known of a source.

    Args:
        site: where it ran.
        instance: what Dagster stored.
        name: of the source.
        start: of the first window that was to be extracted.
        until: end of the last window that has to be there.
        passing: see `events_so_far`.
    """
    versions = list(_versions(site, name))
    changes = site.marks.history(name)
    return SourceFacts(
        name=name,
        windows=list(_minutes(start, utc_now())),
        until=until,
        extracts=list(_extracts(site, name)),
        written=[(file, hashlib.sha256(data).hexdigest()) for file, data, _ in versions],
        mark=site.marks.read(name).mark,
        marks=[change.after for change in changes if change.after is not None],
        uploaded=frozenset(_uploaded(instance, name)),
        events=list(_event_ids((file, data) for file, data, is_latest in versions if is_latest)),
        truth=_truth(site, name, start),
        passing=passing,
    )


def events_so_far(site: Site, name: str, start: datetime) -> frozenset[str]:
    """Ids of what can be told of a source now. Taken before the first sync begins: an account's
    last success from before its history is told by its time, and no more when the next is there.
    """
    return frozenset(_truth(site, name, start))


def sync_facts(site: Site, instance: dg.DagsterInstance) -> SyncFacts:
    """What is known of the syncs."""
    completed = frozenset((name, sync.sync_id) for name, sync in site.world.completed_syncs())
    reported: list[tuple[str, str]] = []
    for connection in site.world.estate.connections:
        for record in _materializations(instance, dg.AssetKey([ACCOUNT, connection])):
            event = record.event_log_entry.asset_materialization
            assert event is not None
            reported.append((connection, str(event.metadata["fivetran/sync_id"].value)))
    return SyncFacts(completed, reported)


def failures(instance: dg.DagsterInstance) -> Counter[str]:
    """Why runs failed, in a few words each, and how many did."""
    statuses = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    runs = instance.get_runs(dg.RunsFilter(statuses=statuses))
    return Counter(_cause(instance, run.run_id) for run in runs)


def has_looked(instance: dg.DagsterInstance) -> bool:
    """Whether the sensor has looked at the account: what was before that, it does not report."""
    return any(
        state.instigator_name == f"{ACCOUNT}_sync_sensor"
        and getattr(state.instigator_data, "cursor", None)
        for state in instance.all_instigator_state()
    )


def _versions(site: Site, name: str) -> Iterator[tuple[str, bytes, bool]]:
    """Every version of every file that ever was in a landing, and whether it is the present one."""
    pages = site.store.s3.get_paginator("list_object_versions")
    for page in pages.paginate(Bucket=site.bucket, Prefix=f"{site.prefix(name)}/"):
        versions: list[Any] = list(page.get("Versions", []))
        for one in versions:
            at: dict[str, Any] = {"Bucket": site.bucket, "Key": one["Key"]}
            data = site.store.s3.get_object(**at, VersionId=one["VersionId"])["Body"].read()
            yield str(one["Key"]).rpartition("/")[2], data, bool(one["IsLatest"])


def _extracts(site: Site, name: str) -> Iterator[Extracted]:
    for folder in sorted((site.folder / "extracts" / name).glob("2*_*")):
        manifest = read_manifest(folder)
        sums = {file.file: file.sha256 for file in manifest.files}
        yield Extracted(Window.from_folder(folder.name), sums)


def _minutes(start: datetime, now: datetime) -> Iterator[Window]:
    """The windows of the cron expression `* * * * *` that have closed."""
    moment = start
    while moment + MINUTE <= now:
        yield Window(moment, moment + MINUTE)
        moment += MINUTE


def _uploaded(instance: dg.DagsterInstance, name: str) -> Iterator[Window]:
    for key in instance.get_materialized_partitions(dg.AssetKey([name, "upload"])):
        yield Window(parse_hwm(key), parse_hwm(key) + MINUTE)


def _event_ids(files: Iterable[tuple[str, bytes]]) -> Iterator[str]:
    for name, data in files:
        if name.startswith("EVENTS_"):
            text = (gzip.decompress(data) if name.endswith(".gz") else data).decode()
            rows = csv.DictReader(io.StringIO(text, newline=""), delimiter="|")
            yield from (row["EVENT_ID"] for row in rows)


def _truth(site: Site, name: str, start: datetime) -> Mapping[str, datetime]:
    window = Window(start, utc_now())
    settings = next(one for one in site.config.sources if one.name == name)
    if name == "hevo":
        found: Iterable[Any] = site.hevo.events(settings.host, window)
    elif name == "hightouch":
        found = site.hightouch.events(settings.host, window)
    elif name == FOLLOWING:
        found = fivetran_events(site.world, settings.host, window)
    else:
        found = ()
    return {one.event_id: _moment(one.ended_at) for one in found}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def _materializations(instance: dg.DagsterInstance, key: dg.AssetKey) -> Iterator[Any]:
    page = instance.fetch_materializations(key, limit=_PAGE)
    yield from page.records
    while page.has_more:
        page = instance.fetch_materializations(key, limit=_PAGE, cursor=page.cursor)
        yield from page.records


def _cause(instance: dg.DagsterInstance, run_id: str) -> str:
    """What is said first about its end: the error of its step, or what ended the run."""
    logs = instance.all_logs(run_id, of_type=_ENDS)
    event = next((log.dagster_event for log in logs if log.dagster_event is not None), None)
    if event is None:
        return "nothing is said"
    if event.event_type == dg.DagsterEventType.STEP_FAILURE:
        error = event.step_failure_data.error
        return f"{event.step_key}: {_first_line(error.message) if error else 'no reason'}"
    return _first_line(event.message or "")


def _first_line(text: str) -> str:
    return next(iter(text.strip().splitlines()), "")[:160]
