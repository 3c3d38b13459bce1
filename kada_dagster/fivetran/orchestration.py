"""From the settings of an account in kada.yaml to the plain objects that work on it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from kada_dagster.fivetran.client import BASE_URL, Account

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from kada_dagster.config import FivetranAccountSettings, StartSettings
    from kada_dagster.fivetran.actions import StartOptions
    from kada_dagster.fivetran.client import FivetranClient


def account_of(settings: FivetranAccountSettings) -> Account:
    """How to reach the account; its key stays a reference until it is opened."""
    return Account(
        api_key=settings.api_key,
        api_secret=settings.api_secret,
        base_url=settings.base_url or BASE_URL,
        timeout=settings.timeout,
        concurrency=settings.concurrency,
        calls_per_hour=settings.calls_per_hour,
    )


def opened(settings: FivetranAccountSettings) -> AbstractContextManager[FivetranClient]:
    """The client of the account, closed when the block ends.

    Raises:
        ConfigError: key or secret cannot be looked up.
    """
    return closing(account_of(settings).open())


def start_options(settings: StartSettings) -> StartOptions:
    """How a sync is started and waited for."""
    from kada_dagster.fivetran.actions import StartOptions

    return StartOptions(**settings.model_dump(exclude={"retry_rescheduled"}))
