"""A token of OAuth 2 by client credentials: RFC 6749, 4.4.

The client shows itself by HTTP Basic (2.3.1).
"""

from __future__ import annotations

import json
import logging
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from kada_dagster.api.auth import Auth, BearerAuth
from kada_dagster.api.budget import RateBudget
from kada_dagster.api.call import Call
from kada_dagster.api.calling import Caller
from kada_dagster.api.exchange import Exchange
from kada_dagster.api.failures import unreadable
from kada_dagster.api.retrying import Retries
from kada_dagster.api.values import object_of, text, whole
from kada_dagster.secrets import Secret

if TYPE_CHECKING:
    from requests import PreparedRequest

_logger = logging.getLogger(__name__)
_FORM = "application/x-www-form-urlencoded"
_EARLY = 30.0  # seconds before its end at which a token is not used any more
_USUAL = 3600  # seconds, where the server does not say
_HEADERS = {"Accept": "application/json"}


class ClientCredentials:
    """A token of OAuth 2, asked for when it is needed. For use from many threads.

    Args:
        token_url: where tokens are given.
        client: signs with its id and secret.
        scope: of the token; None for the usual one.
        timeout: seconds to wait for an answer.
        service: name for messages.
    """

    def __init__(
        self, token_url: str, client: Auth, scope: str | None, timeout: float, service: str
    ) -> None:
        self._url, self._service = token_url, service
        fields = {"grant_type": "client_credentials", **({"scope": scope} if scope else {})}
        self._body = urlencode(fields).encode()
        self._exchange = Exchange(client, timeout, 1, _HEADERS, frozenset({"POST"}))
        budget = RateBudget(60, 60)
        self._caller = Caller(service, self._exchange, client, budget, Retries())
        self._lock, self._token, self._end = Lock(), "", 0.0

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """See `Auth`."""
        return BearerAuth(Secret(value=self._current()))(request)

    def hidden(self) -> list[str]:
        """See `Auth`."""
        return [self._token]

    def renew(self) -> bool:
        """Forget the token, as the API refused it."""
        with self._lock:
            self._end = 0.0
        return True

    def close(self) -> None:
        """Close the connection."""
        self._exchange.close()

    def _current(self) -> str:
        with self._lock:
            if monotonic() >= self._end:
                self._token, seconds = self._asked()
                self._end = monotonic() + max(seconds - _EARLY, seconds / 2)
            return self._token

    def _asked(self) -> tuple[str, float]:
        """A new token, and for how many seconds it is good."""
        call = Call("token_url", self._url, "POST", self._body, _FORM)
        answer = self._caller.call(call)
        try:
            found: dict[str, Any] = object_of(json.loads(answer.body))
        except (ValueError, RecursionError):
            found = {}
        token = text(found.get("access_token"))
        if not token:
            reason = "there is no access_token in it; check token_url"
            raise unreadable(self._service, call, answer.status, reason)
        _logger.info("%s: a new token", self._service)
        seconds = whole(found.get("expires_in"))
        return token, float(_USUAL if seconds is None else seconds)
