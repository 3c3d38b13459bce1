"""The Dagster resource of the collector: how to reach a Fivetran account, not what to read.

Key and secret are references until a run needs them: environment variables (`dg.EnvVar`) or keys of
the vendor's JSON file. Nothing else in the definitions or the run configuration knows them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field
from typing_extensions import Self

from kada_dagster.collector.resources import SourceResource
from kada_dagster.secrets import Secret

if TYPE_CHECKING:
    from kada_dagster.fivetran.extractor import Extractor
    from kada_dagster.fivetran.settings import FivetranSettings

_SETTINGS = ("base_url", "timeout", "concurrency", "calls_per_hour")
_SECRETS = ("api_key", "api_secret")


class FivetranCollectorResource(SourceResource):
    """A Fivetran account and the key to read it with.

    Example:
        `FivetranCollectorResource(api_key=dg.EnvVar("KEY"), api_secret=dg.EnvVar("SECRET"))`
    """

    api_key: str | None = Field(
        None, repr=False, description="API key, as dg.EnvVar; never the text itself."
    )
    api_secret: str | None = Field(
        None, repr=False, description="Its secret, as dg.EnvVar; never the text itself."
    )
    api_key_file: str | None = Field(
        None, description="The vendor's JSON file that holds the key under `api_key` instead."
    )
    api_secret_file: str | None = Field(
        None, description="The vendor's JSON file that holds it under `api_secret` instead."
    )
    base_url: str | None = Field(None, description="Address of the API, if not Fivetran's.")
    timeout: int = Field(60, description="Seconds to wait for the API.")
    concurrency: int = Field(8, description="Requests at the same time.")
    calls_per_hour: int = Field(20_000, description="Rate limit of the account.")

    @classmethod
    def from_settings(cls, settings: FivetranSettings) -> Self:
        """The resource of a source of kada.yaml; its secrets stay references."""
        fields: dict[str, Any] = {name: getattr(settings, name) for name in _SETTINGS}
        for name in _SECRETS:
            fields.update(_secret_fields(name, getattr(settings, name)))
        return cls(**fields)

    def extractor(self, settings: FivetranSettings) -> Extractor:
        """The plain extractor of these settings, connecting as this resource says.

        Raises:
            ConfigError: there is no key.
        """
        fields: dict[str, Any] = {name: getattr(self, name) for name in _SETTINGS}
        fields.update({name: self._secret(name) for name in _SECRETS})
        return settings.model_copy(update=fields).extractor()

    def _secret(self, name: str) -> Secret | None:
        file, value = getattr(self, f"{name}_file"), getattr(self, name)
        if file is not None:
            return Secret(file=Path(file), key=name)
        return None if value is None else Secret(value=value)


def _secret_fields(name: str, secret: Secret) -> dict[str, Any]:
    if secret.variable is not None:
        return {name: dg.EnvVar(secret.variable)}
    return {f"{name}_file": str(secret.file)}
