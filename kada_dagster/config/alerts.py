"""Who is told of failures and of marks that lag, under `alerts:` in kada.yaml; the summary.

Only fields and their checks; what is told is in `kada_dagster.operations`.
"""

from __future__ import annotations

import re
from datetime import timedelta
from email.headerregistry import Address
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, Tag, field_validator, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import Self

from kada_dagster.config.fields import (
    LocalPath,
    SecretReference,
    ServerName,
    Settings,
    Text,
    Url,
    by_type,
)
from kada_dagster.config.window import known_cron
from kada_dagster.loader.definition.spans import Span
from kada_dagster.secrets import Secret

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")


def _mail_address(text: str) -> str:
    try:
        address = Address(addr_spec=text)
    except Exception:  # whatever the parser of the standard library trips over
        address = Address()
    if not (address.username and address.domain) or re.search(r"[\s<>,]", text):
        raise ValueError("must be an address like ops@example.org")
    return text


MailAddress = Annotated[Text, AfterValidator(_mail_address)]


class EmailChannelSettings(Settings):
    """Alerts as e-mail."""

    model_config = ConfigDict(populate_by_name=True)

    type: Literal["email"] = Field(description="Kind of channel.")
    host: ServerName = Field(min_length=1, description="The mail server.")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="How the connection is protected."
    )
    port: int | None = Field(
        default=None, ge=1, le=65_535, description="Its port; 587 for starttls, 465 tls, 25 none."
    )
    username: SecretReference | None = Field(
        default=None, description="User to log in as, as ${NAME}; without it, no login."
    )
    password: SecretReference | None = Field(default=None, description="Its password, as ${NAME}.")
    ca_file: LocalPath | None = Field(
        default=None, description="Certificates (PEM) that are trusted, in place of the system's."
    )
    sender: MailAddress = Field(alias="from", description="Address the mails come from.")
    to: list[MailAddress] = Field(min_length=1, description="Addresses they go to.")
    timeout: int = Field(default=10, ge=1, le=30, description="Seconds to wait for each answer.")

    @model_validator(mode="after")
    def _login_is_whole_and_protected(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together")
        if self.username and self.security == "none" and self.host not in _LOOPBACK:
            raise ValueError(
                "security: none would send the password in the clear; use starttls or tls, or "
                "leave username and password out"
            )
        return self

    @property
    def server(self) -> tuple[str, int]:
        """Host and port."""
        return self.host, self.port or _PORTS[self.security]

    @property
    def label(self) -> str:
        """What the channel is called in logs, and what tells it from others."""
        return f"email to {', '.join(self.to)}"

    def secrets(self) -> list[Secret]:
        """References to its secrets."""
        return [secret for secret in (self.username, self.password) if secret]


class WebhookChannelSettings(Settings):
    """Alerts as HTTP requests (POST)."""

    type: Literal["webhook"] = Field(description="Kind of channel.")
    url: SecretReference = Field(
        description="Where to, as ${NAME}: who knows the address of a Slack webhook may write."
    )
    format: Literal["slack", "json"] = Field(
        default="json", description="Body: Slack's message, or the facts as they are."
    )
    headers: dict[str, SecretReference] = Field(
        default={}, description="Headers of the request; values as ${NAME}."
    )
    timeout: int = Field(default=10, ge=1, le=30, description="Seconds to wait for each answer.")

    @field_validator("headers")
    @classmethod
    def _header_names(cls, headers: dict[str, Secret]) -> dict[str, Secret]:
        for name in headers:
            if not _HEADER.match(name):
                raise ValueError(f"{name!r} cannot name a header")
        return headers

    @property
    def label(self) -> str:
        """What the channel is called in logs, and what tells it from others."""
        return f"webhook {self.url}"

    def secrets(self) -> list[Secret]:
        """References to its secrets."""
        return [self.url, *self.headers.values()]


ChannelSettings = Annotated[
    Annotated[EmailChannelSettings, Tag("type:email")]
    | Annotated[WebhookChannelSettings, Tag("type:webhook")],
    by_type(),
]
"""A channel of any kind, told apart by `type`."""


class AlertSettings(Settings):
    """What operators are told of, and how."""

    channels: list[ChannelSettings] = Field(min_length=1, description="Where alerts go; to each.")
    enabled: bool = Field(
        default=True, description="Whether the sensor runs without being switched on in the UI."
    )
    interval_seconds: int = Field(
        default=30, ge=5, le=3600, description="Pause between two looks at the runs."
    )
    look_after: Span = Field(
        default=timedelta(minutes=5), description="Pause between two looks at the marks."
    )
    remind_after: Span = Field(
        default=timedelta(days=1),
        description="A failure that comes again with the same cause is told again after this long.",
    )
    base_url: Url | None = Field(
        default=None, description="Address of Dagster's UI, for links to runs."
    )

    @field_validator("channels")
    @classmethod
    def _channels_stay_apart(cls, channels: list[ChannelSettings]) -> list[ChannelSettings]:
        labels = [channel.label for channel in channels]
        for place, label in enumerate(labels):
            if label in labels[:place]:
                raise PydanticCustomError(
                    "clash", "another channel goes there already", {"below": (place,)}
                )
        return channels

    def secrets(self) -> list[Secret]:
        """References to the secrets of all channels."""
        return [secret for channel in self.channels for secret in channel.secrets()]


class SummarySettings(Settings):
    """The asset that sums up sources, loads and syncs."""

    enabled: bool = Field(
        default=True, description="Whether its schedule runs without being switched on in the UI."
    )
    cron: Annotated[str, AfterValidator(known_cron)] = Field(
        default="*/15 * * * *", description="When it is made, UTC."
    )
