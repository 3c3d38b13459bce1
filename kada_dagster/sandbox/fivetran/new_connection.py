"""Connections as they are when they come into a world."""

from __future__ import annotations

from typing import Any

from kada_dagster.sandbox.fivetran.connection import Connection
from kada_dagster.sandbox.fivetran.layouts import layout_of
from kada_dagster.sandbox.fivetran.outcomes import Usual
from kada_dagster.sandbox.fivetran.services import service_of
from kada_dagster.sandbox.fivetran.times import DAY, to_milliseconds


def new_connection(
    now: int,
    *,
    service: str,
    id: str,
    group: str,
    schema: str,
    new: bool,
    usual: Usual,
    fields: dict[str, Any],
) -> Connection:
    """A connection: made now, or in the middle of its life.

    Args:
        now: moment.
        service: word of its kind.
        id: as in paths.
        group: id of its group.
        schema: its name.
        new: see `FivetranWorld.add_connection`.
        usual: how its syncs go.
        fields: others of `Connection`; they go before what is decided here.
    """
    kind = service_of(service)
    given: dict[str, Any] = {
        "created_at": now if new else now - 30 * DAY,
        "anchor": to_milliseconds(now),
        "layout": layout_of(kind, id, schema),
        "is_historical": new,
        "has_schemas": not new,
        **fields,
    }
    made = Connection(id=id, group_id=group, service=kind, schema=schema, usual=usual, **given)
    if not new:
        half = to_milliseconds(made.step() // 2)
        made.last_start = now
        made.anchor = fields.get("anchor", to_milliseconds(now) + half - made.step())
        if made.setup_state != "incomplete":
            made.succeeded_at = fields.get("succeeded_at", to_milliseconds(now) - half)
    made.anchor = to_milliseconds(made.anchor)
    return made
