"""Hevo's API on a port of this machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from urllib.parse import unquote

from kada_dagster.sandbox.hevo.answers import RefusedError, refusal
from kada_dagster.sandbox.hevo.classic_routes import ClassicRoutes
from kada_dagster.sandbox.hevo.edge_routes import EdgeRoutes
from kada_dagster.sandbox.hevo.estate import HevoEstate
from kada_dagster.sandbox.hevo.facts import milliseconds_of
from kada_dagster.sandbox.hevo.gate import Gate
from kada_dagster.sandbox.hevo.quirks import Quirks
from kada_dagster.sandbox.web import Answer, CallBudget, Fault, Request, StandIn

_CLASSIC, _EDGE = "/api/public/v2.0/", "/api/v1/"


class HevoServer(StandIn):
    """Serves an account. Only GET is understood.

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
        super().__init__(latency=latency, clock=clock, port=port)
        self._quirks = quirks or Quirks()
        calls, seconds = budget or (None, 0.0)
        self._gate = Gate(api_key, api_secret, self._quirks, CallBudget(calls, seconds, clock))
        self._classic = ClassicRoutes(estate, self._quirks, self._milliseconds)
        self._edge = EdgeRoutes(estate, self._quirks, self._milliseconds)
        self.moment: datetime | None = None

    def fail(self, fault: Fault) -> None:
        """Let something go wrong from now on."""
        self.failures.add(fault)

    def expire_key(self) -> None:
        """Let the key be valid no longer."""
        self._gate.is_expired = True

    def unavailable(self, request: Request) -> Answer:
        """A 503 in the family's words."""
        return refusal(503, "Service unavailable", edge=request.path.startswith(_EDGE))

    def answer(self, request: Request, authorization: str) -> Answer:
        """See `StandIn.answer`."""
        edge = request.path.startswith(_EDGE)
        if request.method != "GET":
            return refusal(405, "This account is only looked at", edge=edge)
        try:
            refused = self._gate.refusal(authorization, edge)
            return refused or self._routed(request, edge)
        except RefusedError as error:
            return refusal(error.status, error.message, edge=edge)

    def _milliseconds(self) -> int | None:
        return None if self.moment is None else milliseconds_of(self.moment)

    def _routed(self, request: Request, edge: bool) -> Answer:
        routes, prefix = (self._edge, _EDGE) if edge else (self._classic, _CLASSIC)
        absent = self._quirks.edge_status if edge else self._quirks.classic_status
        if absent is not None or not request.path.startswith(prefix):
            raise RefusedError(absent or 404, "Not available")
        parts = tuple(unquote(part) for part in request.path[len(prefix) :].split("/"))
        values = {name: texts[-1] for name, texts in request.query.items()}
        return routes.answer(parts, values)
