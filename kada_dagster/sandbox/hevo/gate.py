"""Who may ask, and how often: the key and the budget of its user."""

from __future__ import annotations

import math
from base64 import b64encode
from collections import deque
from collections.abc import Callable
from threading import Lock

from kada_dagster.sandbox.hevo.answers import Answer, refusal
from kada_dagster.sandbox.hevo.quirks import Quirks

_INVALID = "The API key and secret is not valid."
_TOO_MANY = "Request rate limit exceeded"


class Gate:
    """Lets requests in.

    Args:
        api_key: access key.
        api_secret: its secret.
        quirks: of the server.
        budget: calls and the seconds of the sliding span they may be made in; None: no limit.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        api_key: str,
        api_secret: str,
        quirks: Quirks,
        budget: tuple[int, float] | None,
        clock: Callable[[], float],
    ) -> None:
        self._expected = "Basic " + b64encode(f"{api_key}:{api_secret}".encode()).decode()
        self._quirks, self._budget, self._clock = quirks, budget, clock
        self._let_in: deque[float] = deque()
        self._lock = Lock()
        self._calls = 0
        self.is_expired = False

    def refusal(self, authorization: str, edge: bool) -> Answer | None:
        """Why a request is not let in; None if it is. Both families share the budget."""
        with self._lock:
            self._calls += 1
            until = self._quirks.calls_until_expired
            expired = self.is_expired or (until is not None and self._calls > until)
            if authorization != self._expected or expired:
                return refusal(401, _INVALID, edge=edge)
            wait = self._seconds_to_wait()
        if wait <= 0:
            return None
        told = {"Retry_After": str(math.ceil(wait))} if self._quirks.retry_after else {}
        return refusal(429, _TOO_MANY, edge=edge, **told)

    def _seconds_to_wait(self) -> float:
        """Count the request, or say when the next one may come."""
        if self._budget is None:
            return 0.0
        calls, seconds = self._budget
        now = self._clock()
        while self._let_in and self._let_in[0] + seconds <= now:
            self._let_in.popleft()
        if len(self._let_in) >= calls:
            return self._let_in[0] + seconds - now
        self._let_in.append(now)
        return 0.0
