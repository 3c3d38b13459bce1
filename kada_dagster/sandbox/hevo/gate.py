"""Who may ask, and how often: the key and the budget of its user."""

from __future__ import annotations

import math
from base64 import b64encode
from threading import Lock

from kada_dagster.sandbox.hevo.answers import refusal
from kada_dagster.sandbox.hevo.quirks import Quirks
from kada_dagster.sandbox.web.answers import Answer
from kada_dagster.sandbox.web.budget import CallBudget

_INVALID = "The API key and secret is not valid."
_TOO_MANY = "Request rate limit exceeded"


class Gate:
    """Lets requests in.

    Args:
        api_key: access key.
        api_secret: its secret.
        quirks: of the server.
        budget: of the key's user.
    """

    def __init__(self, api_key: str, api_secret: str, quirks: Quirks, budget: CallBudget) -> None:
        self._expected = "Basic " + b64encode(f"{api_key}:{api_secret}".encode()).decode()
        self._quirks, self._budget = quirks, budget
        self._lock = Lock()
        self._calls = 0
        self.is_expired = False

    def refusal(self, authorization: str, edge: bool) -> Answer | None:
        """Why a request is not let in; None if it is. Both families share the budget."""
        if self._counted_as_expired() or authorization != self._expected:
            return refusal(401, _INVALID, edge=edge)
        wait = self._budget.wait()
        if wait <= 0:
            return None
        told = {"Retry_After": str(math.ceil(wait))} if self._quirks.retry_after else {}
        return refusal(429, _TOO_MANY, edge=edge, **told)

    def _counted_as_expired(self) -> bool:
        until = self._quirks.calls_until_expired
        with self._lock:
            self._calls += 1
            return self.is_expired or (until is not None and self._calls > until)
