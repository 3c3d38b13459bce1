"""How calls to Fivetran are put together: paths, envelopes, media types, pages.

Belongs here: what all addresses share. Not here: any one of them, which `client` has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from kada_dagster.api.address import segment
from kada_dagster.api.call import Reply
from kada_dagster.api.errors import ApiError, ApiNotFoundError
from kada_dagster.api.sending import SendingClient
from kada_dagster.api.values import object_of
from kada_dagster.fivetran.connection import Connection
from kada_dagster.fivetran.pages import Pages

V2 = "application/json;version=2"
"""What connections and destinations are asked for as; all else is plain JSON."""

SLOW = 180.0
"""Seconds to wait for what tests a source or stops a sync: Fivetran itself tries for 60."""

UNKNOWN_THING = "NotFound_"
"""Codes of a 404 that begin so name a thing that is not there; others, that the path is not."""

_PAGES = Pages()


@dataclass(frozen=True)
class Endpoints:
    """Reads and sends as Fivetran wants it.

    Attributes:
        api: the client below; `api.calls` counts requests, `api.date` is the server's clock.
    """

    api: SendingClient

    def close(self) -> None:
        """Close the connections and stop what still runs."""
        self.api.close()

    def ask(self, path: str, *, within: float | None = None) -> Reply:
        """Read something of connections; also under the path it had when they were connectors."""
        return _either(path, lambda at: self.api.read(at, accept=V2, within=within))

    def do(
        self,
        method: Literal["POST", "PATCH"],
        path: str,
        body: Mapping[str, Any],
        *,
        repeatable: bool,
        within: float | None = None,
    ) -> Reply:
        """Have something done; also under the path it had when connections were connectors."""
        return _either(
            path, lambda at: self.send(method, at, body, repeatable=repeatable, within=within)
        )

    def send(
        self,
        method: Literal["POST", "PATCH"],
        path: str,
        body: Mapping[str, Any],
        *,
        repeatable: bool,
        within: float | None = None,
    ) -> Reply:
        """Have something done, under this path only; see `SendingClient.send`."""
        accept = None if "/schemas/" in path else V2
        return self.api.send(
            *(method, path, body), repeatable=repeatable, accept=accept, timeout=SLOW, within=within
        )

    def items(
        self,
        path: str,
        params: Mapping[str, str | int] | None = None,
        *,
        accept: str | None = None,
        within: float | None = None,
    ) -> Iterator[dict[str, Any]]:
        """All items of a list; see `ApiClient.items`."""
        return self.api.items(path, _PAGES, params, accept=accept, within=within)


def path_of(connection_id: str, *names: str) -> str:
    """The path of a connection, or of something of it; names may hold anything."""
    return "/".join(("/connections", *map(segment, (connection_id, *names))))


def data_of(answer: object) -> dict[str, Any]:
    """What is in the envelope; empty if there is nothing."""
    return object_of(object_of(answer).get("data"))


def connection_in(path: str, answer: object, seen_at: datetime | None) -> Connection:
    """The connection in an answer.

    Raises:
        ApiError: it has no id, so that it is none.
    """
    found = Connection.read(answer, seen_at)
    if not found.id:
        raise _unusable("GET", path, "a connection without an id")
    return found


def tested_in(path: str, answer: dict[str, Any]) -> dict[str, Any]:
    """The connection in an answer, with its setup tests.

    Raises:
        ApiError: it has no id or no `setup_tests`: that is not the same as no test that failed.
    """
    if not answer.get("id") or not isinstance(answer.get("setup_tests"), list):
        raise _unusable("POST", path, "a connection without an id or setup_tests")
    return answer


def _unusable(method: str, path: str, reason: str) -> ApiError:
    message = f"Fivetran: {method} {path} got an answer that cannot be used: {reason}"
    return ApiError(message, method=method, path=path, status=200, reason=reason)


def _either(path: str, ask: Callable[[str], Reply]) -> Reply:
    """What is got under the path, or under its old name where Fivetran does not know the new."""
    try:
        return ask(path)
    except ApiNotFoundError as error:
        if error.code.startswith(UNKNOWN_THING):
            raise
        unknown = error
    try:
        return ask(path.replace("/connections", "/connectors", 1))
    except ApiNotFoundError as error:
        raise error if error.code.startswith(UNKNOWN_THING) else unknown from None
