"""The stand-in server: one workspace over HTTP on a free port of this machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType

from kada_dagster.sandbox.hightouch.answers import Answer, too_many, unauthorized
from kada_dagster.sandbox.hightouch.budget import CallBudget
from kada_dagster.sandbox.hightouch.estate import HightouchEstate
from kada_dagster.sandbox.hightouch.faults import Failure, FailurePlan, Faults
from kada_dagster.sandbox.hightouch.listener import PREFIX, Listener
from kada_dagster.sandbox.hightouch.request import Request
from kada_dagster.sandbox.hightouch.routes import Routes

TOKEN = "ht-sandbox-never-to-be-stored"
"""The key the server takes, unless it is given another."""


class WriteAttemptedError(AssertionError):
    """Something other than GET was sent: a collector reads."""


class HightouchServer:
    """Serves an estate while it is open.

    Args:
        estate: the workspace; it may change while it is served.
        faults: the switches; they may change, too.
        token: the key it takes.
        calls: how many calls it takes in `seconds`; None: any number.
        seconds: length of the budget's window.
        clock: seconds that never go back, for the budget and for failures with an end.
        port: to listen on; 0: a free one.

    Attributes:
        faults: as given.
        failures: what was planned with `fail`.
        budget: counts calls, and those refused.
        requests: every request that was answered.
    """

    def __init__(
        self,
        estate: HightouchEstate,
        faults: Faults | None = None,
        *,
        token: str = TOKEN,
        calls: int | None = 200,
        seconds: float = 10,
        clock: Callable[[], float] = time.monotonic,
        port: int = 0,
    ) -> None:
        self.estate = estate
        self.faults = faults or Faults()
        self.failures = FailurePlan()
        self.token = token
        self.budget = CallBudget(calls if calls is not None else 10**9, seconds, clock)
        self.requests: list[Request] = []
        self._clock = clock
        self._port = port
        self._routes = Routes(estate, self.faults)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._listener: Listener | None = None

    @property
    def url(self) -> str:
        """Address of the API, as `base_url` takes it."""
        if self._listener is None:
            raise RuntimeError("the server is not open")
        return f"http://127.0.0.1:{self._listener.server_address[1]}{PREFIX}"

    def fail(self, kind: str, path: str = "/", *, times: int | None = 1, after: int = 0) -> None:
        """Let answers fail: see `Failure`."""
        self.failures.add(Failure(kind, path, times, after))

    def outage(self, seconds: float, kind: str = "unavailable") -> None:
        """Let every answer fail for so many seconds of the clock."""
        self.failures.add(Failure(kind, times=None, until=self._clock() + seconds))

    def _ask(
        self, method: str, path: str, query: dict[str, tuple[str, ...]], authorization: str | None
    ) -> Answer:
        request = Request(method, path, query, self._clock())
        if self.faults.latency and self._stopping.wait(self.faults.latency):
            return Answer(0)
        answer = self._answer(request, authorization)
        with self._lock:
            self.requests.append(replace(request, status=answer.status))
        return answer

    def _answer(self, request: Request, authorization: str | None) -> Answer:
        if request.method != "GET":
            return Answer(405, b"Method Not Allowed", "text/plain; charset=utf-8")
        failure = self.failures.strike(request.path, self._clock())
        if failure == "hang":
            self._stopping.wait()
            return Answer(0)
        if failure:
            return failure
        refusal = self._refusal(authorization)
        if refusal:
            return refusal
        with self._lock:
            if self.faults.before_answer:
                self.faults.before_answer(request)
            return self._routes.answer(request.path, request.query)

    def _refusal(self, authorization: str | None) -> Answer | None:
        if not authorization:
            return unauthorized("No authorization header found")
        if authorization != f"Bearer {self.token}":
            return unauthorized("Token is invalid")
        return None if self.budget.admits() else too_many(self.faults.retry_after)

    def __enter__(self) -> HightouchServer:
        """Start to listen."""
        self._stopping.clear()
        self._listener = Listener(self._port, self._ask, self._stopping)
        self._listener.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop.

        Raises:
            WriteAttemptedError: something other than GET was sent.
        """
        self._stopping.set()
        if self._listener:
            self._listener.stop()
            self._listener = None
        sent = {request.method for request in self.requests} - {"GET"}
        if sent and kind is None:
            raise WriteAttemptedError(f"a collector reads, but this was sent: {sorted(sent)}")
