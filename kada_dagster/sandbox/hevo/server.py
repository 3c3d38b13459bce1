"""Hevo's API on a port of this machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Event, Thread
from types import TracebackType
from urllib.parse import parse_qsl, unquote, urlsplit

from kada_dagster.sandbox.hevo.answers import Answer, RefusedError, refusal
from kada_dagster.sandbox.hevo.classic_routes import ClassicRoutes
from kada_dagster.sandbox.hevo.edge_routes import EdgeRoutes
from kada_dagster.sandbox.hevo.estate import HevoEstate
from kada_dagster.sandbox.hevo.facts import milliseconds_of
from kada_dagster.sandbox.hevo.faults import Fault, FaultPlan
from kada_dagster.sandbox.hevo.gate import Gate
from kada_dagster.sandbox.hevo.listener import Listener, Outcome
from kada_dagster.sandbox.hevo.quirks import Quirks

_CLASSIC, _EDGE = "/api/public/v2.0/", "/api/v1/"


@dataclass(frozen=True)
class Request:
    """A request that came, without its credentials.

    Attributes:
        method: of HTTP.
        path: as it was sent, without the query.
        query: as it was sent.
        status: of the answer; 0 where the connection was closed instead.
        at: of the server's clock.
    """

    method: str
    path: str
    query: str
    status: int
    at: float


class HevoServer:
    """Serves an account until it is closed; a context manager. Only GET is understood.

    Args:
        estate: what is in the account.
        api_key: access key that is let in.
        api_secret: its secret.
        quirks: how the API behaves.
        budget: calls and the seconds of the sliding span they may be made in; None: no limit.
        latency: seconds before every answer.
        clock: the time of budget and outages.
        port: to listen on; 0 for any free one.

    Attributes:
        requests: all that came, in the order of their answers.
        moment: when the account is looked at; None for when nothing happens any more.
    """

    def __init__(
        self,
        estate: HevoEstate,
        *,
        api_key: str = "sandbox-key",
        api_secret: str = "sandbox-secret",
        quirks: Quirks | None = None,
        budget: tuple[int, float] | None = (100, 60.0),
        latency: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
        port: int = 0,
    ) -> None:
        self._quirks = quirks or Quirks()
        self._gate = Gate(api_key, api_secret, self._quirks, budget, clock)
        self._classic = ClassicRoutes(estate, self._quirks, self._milliseconds)
        self._edge = EdgeRoutes(estate, self._quirks, self._milliseconds)
        self._faults, self._closing = FaultPlan(), Event()
        self._latency, self._clock = latency, clock
        self._down_until = float("-inf")
        self.requests: list[Request] = []
        self.moment: datetime | None = None
        self._listener = Listener(port, self._outcome)
        self._thread = Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """Address without a path, for `base_url`."""
        return f"http://127.0.0.1:{self._listener.server_address[1]}"

    @property
    def writes(self) -> list[Request]:
        """Requests that were not GET: there should be none."""
        return [request for request in self.requests if request.method != "GET"]

    def fail(self, fault: Fault) -> None:
        """Let something go wrong from now on."""
        self._faults.add(fault)

    def go_down(self, seconds: float) -> None:
        """Answer 503 to everything, for so long by the server's clock."""
        self._down_until = self._clock() + seconds

    def expire_key(self) -> None:
        """Let the key be valid no longer."""
        self._gate.is_expired = True

    def __enter__(self) -> HevoServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._listener.shutdown()
        self._thread.join()
        self._listener.close()

    def _milliseconds(self) -> int | None:
        return None if self.moment is None else milliseconds_of(self.moment)

    def _outcome(self, method: str, target: str, authorization: str) -> Outcome:
        """What happens to a request."""
        parts = urlsplit(target)
        fault = self._faults.next_for(parts.path)
        self._closing.wait(self._latency + (fault.delay if fault else 0.0))
        breaks = fault.breaks if fault else ""
        answer = self._answer(method, parts.path, parts.query, authorization, fault)
        status = 0 if breaks == "before" else answer.status
        self.requests.append(Request(method, parts.path, parts.query, status, self._clock()))
        return Outcome(answer, breaks)

    def _answer(
        self, method: str, path: str, query: str, authorization: str, fault: Fault | None
    ) -> Answer:
        edge = path.startswith(_EDGE)
        if self._clock() < self._down_until:
            return refusal(503, "Service unavailable", edge=edge)
        if fault and fault.answer:
            return fault.answer
        if method != "GET":
            return refusal(405, "This account is only looked at", edge=edge)
        try:
            refused = self._gate.refusal(authorization, edge)
            return refused or self._routed(path, query, edge)
        except RefusedError as error:
            return refusal(error.status, error.message, edge=edge)

    def _routed(self, path: str, query: str, edge: bool) -> Answer:
        routes, prefix = (self._edge, _EDGE) if edge else (self._classic, _CLASSIC)
        absent = self._quirks.edge_status if edge else self._quirks.classic_status
        if absent is not None or not path.startswith(prefix):
            raise RefusedError(absent or 404, "Not available")
        parts = tuple(unquote(part) for part in path[len(prefix) :].split("/"))
        return routes.answer(parts, dict(parse_qsl(query, keep_blank_values=True)))
