"""Fivetran's REST API on a port of this machine."""

from __future__ import annotations

import math
import re
from base64 import b64encode
from collections.abc import Callable, Generator
from contextlib import contextmanager
from email.utils import format_datetime
from urllib.parse import urlsplit

from kada_dagster.sandbox.fivetran.budgets import Budgets, Meter
from kada_dagster.sandbox.fivetran.call import Call, refused
from kada_dagster.sandbox.fivetran.faults import Fault
from kada_dagster.sandbox.fivetran.refusal import RefusedError
from kada_dagster.sandbox.fivetran.routes import Routes
from kada_dagster.sandbox.fivetran.times import SECOND
from kada_dagster.sandbox.fivetran.world import FivetranWorld
from kada_dagster.sandbox.web import Answer, Request, StandIn

API_KEY, API_SECRET = "sandbox-key", "sandbox-secret-never-to-be-stored"
"""What the server takes, unless it is given others."""


class FivetranSandbox(StandIn):
    """Serves a world while it is open; a context manager.

    Args:
        world: the account.
        api_key: the key that is let in.
        api_secret: its secret.
        budgets: what may be asked, by the world's clock.
        latency: real seconds before every answer.
        port: to listen on; 0: a free one.

    Attributes:
        world: as given.
        api_key, api_secret: as given.
        meter: counts requests.
        before_answer: called with each request before it is done, e.g. to change the world
            between two calls of a client.
    """

    def __init__(
        self,
        world: FivetranWorld,
        *,
        api_key: str = API_KEY,
        api_secret: str = API_SECRET,
        budgets: Budgets | None = None,
        latency: float = 0.0,
        port: int = 0,
    ) -> None:
        super().__init__(latency=latency, clock=self._seconds, port=port)
        self.world = world
        self.api_key, self.api_secret = api_key, api_secret
        self.meter = Meter(budgets or Budgets.paid(), self._seconds)
        self.before_answer: Callable[[Request], object] | None = None
        self._routes = Routes(world)
        self._is_expired = False

    @property
    def url(self) -> str:
        """Address of the API with `/v1`.

        Raises:
            RuntimeError: it is not open.
        """
        return f"{super().url}/v1"

    @property
    def base_url(self) -> str:
        """The same, by the name it has in settings."""
        return self.url

    def fail(self, fault: Fault) -> None:
        """Let something go wrong from now on."""
        self.failures.add(fault)

    @contextmanager
    def refusing(self) -> Generator[None, None, None]:
        """Refuse connections for a while, and break those that are open; the port is kept."""
        self._port = urlsplit(self.url).port or 0
        self.__exit__(None, None, None)
        try:
            yield
        finally:
            self.__enter__()

    def expire_key(self) -> None:
        """Let the key be valid no longer."""
        self._is_expired = True

    def calls(self, method: str = "", path: str = "") -> list[Request]:
        """Requests that came, of a method and of paths that a regular expression finds."""
        return [
            one
            for one in list(self.requests)
            if method in ("", one.method) and re.search(path, one.path)
        ]

    def forget(self) -> None:
        """Empty the record of requests."""
        with self.lock:
            self.requests.clear()

    def answer(self, request: Request, authorization: str) -> Answer:
        """The true answer."""
        if self.before_answer:
            self.before_answer(request)
        answer = self._let_in(_call_of(request), authorization)
        answer.headers["Date"] = format_datetime(self.world.now, usegmt=True)
        return answer

    def _let_in(self, call: Call, authorization: str) -> Answer:
        expected = "Basic " + b64encode(f"{self.api_key}:{self.api_secret}".encode()).decode()
        if authorization != expected or self._is_expired:
            return refused(RefusedError(401, "AuthFailed", "Invalid authorization credentials"))
        wait = self.meter.wait(call)
        if wait > 0:
            answer = refused(_TOO_MANY, Retry_After=str(math.ceil(wait)))
        else:
            answer = self._routes.answer(call)
        answer.headers.update(self.meter.headers())
        return answer

    def _seconds(self) -> float:
        return self.world.clock.moment() / SECOND


_TOO_MANY = RefusedError(
    429, "TooManyRequests", "Max api calls allowed in the rolling time period are used up"
)


def _call_of(request: Request) -> Call:
    query = {name: values[-1] for name, values in request.query.items()}
    return Call(request.method, request.path, query, request.body, request.headers)
