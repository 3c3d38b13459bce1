"""One request as a stand-in saw it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """A request, kept in the server's log, without its credentials.

    Attributes:
        method: of HTTP.
        path: as it was sent, behind the server's prefix, without the query.
        query: values by name, in the order sent; blank ones too.
        at: moment of the server's clock at which it came.
        body: what was sent with it.
        headers: by name in lower case, without the one for the credentials.
        target: path and query as they were sent.
        status: of the answer; None before it is known; 0: the connection was closed instead.
    """

    method: str
    path: str
    query: Mapping[str, tuple[str, ...]]
    at: float
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    target: str = field(default="", repr=False)
    status: int | None = None

    @property
    def json(self) -> Any:
        """What the body says; None where there is none.

        Raises:
            ValueError: it is no JSON.
        """
        return json.loads(self.body) if self.body else None
