"""The channels of `alerts:`: their secrets, their server, for mail the login. Nothing is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from kada_dagster.doctor.check import Check, Verdict, ok
from kada_dagster.doctor.environment import secrets_verdicts
from kada_dagster.doctor.limits import Shared
from kada_dagster.doctor.network import Address, address_of, reach

if TYPE_CHECKING:
    from kada_dagster.config import AlertSettings, ChannelSettings
    from kada_dagster.config.alerts import EmailChannelSettings, WebhookChannelSettings

SUBJECT = "alerts"


def alert_checks(settings: AlertSettings, shared: Shared) -> list[Check]:
    """The checks of all channels; of several of a kind each has its number."""
    total = Counter(channel.type for channel in settings.channels)
    seen: Counter[str] = Counter()
    checks: list[Check] = []
    for channel in settings.channels:
        seen[channel.type] += 1
        number = f" {seen[channel.type]}" if total[channel.type] > 1 else ""
        checks += _channel_checks(f"{channel.type}{number}", channel, shared)
    return checks


def _channel_checks(name: str, channel: ChannelSettings, shared: Shared) -> Iterator[Check]:
    held = channel.secrets()
    secrets = Check(SUBJECT, f"{name} secrets", lambda: secrets_verdicts(held))
    needs = (secrets,) if held else ()
    yield from needs
    if channel.type == "email":
        server = Check(SUBJECT, f"{name} server", lambda: _mail(channel, shared), remote=True)
        yield server
        needs = (*needs, server)
        yield Check(SUBJECT, f"{name} login", lambda: _login(channel, shared), needs, remote=True)
    else:
        yield Check(SUBJECT, f"{name} server", lambda: _hook(channel, shared), needs, remote=True)


def _mail(channel: EmailChannelSettings, shared: Shared) -> Iterator[Verdict]:
    host, port = channel.server
    return reach(Address(host, port, "host and port"), shared.patience(channel.timeout))


def _login(channel: EmailChannelSettings, shared: Shared) -> Iterator[Verdict]:
    from kada_dagster.operations.mail import MailChannel

    patient = channel.model_copy(update={"timeout": shared.patience(channel.timeout)})
    MailChannel(patient).check()
    yield ok("the login is accepted" if channel.username else "it can be used without a login")


def _hook(channel: WebhookChannelSettings, shared: Shared) -> Iterator[Verdict]:
    """Who knows the address may write there, so nothing of it is told."""
    from kada_dagster.operations.webhook import WebhookChannel

    address = address_of(WebhookChannel(channel).address(), f"the address in {channel.url}")
    hidden = [address.proxy_for] if address.proxy_for else [address.where, address.host]
    for verdict in reach(address, shared.patience(channel.timeout)):
        said = verdict.message
        for text in hidden:
            said = said.replace(text, "its server")
        yield replace(verdict, message=said)
