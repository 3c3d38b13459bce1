"""Credentials on a request: looked up when it is made, shown by nothing."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING, Protocol

from kada_dagster.errors import ConfigError
from kada_dagster.secrets import Secret, spellings

if TYPE_CHECKING:
    from requests import PreparedRequest

_SENDABLE = re.compile(r"[\x21-\x7e]+")


class Auth(Protocol):
    """What `requests` calls with a request to sign it, and what must not be shown of it."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """The request with its credentials."""
        ...

    def hidden(self) -> list[str]:
        """Texts that no message may hold."""
        ...


class BasicAuth:
    """HTTP Basic, RFC 7617, in UTF-8.

    Args:
        user: user name or access key; without a colon.
        password: its password or secret.
    """

    def __init__(self, user: Secret, password: Secret) -> None:
        self._user, self._password = user, password

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Sign the request.

        Raises:
            ConfigError: a secret cannot be found, or the user holds a colon.
        """
        if ":" in self._user.reveal():
            raise ConfigError(f"{self._user}: a user name or access key cannot hold a colon")
        request.headers["Authorization"] = f"Basic {self._pair()}"
        return request

    def hidden(self) -> list[str]:
        """Both secrets and the header made of them."""
        return [*spellings((self._user.reveal(), self._password.reveal())), self._pair()]

    def _pair(self) -> str:
        return b64encode(f"{self._user.reveal()}:{self._password.reveal()}".encode()).decode()

    def __repr__(self) -> str:
        return "BasicAuth(***)"


class BearerAuth:
    """A bearer token, RFC 6750.

    Args:
        token: the token, without the word `Bearer`.
    """

    def __init__(self, token: Secret) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Sign the request.

        Raises:
            ConfigError: the secret cannot be found, or cannot be sent in a header.
        """
        token = self._token.reveal()
        if not _SENDABLE.fullmatch(token):
            raise ConfigError(
                f"{self._token}: the token is empty, or holds a character no header can carry, "
                "as a space or a line break; copy it again"
            )
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    def hidden(self) -> list[str]:
        """The token."""
        return spellings((self._token.reveal(),))

    def __repr__(self) -> str:
        return "BearerAuth(***)"


class NoAuth:
    """Nothing to sign with. Keeps `requests` from looking for a password in ~/.netrc."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """The request as it is."""
        return request

    def hidden(self) -> list[str]:
        """Nothing."""
        return []
