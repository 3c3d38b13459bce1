"""What signs the requests: the profile's login and headers. Secrets are resolved when it is made.

OAuth 2, client credentials: RFC 6749, 4.4; the client shows itself by HTTP Basic (2.3.1).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode

from kada_dagster.api.address import checked_base
from kada_dagster.api.auth import Auth, BasicAuth, BearerAuth, NoAuth
from kada_dagster.api.budget import RateBudget
from kada_dagster.api.call import Call
from kada_dagster.api.calling import Caller
from kada_dagster.api.exchange import Exchange
from kada_dagster.api.failures import unreadable
from kada_dagster.api.retrying import Retries
from kada_dagster.api.values import object_of, text, whole
from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.profiles import (
    BasicLogin,
    BearerLogin,
    HttpProfile,
    OauthLogin,
)
from kada_dagster.loader.definition.template import Template
from kada_dagster.secrets import Secret

if TYPE_CHECKING:
    from requests import PreparedRequest

_logger = logging.getLogger(__name__)
_FORM = "application/x-www-form-urlencoded"
_EARLY = 30.0  # seconds before its end at which a token is not used any more
_HEADERS = {"Accept": "application/json"}


class Login:
    """Signs requests with a login and with headers that hold secrets.

    Args:
        auth: of the login.
        headers: by name; their values are shown by nothing.
        secrets: further values that no message may hold.
    """

    def __init__(self, auth: Auth, headers: Mapping[str, str], secrets: tuple[str, ...]) -> None:
        self._auth, self._headers, self._secrets = auth, headers, secrets

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """See `Auth`."""
        request.headers.update(self._headers)
        return self._auth(request)

    def hidden(self) -> list[str]:
        """See `Auth`."""
        return [*self._auth.hidden(), *self._headers.values(), *self._secrets]

    def renew(self) -> bool:
        """Forget what was refused; whether there is something new to try."""
        return isinstance(self._auth, ClientCredentials) and self._auth.renew()

    def close(self) -> None:
        """Close connections of its own."""
        if isinstance(self._auth, ClientCredentials):
            self._auth.close()


class ClientCredentials:
    """A token of OAuth 2, asked for when it is needed. For use from many threads.

    Args:
        token_url: where tokens are given.
        client: id and secret.
        scope: of the token; None for the usual one.
        timeout: seconds to wait for an answer.
        service: name for messages.
    """

    def __init__(
        self, token_url: str, client: BasicAuth, scope: str | None, timeout: float, service: str
    ) -> None:
        self._url, self._client, self._service = token_url, client, service
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
        return [*self._client.hidden(), self._token]

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
        return token, float(whole(found.get("expires_in")) or 3600)


def login_of(profile: HttpProfile, name: str) -> Login:
    """The login of a profile, with all variables read now.

    Args:
        profile: of connections.yaml.
        name: of it, for messages.

    Raises:
        ConfigError: a variable is not set, or an address is none.
    """
    where = f"connections.yaml: {name}"
    headers = {
        key: value.resolve(f"{where}.headers.{key}")
        for key, value in profile.headers.items()
        if value.variables
    }
    secrets = list(profile.url.variables)
    if isinstance(profile.auth, OauthLogin):
        secrets += profile.auth.client_secret.variables
    values = [Template(f"${{{one}}}").resolve(where) for one in secrets]
    return Login(_auth(profile, name), headers, tuple(values))


def base_of(template: Template, field: str) -> str:
    """An address of connections.yaml, to the letter.

    Raises:
        ConfigError: a variable is not set, or it is none, or holds credentials or a query.
    """
    text = template.resolve(field).strip()
    try:
        checked_base(text)
    except ConfigError as error:
        reason = str(error).partition(": ")[2]
    else:
        return text
    raise ConfigError(f"{field}: {reason}")


def _auth(profile: HttpProfile, name: str) -> Auth:
    login, where = profile.auth, f"connections.yaml: {name}.auth"

    def secret(key: str, template: Template) -> Secret:
        return Secret(value=template.resolve(f"{where}.{key}"))

    if isinstance(login, BasicLogin):
        return BasicAuth(secret("username", login.username), secret("password", login.password))
    if isinstance(login, BearerLogin):
        return BearerAuth(secret("token", login.token))
    if isinstance(login, OauthLogin):
        pair = (secret("client_id", login.client_id), secret("client_secret", login.client_secret))
        client = BasicAuth(*(Secret(value=quote_plus(one.reveal())) for one in pair))
        scope = login.scope.resolve(f"{where}.scope") if login.scope else None
        address = base_of(login.token_url, f"{where}.token_url")
        return ClientCredentials(address, client, scope, profile.timeout, name)
    return NoAuth()
