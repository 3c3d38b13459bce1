"""Lists: filters, order and pages, as the vendor's document and the switches say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from kada_dagster.sandbox.hightouch.entities import Entity
from kada_dagster.sandbox.hightouch.faults import Faults
from kada_dagster.sandbox.hightouch.model import Model
from kada_dagster.sandbox.hightouch.parameters import Parameters
from kada_dagster.sandbox.hightouch.runs import Run
from kada_dagster.sandbox.hightouch.sync import Sync
from kada_dagster.sandbox.web.answers import Answer

RowT = TypeVar("RowT")

_ENTITY_KEYS = {
    "id": "id",
    "name": "name",
    "slug": "slug",
    "createdAt": "created_at",
    "updatedAt": "updated_at",
}


def page(
    rows: Sequence[RowT],
    body: Callable[[RowT], bytes],
    wanted: Parameters,
    faults: Faults,
    *,
    declares_more: bool,
) -> Answer:
    """One page of rows.

    Args:
        rows: all that match, in order.
        body: a row as JSON.
        wanted: page and offset.
        faults: the switches.
        declares_more: whether the schema requires `hasMore`.
    """
    size = min(wanted.limit, faults.largest_page or wanted.limit)
    start = 0 if faults.same_page else wanted.offset
    shown = rows[start : start + size]
    has_more = (
        start + size < len(rows) or faults.more_after_end or (faults.same_page and bool(shown))
    )
    text = b'{"data":[' + b",".join(map(body, shown)) + b"]"
    says = faults.has_more == "always" or (faults.has_more == "as_declared" and declares_more)
    more = (b',"hasMore":true' if has_more else b',"hasMore":false') if says else b""
    return Answer(200, text + more + b"}")


def entities_in_order(rows: Iterable[Entity], order_by: str, faults: Faults) -> list[Entity]:
    """The entities in the order asked for, ascending, by id where that leaves it open."""
    if faults.ignores_order:
        return sorted(rows, key=lambda row: (row.updated_at, row.id), reverse=True)
    key = _ENTITY_KEYS[order_by]
    return sorted(
        rows, key=lambda row: (getattr(row, key) or "", row.id) if key != "id" else row.id
    )


def matches(row: Entity, wanted: Parameters) -> bool:
    """Whether an entity passes the filters on its own fields."""
    of_row: dict[str, Any] = {"name": row.name, "slug": row.slug}
    if isinstance(row, Sync):
        of_row["modelId"] = row.model_id
    tags = dict(row.tags) if isinstance(row, Model) else dict[str, str]()
    return all(of_row[name] == value for name, value in wanted.equal.items()) and all(
        tags.get(key) == value for key, value in wanted.tags
    )


def in_window(
    moment: datetime | None, wanted: Parameters, now: datetime, faults: Faults, *, queued: bool
) -> bool:
    """Whether a moment passes `after`, `before` and `within`.

    Args:
        moment: of the run.
        wanted: the filters.
        now: what `within` counts from.
        faults: the switches.
        queued: what becomes of rows without a moment.
    """
    after = wanted.after
    if wanted.within is not None:
        since = now - timedelta(minutes=wanted.within)
        after = since if after is None else max(after, since)
    if after is None and wanted.before is None:
        return True
    if moment is None:
        return queued
    if faults.includes_moment:
        return (after is None or after <= moment) and (
            wanted.before is None or moment <= wanted.before
        )
    return (after is None or after < moment) and (wanted.before is None or moment < wanted.before)


def runs_in_order(
    runs: Sequence[Run], wanted: Parameters, now: datetime, faults: Faults
) -> list[Run]:
    """The runs that pass the filters, in the order asked for; moments to come are last."""
    queued = faults.queued_in_windows
    rows = [
        run
        for run in runs
        if in_window(run.started(now), wanted, now, faults, queued=queued)
        and wanted.equal.get("runId", run.id) == run.id
    ]
    if faults.ignores_order:
        return sorted(rows, key=lambda run: run.id, reverse=True)
    return sorted(rows, key=lambda run: _run_key(run, wanted.order_by, now))


def _run_key(run: Run, order_by: str, now: datetime) -> tuple[bool, float, int]:
    if order_by == "id":
        return False, 0.0, run.id
    moment = {
        "createdAt": run.created_at,
        "startedAt": run.started(now),
        "finishedAt": run.finished_at if run.is_over(now) else None,
    }[order_by]
    return moment is None, moment.timestamp() if moment else 0.0, run.id
