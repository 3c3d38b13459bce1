"""Reaching a container of Azure Blob Storage: the client, patience, and what its errors mean."""

from __future__ import annotations

import logging
import random
import re
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from kada_dagster.errors import ConfigError, KadaError, LandingError
from kada_dagster.landing.azure_faults import Request, error_code, fault, retry_after
from kada_dagster.landing.azure_token import clean_token
from kada_dagster.landing.places import AzureDirectory

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, ContainerClient

PUT_BYTES = 8 * 1024 * 1024
"""Files up to this size go in one request."""

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each new try, shortened at random so that several clients do not meet again."""

_LONGEST_PAUSE = 60.0
_SIGNATURE = re.compile(r"\bsig=[^&\s'\"]+", re.IGNORECASE)
_T = TypeVar("_T")


class AzureContainer:
    """The container of a directory. Safe to use from several threads.

    Attributes:
        directory: the directory.
    """

    def __init__(
        self, directory: AzureDirectory, kind: type[KadaError] = LandingError, what: str = "landing"
    ) -> None:
        """Nothing is reached yet.

        Args:
            directory: the directory.
            kind: the error for what only a change of the store or the settings cures.
            what: what messages call the place.
        """
        self.directory = directory
        self._kind, self._what = kind, what
        self._lock = threading.Lock()
        self._client: ContainerClient | None = None
        self._token: str | None = None

    def blob(self, name: str) -> BlobClient:
        """A blob by its full name.

        Raises:
            ConfigError: the token or the address is unusable.
        """
        with self._lock:
            if self._client is None:
                secret = self.directory.sas_token
                self._token = None if secret is None else clean_token(secret.reveal())
                self._client = container_client(self.directory, self._token)
            return self._client.get_blob_client(name)

    def call(self, operation: Callable[[], _T], needs: str = "w") -> _T:
        """Make one request, again while that may help.

        Args:
            operation: the request; safe to repeat.
            needs: the permission it needs: `w` or `r`.

        Raises:
            ConnectionFailedError: no answer, or none of use, after all tries.
            PermissionDeniedError: the credential was refused.
            KadaError: of the class given to the container: anything else.
        """
        return cast(_T, self.attempt(operation, needs=needs))

    def attempt(self, operation: Callable[[], _T], *expected: str, needs: str = "w") -> _T | None:
        """Like `call`, and None when the service answers with one of the `expected` error codes."""
        for pause in (*PAUSES, None):
            # The error is raised outside of the except clause: the SDK's, whose text shows the
            # address with the token, is then neither its cause nor its context.
            try:
                return operation()
            except _sdk_errors() as error:
                if error_code(error) in expected:
                    return None
                failure, asked = fault(error, self._request(needs)), retry_after(error)
            if pause is None or not failure.transient:
                raise failure
            time.sleep(min(max(asked, pause * random.uniform(0.5, 1)), _LONGEST_PAUSE))  # noqa: S311
        raise AssertionError("unreachable")

    def _request(self, needs: str) -> Request:
        over_tls = self.directory.url.startswith("https://")
        return Request(f"{self._what} {self.directory}", self._kind, self._token, needs, over_tls)


def container_client(directory: AzureDirectory, token: str | None) -> ContainerClient:
    """The SDK's client of a directory's container. It does not retry: `AzureContainer` does.

    Args:
        directory: the directory.
        token: its SAS token, or None for the default credentials of the environment.

    Raises:
        ConfigError: the address is unusable.
    """
    from azure.storage.blob import ContainerClient

    logging.getLogger("urllib3.connectionpool").addFilter(_without_signature)
    try:
        return ContainerClient(
            directory.url,
            directory.container,
            credential=_credential(directory, token),
            max_single_put_size=PUT_BYTES,
            connection_timeout=directory.timeout,
            read_timeout=directory.timeout,
            retry_total=0,  # the SDK's own retries leave out 429 and disregard Retry-After
            http_logging_level=logging.DEBUG,
        )
    except ValueError as error:
        raise ConfigError(f"landing {directory}: {error}") from None


def _credential(directory: AzureDirectory, token: str | None) -> Any:
    if token is not None:
        from azure.core.credentials import AzureSasCredential

        return AzureSasCredential(token)
    if not directory.url.startswith("https://"):
        raise ConfigError(
            f"landing {directory}: default credentials are sent over https only: correct "
            "landing.account_url, or set sas_token"
        )
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential()


def _sdk_errors() -> tuple[type[Exception], ...]:
    from azure.core.exceptions import AzureError

    return (AzureError, OSError, ValueError)  # requests' are OSErrors, a bad address a ValueError


def _without_signature(record: logging.LogRecord) -> bool:
    """Take signatures out of the addresses that urllib3 logs at level DEBUG."""
    text = record.getMessage()
    if _SIGNATURE.search(text):
        record.msg, record.args = _SIGNATURE.sub("sig=***", text), None
    return True
