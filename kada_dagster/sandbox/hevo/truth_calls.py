"""How few calls can read an account."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from kada_dagster.hwm.window import Window
from kada_dagster.sandbox.hevo.edge import SILENT_OBJECT, SILENT_PIPELINE, EdgeJob, EdgePipeline
from kada_dagster.sandbox.hevo.facts import milliseconds_of

if TYPE_CHECKING:
    from kada_dagster.sandbox.hevo.classic import ClassicPipeline
    from kada_dagster.sandbox.hevo.estate import HevoEstate

_PAGE = 100  # the most that a call may bring


def least_calls(
    estate: HevoEstate, window: Window, *, users: bool, lookback_hours: float, edge_full_list: bool
) -> int:
    """See `HevoEstate.least_calls`. Lists have no filters, so that each is read to its end."""
    horizon = milliseconds_of(window.start - timedelta(hours=lookback_hours))
    lists = (
        *(estate.destinations, estate.models, estate.workflows, estate.pipelines),
        *(estate.edge_destinations, estate.edge_pipelines),
    )
    return (
        sum(_pages(len(rows)) for rows in lists)
        + int(users)
        + sum(_classic(pipeline) for pipeline in estate.pipelines)
        + sum(_edge(pipeline, horizon, edge_full_list) for pipeline in estate.edge_pipelines)
    )


def _classic(pipeline: ClassicPipeline) -> int:
    mapped = [one for one in pipeline.event_types if one.status not in ("IGNORED", "UNMAPPED")]
    if pipeline.is_gone:
        return 4  # one of them asks whether it is gone
    objects, event_types = len(pipeline.objects), len(pipeline.event_types)
    return _pages(objects) + _pages(event_types) + 1 + len(mapped)


def _edge(pipeline: EdgePipeline, horizon: int, full_list: bool) -> int:
    is_silent = pipeline.status in SILENT_PIPELINE
    if pipeline.is_gone:
        return 2 if is_silent else 3  # likewise
    jobs = _pages_of_jobs(pipeline.jobs, horizon)
    if is_silent:
        return jobs
    asked = [one for one in pipeline.objects if one.status not in SILENT_OBJECT]
    known = [one for one in asked if full_list and not one.is_gone and one.destination_table]
    return _pages(len(pipeline.objects)) + len(asked) - len(known) + jobs


def _pages(rows: int) -> int:
    return max(1, -(-rows // _PAGE))


def _pages_of_jobs(jobs: tuple[EdgeJob, ...], horizon: int) -> int:
    newest_first = sorted(jobs, key=lambda job: -job.created)
    for number in range(_pages(len(jobs))):
        rows = newest_first[number * _PAGE : (number + 1) * _PAGE]
        if rows and rows[-1].created < horizon:
            return number + 1
    return _pages(len(jobs))
