"""What has become of syncs: the history, and the previews of warnings and errors."""

from __future__ import annotations

from collections.abc import Mapping

from kada_dagster.sandbox.fivetran.call import Call
from kada_dagster.sandbox.fivetran.history import told
from kada_dagster.sandbox.fivetran.paging import in_json, page
from kada_dagster.sandbox.fivetran.refusal import RefusedError, invalid, no_such_path
from kada_dagster.sandbox.fivetran.syncs import history_item
from kada_dagster.sandbox.fivetran.times import DAY, MINUTE, read_moment, written
from kada_dagster.sandbox.fivetran.world import FivetranWorld
from kada_dagster.sandbox.web import Answer

_WIDEST, _USUAL = 7 * DAY, 60 * MINUTE
_REFUSALS = {
    403: RefusedError(403, "Forbidden", "This endpoint is not available in your plan"),
    404: no_such_path(),
    405: RefusedError(405, "MethodNotAllowed", "HTTP 405 Method Not Allowed"),
}


class HistoryRoutes:
    """Answers about syncs of a world."""

    def __init__(self, world: FivetranWorld) -> None:
        self._world = world

    def history(self, call: Call, id: str) -> Answer:
        """GET connections/{}/sync-history."""
        world, quirks = self._world, self._world.quirks
        if isinstance(quirks.history, int):
            raise _REFUSALS[quirks.history]
        with world.timeline.settled() as now:
            connection = world.estate.connection(id)
            found = told(connection, quirks, now, _span(call.query, now))
            rows = [history_item(sync, skew, quirks.digits) for sync, skew in found]
        message = "Connection sync history retrieved successfully"
        return page(message, rows, call.query, in_json, null_at_end=quirks.null_cursor)

    def warnings(self, call: Call, id: str) -> Answer:
        """GET connections/{}/warnings, where the preview is open to the account."""
        self._preview()
        connection = self._world.estate.connection(id)
        made = written(self._world.timeline.now)
        rows = [
            {"warnings": [{"code": one.code, "message": one.message, "created_at": made}]}
            for one in connection.warnings
        ]
        return page("Connection warnings retrieved successfully", rows, call.query, in_json)

    def errors(self, call: Call, id: str) -> Answer:
        """GET connections/{}/errors, likewise."""
        self._preview()
        connection = self._world.estate.connection(id)
        failed = connection.failed_at or connection.created_at
        rows = [
            {
                "type": one.code,
                "title": one.code.replace("_", " ").capitalize(),
                "reason": one.message,
                "message": one.message,
                "created_at": written(failed),
            }
            for one in connection.tasks
        ]
        return page("Connection errors retrieved successfully", rows, call.query, in_json)

    def _preview(self) -> None:
        if not self._world.quirks.previews:
            raise no_such_path()


def _span(query: Mapping[str, str], now: int) -> tuple[int, int]:
    """The span asked for: an hour, unless told otherwise, and a week at most."""
    start, end = (_moment(query, name) for name in ("start_time", "end_time"))
    if end is None:
        end = now if start is None else min(start + _USUAL, max(now, start))
    if start is None:
        start = end - _USUAL
    if not start <= end <= start + _WIDEST:
        raise invalid("The window between start_time and end_time must be 7 days at most")
    # The very moment of the end belongs to it: ends are told to the millisecond.
    return start, end + 1


def _moment(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name)
    try:
        return None if text is None else read_moment(text)
    except ValueError:
        raise invalid(f"{name} must be a moment in ISO 8601") from None
