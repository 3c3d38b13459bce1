"""A call that persists: attempts within the budget, repeated while that makes sense."""

from __future__ import annotations

import json
import logging
from threading import Lock

from kada_dagster.api.auth import Auth
from kada_dagster.api.budget import RateBudget
from kada_dagster.api.errors import ApiCallError
from kada_dagster.api.exchange import Answer, Exchange, LostError
from kada_dagster.api.failures import refused, unreachable
from kada_dagster.api.reasons import reason_of
from kada_dagster.api.retrying import TOO_MANY, Retries, Tries, is_worth_a_retry
from kada_dagster.api.stopping import current
from kada_dagster.errors import ConfigError

_logger = logging.getLogger(__name__)


class Caller:
    """Makes calls for all threads of a client.

    Args:
        service: name of the API, for messages.
        exchange: sends the single requests.
        auth: knows what messages must not hold.
        budget: every attempt takes a place in it.
        retries: how often and how long.

    Attributes:
        calls: requests sent so far.
    """

    def __init__(
        self, service: str, exchange: Exchange, auth: Auth, budget: RateBudget, retries: Retries
    ) -> None:
        self._service, self._exchange, self._auth = service, exchange, auth
        self._budget, self._retries = budget, retries
        self._counting, self.calls = Lock(), 0

    def call(self, path: str, url: str) -> Answer:
        """A success or a redirect.

        Args:
            path: for messages.
            url: the whole address.

        Raises:
            ApiCallError: the API refused, or could not be reached for as long as `retries` says.
            ConfigError: the credentials cannot be looked up.
            StoppedError: the work of this thread was stopped.
        """
        tries = Tries(self._retries)
        while True:
            outcome = self._attempt(url, tries)
            if isinstance(outcome, Answer) and outcome.status < 400:
                return outcome
            wait = tries.wait_before_next(_retry_after(outcome)) if _may_return(outcome) else None
            if wait is None:
                break
            self._rest(path, outcome, wait)
        raise self._failure(path, outcome, tries.made)

    def reason(self, body: bytes) -> str:
        """What a body says, without secrets; '' where those cannot be looked up any more."""
        try:
            return reason_of(body, self._auth.hidden())
        except ConfigError:
            return ""

    def _attempt(self, url: str, tries: Tries) -> Answer | LostError:
        with self._budget.call():
            with self._counting:
                self.calls += 1
            with tries.timed(self._budget.clock):
                try:
                    answer = self._exchange.get(url)
                except LostError as error:
                    return error
        if answer.is_complete or answer.status >= 300 or _is_json(answer.body):
            return answer
        return LostError("the answer was cut short")

    def _rest(self, path: str, outcome: Answer | LostError, wait: float) -> None:
        """Wait before the next attempt; after a 429 everybody waits, by way of the budget."""
        what = outcome.status if isinstance(outcome, Answer) else outcome
        _logger.info("%s: GET %s: %s; again in %.1f s", self._service, path, what, wait)
        if isinstance(outcome, Answer) and outcome.status == TOO_MANY:
            self._budget.pause(wait)
        else:
            current.get().sleep(self._budget.clock, wait)

    def _failure(self, path: str, outcome: Answer | LostError, attempts: int) -> ApiCallError:
        if isinstance(outcome, LostError):
            return unreachable(self._service, path, str(outcome), attempts)
        reason = self.reason(outcome.body)
        return refused(self._service, path, outcome.status, reason, attempts)


def _retry_after(outcome: Answer | LostError) -> str:
    return outcome.headers.get("Retry-After", "") if isinstance(outcome, Answer) else ""


def _may_return(outcome: Answer | LostError) -> bool:
    if isinstance(outcome, LostError):
        return outcome.may_return
    return is_worth_a_retry(outcome.status)


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True
