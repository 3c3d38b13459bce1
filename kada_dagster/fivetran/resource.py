"""The Dagster resource of a Fivetran account: how to reach it, not what to do there.

Key and secret are references until a run needs them (`dg.EnvVar`). The collector's resource is
another one, in `collector_resource`.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field
from typing_extensions import Self

from kada_dagster.secrets import Secret

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from kada_dagster.api.clock import Clock
    from kada_dagster.config import FivetranAccountSettings
    from kada_dagster.fivetran.client import Account, FivetranClient

_SETTINGS = ("base_url", "timeout", "concurrency", "calls_per_hour")
_SECRETS = ("api_key", "api_secret")


class FivetranResource(dg.ConfigurableResource[Any]):
    """A Fivetran account and the key to it.

    Example:
        ```python
        fivetran = FivetranResource(
            api_key=dg.EnvVar("FIVETRAN_API_KEY"), api_secret=dg.EnvVar("FIVETRAN_API_SECRET")
        )

        @dg.op
        def states(fivetran: FivetranResource) -> dict[str, str]:
            with fivetran.client() as client:
                return {found.id: found.setup_state for found in client.connections()}
        ```
    """

    api_key: str | None = Field(
        None, repr=False, description="API key, as dg.EnvVar; never the text itself."
    )
    api_secret: str | None = Field(
        None, repr=False, description="Its secret, as dg.EnvVar; never the text itself."
    )
    api_key_file: str | None = Field(
        None, description="A JSON file that holds the key under `api_key` instead."
    )
    api_secret_file: str | None = Field(
        None, description="A JSON file that holds it under `api_secret` instead."
    )
    base_url: str | None = Field(None, description="Address of the API, if not Fivetran's.")
    timeout: int = Field(60, description="Seconds to wait for the API.")
    concurrency: int = Field(4, description="Requests at the same time.")
    calls_per_hour: int = Field(20_000, description="Rate limit of the account.")

    @classmethod
    def from_settings(cls, settings: FivetranAccountSettings) -> Self:
        """The resource of an account of kada.yaml; its secrets stay references."""
        fields: dict[str, Any] = {name: getattr(settings, name) for name in _SETTINGS}
        for name in _SECRETS:
            fields.update(_secret_fields(name, getattr(settings, name)))
        return cls(**fields)

    def account(self) -> Account:
        """How to reach the account, for the plain layer."""
        from kada_dagster.fivetran.client import BASE_URL, Account

        return Account(
            api_key=self._secret("api_key"),
            api_secret=self._secret("api_secret"),
            base_url=self.base_url or BASE_URL,
            timeout=self.timeout,
            concurrency=self.concurrency,
            calls_per_hour=self.calls_per_hour,
        )

    def client(self) -> AbstractContextManager[FivetranClient]:
        """The client of the account, closed when the block ends.

        Raises:
            ConfigError: key or secret is missing or cannot be looked up.
        """
        return closing(self.account().open())

    def clock(self) -> Clock:
        """What waiting for a sync goes by: the machine's time."""
        from kada_dagster.api.clock import SystemClock

        return SystemClock()

    def _secret(self, name: str) -> Secret:
        file, value = getattr(self, f"{name}_file"), getattr(self, name)
        if file is not None:
            return Secret(file=Path(file), key=name)
        return Secret(value=value or "")


def _secret_fields(name: str, secret: Secret) -> dict[str, Any]:
    if secret.variable is not None:
        return {name: dg.EnvVar(secret.variable)}
    return {f"{name}_file": str(secret.file)}
