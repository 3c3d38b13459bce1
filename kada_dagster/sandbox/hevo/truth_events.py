"""What EVENTS must hold of an account, window by window."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from kada_dagster.extracts.identity import object_id
from kada_dagster.hwm.window import Window
from kada_dagster.sandbox.facts import cleaned
from kada_dagster.sandbox.hevo.edge import FINISHED, EdgeJob, EdgePipeline
from kada_dagster.sandbox.hevo.facts import EventFact, milliseconds_of, written

if TYPE_CHECKING:
    from kada_dagster.sandbox.hevo.classic import ClassicPipeline
    from kada_dagster.sandbox.hevo.estate import HevoEstate


def events(
    estate: HevoEstate, host: str, window: Window, seen_at: datetime | None
) -> Iterator[EventFact]:
    """Every row of a window; `HevoEstate.events` says what the arguments are."""
    span = range(milliseconds_of(window.start), milliseconds_of(window.end))
    moment = None if seen_at is None else milliseconds_of(seen_at)
    for pipeline in estate.pipelines:
        yield from map(cleaned, _runs(pipeline, host, span, moment))
    for pipeline in estate.edge_pipelines:
        for job in () if pipeline.is_gone else pipeline.jobs:
            if job.status in FINISHED and job.ended is not None and job.ended in span:
                yield cleaned(_job(pipeline, job, host))


def _runs(
    pipeline: ClassicPipeline, host: str, span: range, moment: int | None
) -> Iterator[EventFact]:
    for one in () if pipeline.is_gone else pipeline.objects:
        run = one.last_run(moment)
        if run is not None and run in span:
            own = (str(pipeline.id), one.name)
            event, item = (
                object_id(host, "object_run", *own, str(run)),
                object_id(host, "object", *own),
            )
            ended = written(run)
            yield EventFact(event, "RUNS", "DATASET", item, one.status, "", "", ended, "", "", "")


def _job(pipeline: EdgePipeline, job: EdgeJob, host: str) -> EventFact:
    return EventFact(
        object_id(host, "edge_job", str(pipeline.id), job.job_id),
        "RUNS",
        "PIPELINE",
        object_id(host, "edge_pipeline", str(pipeline.id)),
        job.status,
        "",
        written(job.created),
        written(job.ended),
        *("" if rows is None else str(rows) for rows in (job.ingested, job.loaded, job.failed)),
    )
