"""What a stand-in is, whoever's API it stands for: it listens, plans faults, keeps a log."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import Event, Lock, Thread
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

from typing_extensions import Self

from kada_dagster.sandbox.web.answers import CLOSED, UNAVAILABLE, Answer
from kada_dagster.sandbox.web.faults import Fault, FaultPlan
from kada_dagster.sandbox.web.listener import Listener
from kada_dagster.sandbox.web.request import Request


class StandIn(ABC):
    """Serves while it is open; a context manager that can be opened again.

    Args:
        prefix: what every path begins with; anything else is a 404 without a body.
        latency: seconds before every answer.
        clock: seconds that never go back: the time of budget, outages and log.
        port: to listen on; 0 for any free one.

    Attributes:
        failures: the faults still to come.
        requests: all that came, in the order of their answers.
    """

    def __init__(
        self,
        *,
        prefix: str = "",
        latency: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
        port: int = 0,
    ) -> None:
        self.failures = FaultPlan()
        self.requests: list[Request] = []
        self.lock = Lock()
        self.clock = clock
        self._prefix, self._latency, self._port = prefix, latency, port
        self._closing = Event()
        self._listener: Listener | None = None
        self._thread: Thread | None = None

    @abstractmethod
    def answer(self, request: Request, authorization: str) -> Answer:
        """The true answer; called from many threads.

        Args:
            request: what is asked.
            authorization: header of that name, empty where there is none.
        """

    def unavailable(self, request: Request) -> Answer:  # noqa: ARG002 - for those that override it
        """The answer during an outage; a proxy's page unless the API has words for it."""
        return UNAVAILABLE

    @property
    def url(self) -> str:
        """Address of the API, as `base_url` takes it.

        Raises:
            RuntimeError: it is not open.
        """
        if self._listener is None:
            raise RuntimeError("the server is not open")
        return f"http://127.0.0.1:{self._listener.server_address[1]}{self._prefix}"

    @property
    def writes(self) -> list[Request]:
        """Requests that were not GET."""
        return [request for request in self.requests if request.method != "GET"]

    def outage(self, seconds: float) -> None:
        """Fail every request for so many seconds of the clock."""
        until = self.clock() + seconds
        self.failures.add(Fault(answer=self.unavailable, times=None, until=until))

    def __enter__(self) -> Self:
        """Start to listen."""
        self._closing.clear()
        self._listener = Listener(self._port, self._respond, self._closing)
        self._thread = Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop: no thread, no connection and no port is left."""
        self._closing.set()
        if self._listener and self._thread:
            self._listener.shutdown()
            self._thread.join()
            self._listener.close()
        self._listener = self._thread = None

    def _respond(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        parts = urlsplit(target)
        if not parts.path.startswith(f"{self._prefix}/"):
            return Answer(404, content_type="")
        values = parse_qs(parts.query, keep_blank_values=True)
        request = Request(
            method,
            parts.path[len(self._prefix) :],
            {name: tuple(texts) for name, texts in values.items()},
            self.clock(),
            body,
            {name: text for name, text in headers.items() if name != "authorization"},
            target,
        )
        return self._logged(request, headers.get("authorization", ""))

    def _logged(self, request: Request, authorization: str) -> Answer:
        fault = self.failures.next_for(request, request.at) or Fault()
        delay = self._latency + fault.delay
        if delay and self._closing.wait(delay):
            return CLOSED
        answer = fault.given(request, lambda: self.answer(request, authorization))
        with self.lock:
            self.requests.append(replace(request, status=answer.status))
        return answer
