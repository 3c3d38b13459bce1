"""How a command reaches an account, and how a call of it ends early.

What is done there is in `actions`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from kada_dagster.api.errors import ApiCallError
from kada_dagster.cli.fivetran.ending import Ending, Log, json_text
from kada_dagster.cli.interruption import terminable
from kada_dagster.cli.session import INTERRUPTED, Session
from kada_dagster.errors import ConfigError, KadaError
from kada_dagster.fivetran.client import Account
from kada_dagster.fivetran.errors import (
    ConnectionBrokenError,
    ConnectionPausedError,
    SyncFailedError,
    SyncRescheduledError,
    SyncRunningError,
    SyncTimeoutError,
)

if TYPE_CHECKING:
    from kada_dagster.cli.fivetran.actions import Errand
    from kada_dagster.fivetran.client import FivetranClient
    from kada_dagster.fivetran.variables import Credentials

Action = Callable[["FivetranClient", "Errand", Log], Ending]
"""What a command does with a connection."""

_STATUSES: tuple[tuple[type[KadaError], str], ...] = (
    (SyncRescheduledError, "rescheduled"),  # before its base
    (SyncTimeoutError, "timed out"),
    (SyncFailedError, "failed"),
    (SyncRunningError, "not started, one runs already"),
    (ConnectionPausedError, "paused"),
    (ConnectionBrokenError, "broken"),
    (ConfigError, "not started"),
)
"""What an error says of the sync."""


class ApiRefusedError(KadaError):
    """The API refused a call, or its answer cannot be used; for the exit code of this command."""

    exit_code = 4


@dataclass(frozen=True)
class Access:
    """A session that may use an account.

    Attributes:
        session: keeps the account's secrets out of what is printed.
        account: the account.
        log: tells how the call gets on, on standard error.
    """

    session: Session
    account: Account
    log: Log

    @classmethod
    def of(cls, session: Session, credentials: Credentials, base_url: str | None) -> Access:
        """Access with credentials from variables or the vault.

        Args:
            session: gets the secrets.
            credentials: its warnings are told at once.
            base_url: of the API, if it is not Fivetran's.
        """
        access = cls.to(session, Account(credentials.key, credentials.secret), base_url)
        for warning in credentials.warnings:
            access.log(f"warning: {warning}")
        return access

    @classmethod
    def to(cls, session: Session, account: Account, base_url: str | None) -> Access:
        """Access to an account.

        Args:
            session: gets the secrets.
            account: the account.
            base_url: of the API, in place of the account's.
        """
        session.secrets += [account.api_key, account.api_secret]
        account = replace(account, base_url=base_url) if base_url else account
        return cls(session, account, Log(session))


def reach(access: Access, action: Action, errand: Errand) -> int:
    """Do something with a connection and say what came of it.

    A signal to terminate, as runners of pipelines send it, counts as an interrupt.

    Returns:
        The exit code.

    Raises:
        KadaError: see the action; a failed call of the API has exit code 4.
    """
    try:
        with calling(), closing(access.account.open()) as client:
            ending = action(client, errand, access.log)
    except KeyboardInterrupt:
        waited = f"final status of {errand.connection_id}: " if errand.waits else ""
        access.log(f"{waited}interrupted")
        return INTERRUPTED
    except KadaError as error:
        _tell(access, errand, error)
        raise
    _print(access, errand, ending)
    return ending.code


@contextmanager
def calling() -> Generator[None, None, None]:
    """Calls of the API: SIGTERM is an interrupt, and a refused call has its own exit code.

    Raises:
        ApiRefusedError: in place of an error of a call that has the general exit code.
    """
    try:
        with terminable():
            yield
    except ApiCallError as error:
        if error.exit_code != KadaError.exit_code:
            raise
        raise ApiRefusedError(str(error)) from error


def _tell(access: Access, errand: Errand, error: KadaError) -> None:
    status = next((word for kind, word in _STATUSES if isinstance(error, kind)), "unknown")
    if errand.waits:
        access.log(f"final status of {errand.connection_id}: {status}")
    if errand.as_json:
        message = access.session.redacted(str(error))
        facts = {"connection_id": errand.connection_id, "status": status, "error": message}
        click.echo(json_text(facts))


def _print(access: Access, errand: Errand, ending: Ending) -> None:
    for line in ending.lines:
        access.log(line)
    if ending.facts is not None and (errand.as_json or not ending.lines):
        click.echo(access.session.redacted(json_text(ending.facts)))
