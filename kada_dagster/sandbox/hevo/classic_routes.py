"""Paths of the classic family, below `/api/public/v2.0`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kada_dagster.sandbox.hevo import classic_json as shapes
from kada_dagster.sandbox.hevo.answers import RefusedError, ok
from kada_dagster.sandbox.hevo.classic import ClassicObject, ClassicPipeline
from kada_dagster.sandbox.hevo.estate import HevoEstate
from kada_dagster.sandbox.hevo.pages import Listing, Pages
from kada_dagster.sandbox.hevo.quirks import Quirks
from kada_dagster.sandbox.web.answers import NO_CONTENT, Answer, dumped

Query = Mapping[str, str]

_TOKEN, _LIMIT = "starting_after", 20
_MEMBER = "account members are not permitted to perform this action"


class ClassicRoutes:
    """Answers requests to the classic family.

    Args:
        estate: what is in the account.
        quirks: how it is told.
        moment: the moment the account is at, epoch milliseconds; None for the end of time.
    """

    def __init__(
        self, estate: HevoEstate, quirks: Quirks, moment: Callable[[], int | None]
    ) -> None:
        self._estate, self._quirks, self._moment = estate, quirks, moment
        self._pages = Pages(quirks)
        self._pipelines = {str(one.id): one for one in estate.pipelines}
        self._parts: dict[int, tuple[dict[str, ClassicObject], dict[str, Any]]] = {}

    def answer(self, path: tuple[str, ...], query: Query) -> Answer:
        """The answer to a GET.

        Args:
            path: its decoded parts.
            query: its parameters.

        Raises:
            RefusedError: 400, 403 or 404.
        """
        match path:
            case ("pipelines", number, *rest) if rest:
                return self._part(self._pipeline(number), tuple(rest), query)
            case ("accounts", "users") | ("oauth-accounts", *_) if self._quirks.member_key:
                raise RefusedError(403, _MEMBER)
            case ("accounts", "users"):
                return self._list("users", self._estate.users, shapes.user, query)
            case ("oauth-accounts",):
                return self._list("oauth", (), str, query)
            case (kind,) if kind in self._kinds():
                return self._list(kind, *self._kinds()[kind], query)
            case (kind, number) if kind in self._kinds():
                return self._one(kind, number)
            case ("destinations", _, "tables", _, "stats"):
                return self._single({"row_count": 10, "size_bytes": 1000})
            case _:
                raise RefusedError(404, "Not found")

    def _kinds(self) -> dict[str, tuple[tuple[Any, ...], Callable[[Any], Any]]]:
        as_text, estate = self._quirks.type_as_text, self._estate
        return {
            "pipelines": (estate.pipelines, lambda one: shapes.pipeline(one, as_text)),
            "destinations": (estate.destinations, lambda one: shapes.destination(one, as_text)),
            "models": (estate.models, shapes.model),
            "workflows": (estate.workflows, shapes.workflow),
        }

    def _one(self, kind: str, number: str) -> Answer:
        rows, show = self._kinds()[kind]
        for one in rows:
            if str(one.id) == number and not getattr(one, "is_gone", False):
                return self._single(show(one))
        raise RefusedError(404, f"{kind[:-1].title()} with id {number} not found")

    def _pipeline(self, number: str) -> ClassicPipeline:
        found = self._pipelines.get(number)
        if found is None or found.is_gone:
            raise RefusedError(404, f"Pipeline with id {number} not found")
        return found

    def _part(self, one: ClassicPipeline, path: tuple[str, ...], query: Query) -> Answer:
        match path:
            case ("objects",):
                return self._objects(one, query)
            case ("event-types",):
                key = f"{one.id}/event-types"
                return self._list(key, one.event_types, shapes.event_type, query)
            case ("mappings", name):
                return self._mapping(one, name)
            case ("objects", name, *rest):
                return self._object(one, name, tuple(rest))
            case _:
                return self._small(one, path)

    def _small(self, one: ClassicPipeline, path: tuple[str, ...]) -> Answer:
        match path:
            case ("transformations",):
                return self._single({"code": one.code}) if one.code else NO_CONTENT
            case ("transformations", "sample"):
                return self._single({"events": [{"customer": "a row of a customer"}]})
            case ("schedule",):
                return self._single({"type": "FREQUENCY", "frequency": 60})
            case ("position",):
                return self._single(shapes.position(self._quirks.position_as_list))
            case _:
                raise RefusedError(404, "Not found")

    def _objects(self, one: ClassicPipeline, query: Query) -> Answer:
        moment, wanted = self._moment(), query.get("statuses", "")
        rows = [row for row in one.objects if not wanted or row.status in wanted.split(",")]
        key = f"{one.id}/objects/{moment}/{wanted}"
        return self._list(key, rows, lambda row: shapes.object_(row, moment), query)

    def _object(self, one: ClassicPipeline, name: str, path: tuple[str, ...]) -> Answer:
        found = self._named(one)[0].get(name)
        if found is None:
            raise RefusedError(404, f"Object {name} not found")
        match path:
            case ():
                return self._single(shapes.object_(found, self._moment()))
            case ("stats",):
                return self._single({"events_count": 12, "last_sync_time": None})
            case ("query-mode",):
                return self._single({"query_mode": "INCREMENTAL"})
            case ("position",):
                return self._single(shapes.position(self._quirks.position_as_list))
            case _:
                raise RefusedError(404, "Not found")

    def _mapping(self, one: ClassicPipeline, name: str) -> Answer:
        found = self._named(one)[1].get(name)
        if found is None or found.mapping is None:
            raise RefusedError(404, f"Mapping of event type {name} not found")
        return self._single(shapes.mapping(found.mapping))

    def _named(self, one: ClassicPipeline) -> tuple[dict[str, ClassicObject], dict[str, Any]]:
        """Objects and event types of a pipeline by name; kept, for there are thousands."""
        parts = self._parts.get(one.id)
        if parts is None:
            parts = {row.name: row for row in one.objects}, {t.name: t for t in one.event_types}
            self._parts[one.id] = parts
        return parts

    def _list(self, key: str, rows: Any, show: Callable[[Any], Any], query: Query) -> Answer:
        page = self._pages.page(Listing(key, rows, show, _TOKEN, _LIMIT), query)
        if not page.count and self._quirks.classic_no_content:
            return NO_CONTENT
        end = b""
        if page.token:
            end = b',"pagination":' + dumped({_TOKEN: page.token, "count": page.count})
        return Answer(200, b'{"data":' + page.rows + end + b"}")

    def _single(self, value: Any) -> Answer:
        return ok(value if self._quirks.bare_singles else {"data": value})
