"""What goes wrong with Hevo, once or for a while, in its own words."""

from __future__ import annotations

from kada_dagster.sandbox.hevo.answers import refusal
from kada_dagster.sandbox.web import faults
from kada_dagster.sandbox.web.answers import BAD_GATEWAY, CUT_JSON


class Fault(faults.Fault):
    """A fault of any API, and the ones that are common with this one."""

    @classmethod
    def status(
        cls, status: int, path: str = "", *, message: str = "Something broke", times: int = 1
    ) -> Fault:
        """An error with the API's usual body."""
        return cls(path, refusal(status, message), times)

    @classmethod
    def html(cls, path: str = "", *, times: int = 1) -> Fault:
        """A proxy's 502, whose body is no JSON."""
        return cls(path, BAD_GATEWAY, times)

    @classmethod
    def garbled(cls, path: str = "", *, times: int = 1) -> Fault:
        """A 200 whose body is no JSON."""
        return cls(path, CUT_JSON, times)

    @classmethod
    def gone(cls, path: str, *, after: int = 0) -> Fault:
        """A thing that is deleted after so many requests for it."""
        return cls(path, refusal(404, "Not found"), times=None, after=after)
