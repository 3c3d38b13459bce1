"""Alerts as HTTP requests: Slack's incoming webhooks, or JSON for anything else.

The address is a secret: who has that of a Slack webhook may write there. So nothing requests says
is passed on, because it names the address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kada_dagster.api.auth import NoAuth
from kada_dagster.errors import ConfigError
from kada_dagster.operations.channel import LONGEST_REASON, DeliveryError, TooLongError
from kada_dagster.operations.slack import slack_body
from kada_dagster.operations.texts import json_body
from kada_dagster.secrets import redact, spellings

if TYPE_CHECKING:
    from requests import Response

    from kada_dagster.config.alerts import WebhookChannelSettings
    from kada_dagster.operations.notices import Message

_LONGEST_ANSWER = 4000
_TOO_LONG, _TOO_MANY = 413, 429
_BETWEEN = re.compile(r"[/?&=]")
_SHORTEST = 4  # of a part of an address; a shorter one would be masked in half of all words


@dataclass(frozen=True)
class WebhookChannel:
    """Posts messages to an address.

    Attributes:
        settings: of the channel.
        base_url: address of Dagster's UI, for links.
    """

    settings: WebhookChannelSettings
    base_url: str | None = None

    def send(self, message: Message) -> str:
        """Post a message; any answer of 2xx says that it was taken."""
        url = self.address()
        headers = {name: secret.reveal() for name, secret in self.settings.headers.items()}
        with self._post(url, headers, message) as answer:
            if not answer.ok or answer.is_redirect:
                said = redact(_said(answer), _hidden(url, headers))
                kind = TooLongError if answer.status_code == _TOO_LONG else DeliveryError
                raise kind(f"{self.settings.label}: {said[:LONGEST_REASON]}")
        return ""

    def address(self) -> str:
        """Where to, looked up. It is a secret.

        Raises:
            ConfigError: it is not there, or no address of a web server.
        """
        url = self.settings.url.reveal()
        try:
            parts = urlsplit(url)
            is_right = parts.scheme in ("https", "http") and parts.hostname and parts.port != 0
        except ValueError:  # of the port, and it names that
            is_right = False
        if not is_right:
            raise ConfigError(f"{self.settings.url}: must hold an address like https://host/path")
        return url

    def _post(self, url: str, headers: dict[str, str], message: Message) -> Response:
        import requests

        given = {"Idempotency-Key": message.id, **headers}
        try:
            # No redirects: they would take headers and message to somebody else.
            return requests.post(
                url,
                json=self.body(message),
                headers=given,
                timeout=self.settings.timeout,
                allow_redirects=False,
                auth=NoAuth(),  # else `requests` takes a password of ~/.netrc, before `headers`
                stream=True,
            )
        except (requests.RequestException, ValueError) as error:
            raise DeliveryError(f"{self.settings.label}: {_why(error)}") from None

    def body(self, message: Message) -> dict[str, Any]:
        """The body of the request."""
        write = slack_body if self.settings.format == "slack" else json_body
        return write(message, self.base_url)


def _hidden(url: str, headers: Mapping[str, str]) -> list[str]:
    """What an answer may repeat: address and headers, and the parts that tell who we are."""
    behind = url.partition("://")[2].partition("/")[2]
    parts = [part for part in _BETWEEN.split(behind) if len(part) >= _SHORTEST]
    words = [word for value in headers.values() for word in value.split()[1:]]
    path = [f"/{behind}"] if len(behind) >= _SHORTEST else []
    return spellings([url, *path, *parts, *headers.values(), *words])


def _said(answer: Response) -> str:
    """What the answer says, whole: it is cut when secrets are out of it."""
    if answer.status_code == _TOO_MANY:
        return f"answers 429, too many requests; Retry-After {answer.headers.get('Retry-After')}"
    text = b""
    with suppress(Exception):  # the status says what matters
        text = answer.raw.read(_LONGEST_ANSWER, decode_content=True)
    words = " ".join(text.decode("utf-8", "replace").split())
    return f"answers {answer.status_code} {words}".rstrip()


def _why(error: Exception) -> str:
    """The kind of failure; its words name the address."""
    import requests

    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted, or there is no TLS"
    if isinstance(error, requests.Timeout):
        return "does not answer in time"
    if isinstance(error, requests.ConnectionError):
        return "cannot be reached"
    return f"the request cannot be made ({type(error).__name__}); check the address and headers"
