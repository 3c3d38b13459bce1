"""What every channel does that takes messages, and how it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from kada_dagster.errors import KadaError

if TYPE_CHECKING:
    from kada_dagster.config import ChannelSettings
    from kada_dagster.operations.notices import Message


LONGEST_REASON = 300
"""Characters of what a server said that are kept."""


class DeliveryError(KadaError):
    """A channel did not take a message. What it says holds no secret."""

    transient = True


class TooLongError(DeliveryError):
    """A message is longer than the channel takes; a shorter one may be taken."""


class Channel(Protocol):
    """Takes messages."""

    def send(self, message: Message) -> str:
        """Send a message.

        Returns:
            What else is to be said of it; usually nothing.

        Raises:
            DeliveryError: it was not taken, or that is not known.
            TooLongError: it was not taken, because it is too long.
            ConfigError: a secret is not there.
        """
        ...


def channel_of(settings: ChannelSettings, base_url: str | None) -> Channel:
    """The channel these settings describe.

    Args:
        settings: of the channel.
        base_url: address of Dagster's UI, for links.
    """
    if settings.type == "email":
        from kada_dagster.operations.mail import MailChannel

        return MailChannel(settings, base_url)
    from kada_dagster.operations.webhook import WebhookChannel

    return WebhookChannel(settings, base_url)
