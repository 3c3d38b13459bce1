"""One call as the room passes it on, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

READ = "GET"


@dataclass(frozen=True)
class Call:
    """What is sent, and how far to go for an answer.

    Attributes:
        path: of the request without its query, for messages.
        url: the whole address.
        method: of the request.
        body: to send, encoded; never logged.
        content_type: of the body.
        accept: media type asked for, if not the client's.
        timeout: seconds for the connection and every silence, if not the client's.
        repeatable: whether doing it twice does no harm. What is not is sent again only when the
            server surely did nothing.
        within: seconds from now in which attempts may begin, with all waits; None for as long as
            the client's retries say.
    """

    path: str
    url: str
    method: str = READ
    body: bytes | None = None
    content_type: str = "application/json"
    accept: str | None = None
    timeout: float | None = None
    repeatable: bool = True
    within: float | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The headers that this call adds to the client's."""
        accept = {"Accept": self.accept} if self.accept else {}
        return {**accept, **({"Content-Type": self.content_type} if self.body else {})}


@dataclass(frozen=True)
class Reply:
    """An answer that was a success.

    Attributes:
        value: the parsed JSON; None for an answer without a body.
        date: when the server gave it, by the server's clock, in whole seconds; None if not said.
        headers: with names in any case.
    """

    value: Any
    date: datetime | None
    headers: Mapping[str, str]


def date_of(headers: Mapping[str, str]) -> datetime | None:
    """The moment in the header `Date`, in UTC; None if there is none that can be read."""
    try:
        moment = parsedate_to_datetime(headers.get("Date", ""))
    except (TypeError, ValueError, IndexError):
        return None
    naive = moment.tzinfo is None
    return moment.replace(tzinfo=timezone.utc) if naive else moment.astimezone(timezone.utc)
