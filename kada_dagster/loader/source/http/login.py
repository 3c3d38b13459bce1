"""What signs the requests: the profile's login and headers, with all variables read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from kada_dagster.api.address import checked_base
from kada_dagster.api.auth import Auth, BasicAuth, BearerAuth, NoAuth
from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.profiles import (
    BasicLogin,
    BearerLogin,
    HttpProfile,
    OauthLogin,
)
from kada_dagster.loader.definition.template import Template
from kada_dagster.loader.source.http.oauth import ClientCredentials
from kada_dagster.secrets import Secret, spellings

if TYPE_CHECKING:
    from requests import PreparedRequest

_SENDABLE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")


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
        return [*self._auth.hidden(), *spellings((*self._headers.values(), *self._secrets))]

    def renew(self) -> bool:
        """Forget what was refused; whether there is something new to try."""
        return isinstance(self._auth, ClientCredentials) and self._auth.renew()

    def close(self) -> None:
        """Close connections of its own."""
        if isinstance(self._auth, ClientCredentials):
            self._auth.close()


def login_of(profile: HttpProfile, name: str, secrets: tuple[str, ...] = ()) -> Login:
    """The login of a profile, with all variables read now.

    Args:
        profile: of connections.yaml.
        name: of it, for messages.
        secrets: further values that no message may hold.

    Raises:
        ConfigError: a variable is not set, or an address is none.
    """
    where, auth = f"connections.yaml: {name}", _auth(profile, name)
    headers = {
        key: _sendable(value.resolve(f"{where}.headers.{key}"), f"{where}.headers.{key}")
        for key, value in profile.headers.items()
        if value.variables
    }
    texts = [profile.url, *profile.headers.values(), *_secret_texts(profile)]
    names = dict.fromkeys(name for text in texts for name in text.variables)
    values = [Template(f"${{{one}}}").resolve(where) for one in names]  # an answer may name a part
    return Login(auth, headers, (*values, *secrets))


def _secret_texts(profile: HttpProfile) -> list[Template]:
    """What of the login no message may hold."""
    login = profile.auth
    if isinstance(login, BearerLogin):
        return [login.token]
    if isinstance(login, BasicLogin):
        return [login.password]
    return [login.client_secret] if isinstance(login, OauthLogin) else []


def _sendable(value: str, field: str) -> str:
    if _SENDABLE.fullmatch(value):
        return value
    raise ConfigError(
        f"{field}: it is empty, or holds a character no header can carry, as a line break; set the "
        "variable again"
    )


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
        encoded = BasicAuth(*(Secret(value=quote_plus(one.reveal())) for one in pair))
        client = Login(encoded, {}, (pair[1].reveal(),))
        scope = login.scope.resolve(f"{where}.scope") if login.scope else None
        address = base_of(login.token_url, f"{where}.token_url")
        return ClientCredentials(address, client, scope, profile.timeout, name)
    return NoAuth()
