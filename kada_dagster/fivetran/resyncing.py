"""The ways to have single tables read again, tried one after the other; none of them widens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from kada_dagster.api.errors import ApiError, ApiNotFoundError
from kada_dagster.fivetran.endpoints import UNKNOWN_THING

Post = Callable[[tuple[str, ...], Mapping[str, Any]], "datetime | None"]


class _NoSuchWayError(Exception):
    """Fivetran does not know the address."""


def resync_tables(post: Post, scope: dict[str, list[str]]) -> datetime | None:
    """Ask for a re-sync of some tables.

    Args:
        post: sends a body to the path of these names below the connection.
        scope: tables by schema.

    Returns:
        What the last `post` returned: when the server answered.

    Raises:
        ApiCallError: refused, by the first way that Fivetran knows.
        ValueError: the scope, or a schema of it, is empty: that would be everything.
    """
    if not scope or not all(scope.values()):
        raise ValueError("a re-sync of no tables, which Fivetran would take for one of all")
    for names, body in ((("schemas", "tables", "resync"), scope), (("resync",), {"scope": scope})):
        try:
            return _known(post, names, body)
        except _NoSuchWayError:
            continue
    return _one_by_one(post, scope)


def _one_by_one(post: Post, scope: dict[str, list[str]]) -> datetime | None:
    """As it was done before there was a way for many."""
    answered: datetime | None = None
    for schema, tables in scope.items():
        for table in tables:
            answered = post(("schemas", schema, "tables", table, "resync"), {})
    return answered


def _known(post: Post, names: tuple[str, ...], body: Mapping[str, Any]) -> datetime | None:
    try:
        return post(names, body)
    except (ApiNotFoundError, ApiError) as error:
        if error.status not in (404, 405) or error.code.startswith(UNKNOWN_THING):
            raise
    raise _NoSuchWayError
