"""From a path and a query to an answer."""

from __future__ import annotations

from collections.abc import Sequence

from kada_dagster.sandbox.hightouch import listing, parameters
from kada_dagster.sandbox.hightouch.answers import invalid, not_found
from kada_dagster.sandbox.hightouch.entities import Entity
from kada_dagster.sandbox.hightouch.estate import HightouchEstate, Kind
from kada_dagster.sandbox.hightouch.faults import Faults
from kada_dagster.sandbox.hightouch.parameters import InvalidParameterError, Parameters, Query
from kada_dagster.sandbox.hightouch.sync import Sync
from kada_dagster.sandbox.web.answers import Answer, in_json

_FILTERS: dict[Kind, tuple[str, ...]] = {
    "sources": ("name", "slug"),
    "models": ("name", "slug", "tags"),
    "destinations": ("name", "slug"),
    "syncs": ("slug", "modelId", "after", "before"),
}


class Routes:
    """The ten operations of `openapi.json` over an estate."""

    def __init__(self, estate: HightouchEstate, faults: Faults) -> None:
        self._estate = estate
        self._faults = faults
        self._ordered: dict[tuple[Kind, str, bool], list[Entity]] = {}
        self._version = -1

    def answer(self, path: str, query: Query) -> Answer:
        """The answer to a GET of a path behind `/api/v1`."""
        try:
            return self._find(path.strip("/").split("/"), query)
        except InvalidParameterError as error:
            return invalid(**{error.name: str(error)})

    def _find(self, parts: Sequence[str], query: Query) -> Answer:
        for kind in _FILTERS:
            if parts[0] == kind and len(parts) == 1:
                return self._list(kind, query)
            if parts[0] == kind and len(parts) == 2:
                return self._one(kind, parts[1])
        if parts[0] == "syncs" and len(parts) == 3 and parts[2] == "runs":
            return self._runs(parts[1], query)
        if tuple(parts[:2]) == ("sync-sequences", "runs") and len(parts) == 3:
            sequence = self._estate.sequence_runs.get(parts[2])
            return in_json(200, sequence) if sequence else not_found()
        return not_found()

    def _list(self, kind: Kind, query: Query) -> Answer:
        wanted = parameters.read(query, parameters.STANDARD_ORDER, _FILTERS[kind])
        rows: Sequence[Entity] = self._in_order(kind, wanted.order_by)
        if wanted.equal or wanted.tags:
            rows = [row for row in rows if listing.matches(row, wanted)]
        if wanted.after or wanted.before:
            rows = [row for row in rows if isinstance(row, Sync) and self._ran(row, wanted)]
        more = kind == "syncs"
        return listing.page(rows, self._body, wanted, self._faults, declares_more=more)

    def _one(self, kind: Kind, text: str) -> Answer:
        row = self._estate.entities(kind).get(int(parameters.number(f"{kind[:-1]}Id", text)))
        return Answer(200, self._body(row)) if row else not_found()

    def _runs(self, text: str, query: Query) -> Answer:
        number = int(parameters.number("syncId", text))
        filters = ("runId", "after", "before", "within")
        wanted = parameters.read(query, parameters.RUN_ORDER, filters)
        estate, faults = self._estate, self._faults
        if number not in estate.syncs and faults.runs_of_deleted != "empty":
            gone = faults.runs_of_deleted == "not_found"
            return not_found() if gone else invalid(syncId="no such sync")
        rows = listing.runs_in_order(estate.runs_of(number), wanted, estate.now, faults)
        now, ids = estate.now, faults.ids
        return listing.page(
            rows, lambda run: run.body(ids, now), wanted, faults, declares_more=True
        )

    def _body(self, row: Entity) -> bytes:
        if isinstance(row, Sync):
            return row.body_with(self._faults.ids, *self._estate.state_of(row))
        return row.body(self._faults.ids)

    def _ran(self, sync: Sync, wanted: Parameters) -> bool:
        _, last_run = self._estate.state_of(sync)
        return listing.in_window(last_run, wanted, self._estate.now, self._faults, queued=False)

    def _in_order(self, kind: Kind, order_by: str) -> list[Entity]:
        """Sorted once for each state of the estate."""
        if self._version != self._estate.version:
            self._ordered.clear()
            self._version = self._estate.version
        key = (kind, order_by, self._faults.ignores_order)
        if key not in self._ordered:
            rows = self._estate.entities(kind).values()
            self._ordered[key] = listing.entities_in_order(rows, order_by, self._faults)
        return self._ordered[key]
