"""A request as the API understands it, and the answers it gives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from kada_dagster.sandbox.fivetran.refusal import RefusedError, invalid
from kada_dagster.sandbox.web import Answer

JSON = "application/json"
_ACCEPTED = {"*/*", "application/*", JSON, f"{JSON};version=1"}


@dataclass(frozen=True)
class Call:
    """A request.

    Attributes:
        method: of HTTP.
        path: with `/v1`, as it was sent.
        query: the last value of each name.
        body: what was sent with it.
        headers: names in small letters.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def check_accept(self, *, second: bool) -> None:
        """Refuse who does not take JSON of a version there is.

        Args:
            second: whether version 2 is one.

        Raises:
            RefusedError: 406.
        """
        wanted = self.headers.get("accept", "*/*").replace(" ", "").lower().split(",")
        taken = {*_ACCEPTED, *([f"{JSON};version=2"] if second else [])}
        if not any(one.partition(";q=")[0] in taken for one in wanted):
            raise RefusedError(406, "NotAcceptable", "HTTP 406 Not Acceptable")

    def value(self) -> Any:
        """The body as JSON; None where there is none.

        Raises:
            RefusedError: 415, it is said to be something else; 400, it is no JSON.
        """
        if not self.body:
            return None
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != JSON:
            raise RefusedError(415, "UnsupportedMediaType", "HTTP 415 Unsupported Media Type")
        try:
            return json.loads(self.body)
        except ValueError:
            raise invalid("The request body is not valid JSON") from None

    def fields(self) -> dict[str, Any]:
        """The body as an object; an empty one where there is none.

        Raises:
            RefusedError: as `value`; 400, it is no object.
        """
        read = self.value()
        if read is None:
            return {}
        if not isinstance(read, dict):
            raise invalid("The request body must be an object")
        return cast("dict[str, Any]", read)


def ok(message: str, data: Any = None, *, code: str = "Success", status: int = 200) -> Answer:
    """A good answer; without `data` where there is none."""
    body = {"code": code, "message": message, "data": data}
    return in_json(status, {name: one for name, one in body.items() if one is not None})


def refused(error: RefusedError, **headers: str) -> Answer:
    """An error; `headers` with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return in_json(error.status, {"code": error.code, "message": error.message}, named)


def in_json(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer that says a value in JSON."""
    return Answer(status, json.dumps(value).encode(), headers=dict(headers or {}))
