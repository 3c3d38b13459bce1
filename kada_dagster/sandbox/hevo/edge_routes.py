"""Paths of the Edge family, below `/api/v1`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from kada_dagster.sandbox.hevo import edge_json as shapes
from kada_dagster.sandbox.hevo.answers import RefusedError, ok
from kada_dagster.sandbox.hevo.edge import EdgeJob, EdgePipeline
from kada_dagster.sandbox.hevo.estate import HevoEstate
from kada_dagster.sandbox.hevo.pages import Listing, Pages
from kada_dagster.sandbox.hevo.quirks import Quirks
from kada_dagster.sandbox.web.answers import NO_CONTENT, Answer, dumped

Query = Mapping[str, str]

_TOKEN, _LIMIT = "cursor", 10
_KEPT = 1000


class EdgeRoutes:
    """Answers requests to the Edge family; arguments as those of `ClassicRoutes`."""

    def __init__(
        self, estate: HevoEstate, quirks: Quirks, moment: Callable[[], int | None]
    ) -> None:
        self._estate, self._quirks, self._moment = estate, quirks, moment
        self._pages = Pages(quirks)
        self._pipelines = {str(one.id): one for one in estate.edge_pipelines}
        self._objects = {
            (one.id, row.object_id): row for one in estate.edge_pipelines for row in one.objects
        }
        self._jobs: dict[tuple[int, int | None], Sequence[EdgeJob]] = {}

    def answer(self, path: tuple[str, ...], query: Query) -> Answer:
        """The answer to a GET; arguments and errors as those of `ClassicRoutes.answer`."""
        match path:
            case ("pipelines",):
                return self._list("pipelines", self._estate.edge_pipelines, shapes.pipeline, query)
            case ("pipelines", number, *rest):
                return self._part(self._pipeline(number), tuple(rest), query)
            case ("destinations",):
                rows = self._estate.edge_destinations
                return self._list("destinations", rows, shapes.destination, query)
            case ("destinations", number):
                return self._destination(number)
            case ("metadata", "sources" | "destinations", "connectors"):
                rows = [shapes.connector("PostgreSQL"), shapes.connector("Snowflake")]
                return ok({"data": rows, "count": len(rows)})
            case _:
                raise RefusedError(404, "Not found")

    def _destination(self, number: str) -> Answer:
        for one in self._estate.edge_destinations:
            if str(one.id) == number:
                return ok(shapes.destination(one))
        raise RefusedError(404, f"Destination {number} not found")

    def _pipeline(self, number: str) -> EdgePipeline:
        found = self._pipelines.get(number)
        if found is None or found.is_gone:
            raise RefusedError(404, f"Pipeline {number} not found")
        return found

    def _part(self, one: EdgePipeline, path: tuple[str, ...], query: Query) -> Answer:
        match path:
            case ():
                return ok(shapes.pipeline(one))
            case ("objects",):
                return self._list(f"{one.id}/objects", one.objects, self._row, query)
            case ("objects", name):
                return self._object(one, name)
            case ("jobs",):
                key = f"{one.id}/jobs/{self._moment()}"
                return self._list(key, self._jobs_of(one), shapes.job, query)
            case ("jobs", name):
                return self._job(one, name)
            case ("jobs", name, "objects"):
                return self._list(f"{one.id}/jobs/{name}/objects", (), str, query)
            case _:
                raise RefusedError(404, "Not found")

    def _row(self, one: Any) -> Any:
        """An object in the list: what only a detail can say is there if quirks want it."""
        return shapes.object_(one, full=self._quirks.edge_full_list and not one.is_silent)

    def _object(self, one: EdgePipeline, name: str) -> Answer:
        found = self._objects.get((one.id, name))
        if found is None or found.is_gone:
            raise RefusedError(404, f"Object {name} not found")
        return ok(shapes.object_(found, full=True))

    def _job(self, one: EdgePipeline, name: str) -> Answer:
        for job in self._jobs_of(one):
            if job.job_id == name:
                return ok(shapes.job(job))
        raise RefusedError(404, f"Job {name} not found")

    def _jobs_of(self, one: EdgePipeline) -> Sequence[EdgeJob]:
        """Its jobs at this moment, in order; kept for some moments."""
        moment = self._moment()
        known = self._jobs.get((one.id, moment))
        if len(self._jobs) > _KEPT:
            self._jobs.clear()
        if known is None:
            delay = self._quirks.job_delay
            shown = [job.at(moment, delay) for job in one.jobs]
            known = sorted((job for job in shown if job), key=self._order)
            self._jobs[one.id, moment] = known
        return known

    def _order(self, job: EdgeJob) -> tuple[Any, ...]:
        if self._quirks.jobs_order == "shuffled":
            return (sha256(job.job_id.encode()).digest(),)
        newest_first = self._quirks.jobs_order == "newest"
        return (-job.created if newest_first else job.created, job.job_id)

    def _list(self, key: str, rows: Any, show: Callable[[Any], Any], query: Query) -> Answer:
        page = self._pages.page(Listing(key, rows, show, _TOKEN, _LIMIT), query)
        if not page.count and self._quirks.edge_no_content:
            return NO_CONTENT
        rest: dict[str, Any] = {"has_more": page.token is not None, "next_cursor": page.token}
        if self._quirks.edge_count:
            rest["count"] = page.count
        return Answer(200, b'{"data":' + page.rows + b"," + dumped(rest)[1:])
