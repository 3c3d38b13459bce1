"""What EVENTS must hold of an account, window by window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kada_dagster.extracts.contract import json_cell, timestamp
from kada_dagster.extracts.identity import object_id
from kada_dagster.hwm.window import Window
from kada_dagster.sandbox.fivetran.connection import Connection
from kada_dagster.sandbox.fivetran.history import told
from kada_dagster.sandbox.fivetran.syncs import Sync
from kada_dagster.sandbox.fivetran.times import SECOND, datetime_of, moment_of
from kada_dagster.sandbox.fivetran.transformation import Transformation
from kada_dagster.sandbox.fivetran.truth_facts import EventFact, cleaned
from kada_dagster.sandbox.fivetran.world import FivetranWorld

_LONGEST_MESSAGE = 500
_FINISHED = {"SUCCEEDED", "FAILED", "CANCELED", "PARTIALLY_SUCCEEDED"}
_ALL_TIME = (-(2**62), 2**62)


def events(
    world: FivetranWorld,
    host: str,
    window: Window,
    *,
    history: bool = True,
    mask: bool = False,
) -> list[EventFact]:
    """Every row of a window as it can be told now, sorted.

    Args:
        world: the account; its quirks say what the history shows.
        host: its label in K.
        window: as of the extract.
        history: whether the history is asked for.
        mask: whether reasons are masked.
    """
    with world.timeline.settled() as now:
        made = _Events(host, range(moment_of(window.start), moment_of(window.end)), mask)
        found: list[EventFact] = []
        for connection in world.estate.connections.values():
            known = told(connection, world.quirks, now, _ALL_TIME)
            is_there = history and not isinstance(world.quirks.history, int)
            found += made.of_connection(connection, known if is_there else None)
        for transformation in world.estate.transformations.values():
            transformation.settle(now)
            found += made.of_transformation(transformation)
        return cleaned(found)


def finished(world: FivetranWorld, host: str) -> list[tuple[str, Sync]]:
    """The event ids of all syncs that are over, whenever that was, and the syncs."""
    with world.timeline.settled():
        return [
            (object_id(host, "sync", connection.id, sync.sync_id), sync)
            for connection in world.estate.connections.values()
            for sync in connection.syncs
            if sync.status not in {None, "RESCHEDULED"}
        ]


class _Events:
    def __init__(self, host: str, span: range, mask: bool) -> None:
        self._host, self._span, self._mask = host, span, mask

    def of_connection(
        self, connection: Connection, known: Sequence[tuple[Sync, int]] | None
    ) -> Iterator[EventFact]:
        item = object_id(self._host, "connection", connection.id)
        for sync, skew in known or ():
            if sync.status not in {None, "RESCHEDULED"} and sync.ends + skew in self._span:
                yield self._sync(connection, item, sync, sync.ends + skew)
        moments = (("succeeded", connection.succeeded_at), ("failed", connection.failed_at))
        for word, moment in moments:
            if moment is not None and moment in self._span and not _knows(known, word, moment):
                yield self._moment(connection, item, word, moment)

    def of_transformation(self, one: Transformation) -> Iterator[EventFact]:
        if one.ended is None or one.ended not in self._span:
            return
        is_over = one.started is None or one.started <= one.ended
        yield EventFact(
            object_id(self._host, "transformation_run", one.id, _stamp(one.ended)),
            "RUNS",
            "PIPELINE",
            object_id(self._host, "transformation", one.id),
            one.status if is_over and one.status in _FINISHED else "",
            timestamp(datetime_of(one.started)) if is_over and one.started else "",
            timestamp(datetime_of(one.ended)),
        )

    def _sync(self, connection: Connection, item: str, sync: Sync, ended: int) -> EventFact:
        outcome = sync.outcome
        volumes: dict[str, float | None] = {}
        if sync.status == "COMPLETED":
            volumes = {
                "extract_mb": outcome.extract_mb,
                "process_mb": outcome.process_mb,
                "load_mb": outcome.load_mb,
            }
        return EventFact(
            object_id(self._host, "sync", connection.id, sync.sync_id),
            "RUNS",
            "PIPELINE",
            item,
            sync.status or "",
            timestamp(datetime_of(sync.started)),
            timestamp(datetime_of(ended)),
            self._message(sync.reason),
            json_cell(volumes),
        )

    def _moment(self, connection: Connection, item: str, word: str, moment: int) -> EventFact:
        number = object_id(self._host, "sync", connection.id, word, _stamp(moment))
        status = {"succeeded": "COMPLETED", "failed": "FAILURE"}[word]
        ended = timestamp(datetime_of(moment))
        return EventFact(number, "RUNS", "PIPELINE", item, status, "", ended)

    def _message(self, reason: str) -> str:
        if self._mask:
            return "***" if reason else ""
        return reason if len(reason) <= _LONGEST_MESSAGE else f"{reason[:_LONGEST_MESSAGE]}…"


def _knows(known: Sequence[tuple[Sync, int]] | None, word: str, moment: int) -> bool:
    """Whether the history has the sync whose end that moment is."""
    statuses = {"succeeded": {"COMPLETED", "INCOMPLETE"}, "failed": {"FAILURE", "INCOMPLETE"}}
    return any(
        sync.status in statuses[word] and abs(sync.ends + skew - moment) <= 2 * SECOND
        for sync, skew in known or ()
    )


def _stamp(moment: int) -> str:
    return datetime_of(moment).strftime("%Y%m%dT%H%M%S%fZ")
