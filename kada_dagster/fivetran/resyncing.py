"""The ways to have single tables read again, tried one after the other; none of them widens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from kada_dagster.api.errors import ApiError, ApiNotFoundError
from kada_dagster.fivetran.endpoints import UNKNOWN_THING
from kada_dagster.fivetran.errors import ResyncUnsupportedError

Post = Callable[[tuple[str, ...], Mapping[str, Any]], "datetime | None"]


class _NoSuchWayError(Exception):
    """Fivetran does not know the address."""


def resync_tables(post: Post, scope: dict[str, list[str]], connection: str) -> datetime | None:
    """Ask for a re-sync of some tables.

    Args:
        post: sends a body to the path of these names below the connection.
        scope: tables by schema.
        connection: for messages.

    Returns:
        What `post` returned: when the server answered.

    Raises:
        ApiCallError: refused, by the first way that Fivetran knows.
        ResyncUnsupportedError: there are several tables, and Fivetran knows no way for that.
        ValueError: the scope, or a schema of it, is empty: that would be everything.
    """
    if not scope or not all(scope.values()):
        raise ValueError("a re-sync of no tables, which Fivetran would take for one of all")
    for names, body in ((("schemas", "tables", "resync"), scope), (("resync",), {"scope": scope})):
        try:
            return _known(post, names, body)
        except _NoSuchWayError:
            continue
    return _single(post, scope, connection)


def _single(post: Post, scope: dict[str, list[str]], connection: str) -> datetime | None:
    """As it was done before there was a way for many: never several, of which each would stop at
    the sync of the one before, and nobody could tell which were heard."""
    (schema, table), *more = [(schema, table) for schema, ts in scope.items() for table in ts]
    if more:
        raise ResyncUnsupportedError(
            f"{connection}: Fivetran re-syncs only one table at a time here, and "
            f"{1 + len(more)} were named; nothing was asked for: name one, and the next when "
            "its re-sync is done",
            connection_id=connection,
        )
    return post(("schemas", schema, "tables", table, "resync"), {})


def _known(post: Post, names: tuple[str, ...], body: Mapping[str, Any]) -> datetime | None:
    try:
        return post(names, body)
    except (ApiNotFoundError, ApiError) as error:
        if error.status not in (404, 405) or error.code.startswith(UNKNOWN_THING):
            raise
    raise _NoSuchWayError
