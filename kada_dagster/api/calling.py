"""A call that persists: attempts within the budget, repeated while that makes sense."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from threading import Lock

from kada_dagster.api.auth import Auth
from kada_dagster.api.budget import NoRoomError, RateBudget
from kada_dagster.api.call import READ, Call, date_of
from kada_dagster.api.errors import ApiCallError
from kada_dagster.api.exchange import Answer, Exchange, LostError
from kada_dagster.api.failures import crowded, refused, unreachable
from kada_dagster.api.reasons import code_of, reason_of
from kada_dagster.api.retrying import TOO_MANY, Retries, Tries, is_in_doubt, is_worth_a_retry
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
        date: when the server gave its last answer, by its own clock; None before the first.
    """

    def __init__(
        self, service: str, exchange: Exchange, auth: Auth, budget: RateBudget, retries: Retries
    ) -> None:
        self._service, self._exchange, self._auth = service, exchange, auth
        self._budget, self._retries = budget, retries
        self._counting, self.calls = Lock(), 0
        self.date: datetime | None = None

    def call(self, call: Call) -> Answer:
        """A success or a redirect.

        Raises:
            ApiCallError: the API refused, or could not be reached for as long as `retries` says.
            ConfigError: the credentials cannot be looked up.
            StoppedError: the work of this thread was stopped.
        """
        tries = Tries(self._retries, self._budget.clock, call.within)
        while True:
            outcome = self._attempt(call, tries)
            if isinstance(outcome, Answer) and outcome.status < 400:
                return outcome
            in_doubt = call.method != READ and _is_in_doubt(outcome)
            tries.in_doubt |= in_doubt
            again = _may_return(outcome) and (call.repeatable or not in_doubt)
            wait = tries.wait_before_next(_retry_after(outcome)) if again else None
            if wait is None:
                break
            self._rest(call, outcome, wait)
        raise self._failure(call, outcome, tries)

    def reason(self, body: bytes) -> str:
        """What a body says, without secrets; '' where those cannot be looked up any more."""
        return self._said(body)[0]

    def _said(self, body: bytes) -> tuple[str, str]:
        try:
            hidden = self._auth.hidden()
        except ConfigError:
            return "", ""
        return reason_of(body, hidden), code_of(body, hidden)

    def _attempt(self, call: Call, tries: Tries) -> Answer | LostError:
        try:
            with self._budget.call(tries.left()):
                answer = self._exchanged(call, tries)
        except NoRoomError as error:
            crowd = crowded(self._service, call, error.seconds, tries.in_doubt)
        else:
            if isinstance(answer, LostError) or _is_whole(answer):
                return answer
            return LostError("the answer was cut short")
        raise crowd

    def _exchanged(self, call: Call, tries: Tries) -> Answer | LostError:
        with self._counting:
            self.calls += 1
        with tries.timed():
            try:
                answer = self._exchange.send(call)
            except LostError as error:
                return error
        self.date = date_of(answer.headers) or self.date
        return answer

    def _rest(self, call: Call, outcome: Answer | LostError, wait: float) -> None:
        """Wait before the next attempt; after a 429 everybody waits, by way of the budget."""
        what = outcome.status if isinstance(outcome, Answer) else outcome
        again = f"again in {wait:.1f} s"
        _logger.info("%s: %s %s: %s; %s", self._service, call.method, call.path, what, again)
        if isinstance(outcome, Answer) and outcome.status == TOO_MANY:
            self._budget.pause(wait)
        else:
            current.get().sleep(self._budget.clock, wait)

    def _failure(self, call: Call, outcome: Answer | LostError, tries: Tries) -> ApiCallError:
        if isinstance(outcome, LostError):
            return unreachable(self._service, call, str(outcome), tries.made, tries.in_doubt)
        reason, code = self._said(outcome.body)
        return refused(
            self._service,
            call,
            outcome.status,
            reason,
            attempts=tries.made,
            code=code,
            maybe_done=tries.in_doubt,
            retry_after=tries.named(_retry_after(outcome)) or None,
        )


def _retry_after(outcome: Answer | LostError) -> str:
    return outcome.headers.get("Retry-After", "") if isinstance(outcome, Answer) else ""


def _may_return(outcome: Answer | LostError) -> bool:
    if isinstance(outcome, LostError):
        return outcome.may_return
    return is_worth_a_retry(outcome.status)


def _is_in_doubt(outcome: Answer | LostError) -> bool:
    """Whether the server may have done what was asked for."""
    return outcome.was_sent if isinstance(outcome, LostError) else is_in_doubt(outcome.status)


def _is_whole(answer: Answer) -> bool:
    return answer.is_complete or answer.status >= 300 or _is_json(answer.body)


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True
