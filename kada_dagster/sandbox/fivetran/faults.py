"""What goes wrong with requests, told in advance: by method and path, before or after the deed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from kada_dagster.sandbox.fivetran.call import refused
from kada_dagster.sandbox.fivetran.refusal import RefusedError
from kada_dagster.sandbox.web import Answer, Request
from kada_dagster.sandbox.web import Fault as AnyFault
from kada_dagster.sandbox.web.answers import BAD_GATEWAY, CUT_JSON, NO_CONTENT

When = Literal["before", "after"]

_CODES = {400: "InvalidInput", 401: "AuthFailed", 403: "Forbidden", 409: "Conflict",
          429: "TooManyRequests"}  # fmt: skip


@dataclass
class Fault(AnyFault):
    """Something that happens to requests instead of, or beside, their answer.

    Attributes:
        method: of the requests; empty: any.
        when: `before`: the request is not done; `after`: it is done, and then this happens.
        changed: makes what is sent from the request and the true answer.

    `path` finds something in the path with `/v1`; for the rest see `sandbox.web.Fault`.
    """

    method: str = ""
    when: When = "before"
    changed: Callable[[Request, Answer], Answer] | None = None

    def strikes(self, request: Request, now: float) -> bool:
        """Whether it happens to this request; counts it."""
        return self.method in ("", request.method) and super().strikes(request, now)

    def given(self, request: Request, true: Callable[[], Answer]) -> Answer:
        """What is sent; the request is done first where this happens afterwards."""
        if self.changed:
            done = self.changed(request, true())
            return super().given(request, lambda: done)
        if self.when == "before":
            return Answer(0) if self.sent < 0 else super().given(request, true)
        done = true()
        return super().given(request, lambda: done)

    @classmethod
    def status(
        cls,
        status: int,
        path: str = "",
        *,
        method: str = "",
        when: When = "before",
        code: str = "",
        message: str = "Something broke",
        times: int | None = 1,
        after: int = 0,
    ) -> Fault:
        """An error of the API's own."""
        error = RefusedError(status, code or _CODES.get(status, "InternalServerError"), message)
        return cls(path, refused(error), times, after, method=method, when=when)

    @classmethod
    def too_many(
        cls, path: str = "", *, retry_after: float | None = 3600, times: int | None = 1
    ) -> Fault:
        """A 429; `retry_after` in seconds, None: it does not say."""
        error = RefusedError(429, _CODES[429], "Max 20000 api calls allowed in one-hour rolling "
                             "time period")  # fmt: skip
        headers = {} if retry_after is None else {"Retry_After": f"{retry_after:g}"}
        return cls(path, refused(error, **headers), times)

    @classmethod
    def html(cls, path: str = "", *, method: str = "", when: When = "before",
             times: int | None = 1, after: int = 0) -> Fault:  # fmt: skip
        """A proxy's 502, whose body is no JSON."""
        return cls(path, BAD_GATEWAY, times, after, method=method, when=when)

    @classmethod
    def garbled(cls, path: str = "", *, times: int | None = 1, after: int = 0) -> Fault:
        """A 200 whose body is no JSON; what was asked for is done."""
        return cls(path, CUT_JSON, times, after, when="after")

    @classmethod
    def no_content(cls, path: str = "", *, times: int | None = 1) -> Fault:
        """A 204; what was asked for is done."""
        return cls(path, NO_CONTENT, times, when="after")

    @classmethod
    def lost(cls, path: str = "", *, method: str = "", times: int | None = 1,
             after: int = 0) -> Fault:  # fmt: skip
        """The request is done, then the connection is closed without an answer."""
        return cls(path, None, times, after, sent=-1, method=method, when="after")

    @classmethod
    def dropped(cls, path: str = "", *, method: str = "", times: int | None = 1,
                after: int = 0) -> Fault:  # fmt: skip
        """The connection is closed before anything is done."""
        return cls(path, None, times, after, sent=-1, method=method)

    @classmethod
    def cut(cls, path: str = "", *, times: int | None = 1) -> Fault:
        """The request is done; half of the answer comes."""
        return cls(path, None, times, sent=0.5, when="after")

    @classmethod
    def slow(cls, path: str = "", seconds: float = 1.0, *, times: int | None = 1) -> Fault:
        """The answer takes so many real seconds."""
        return cls(path, None, times, delay=seconds)

    @classmethod
    def repeats_cursor(cls, path: str = "", *, times: int | None = None) -> Fault:
        """Every page names itself as the next one."""
        return cls(path, None, times, changed=_with_cursor_of)


def _with_cursor_of(request: Request, answer: Answer) -> Answer:
    """The answer with the cursor that was asked for as the next one."""
    given = request.query.get("cursor")
    if not given or answer.status != 200:
        return answer
    body = json.loads(answer.body)
    body["data"]["next_cursor"] = given[-1]
    return replace(answer, body=json.dumps(body).encode())
