"""The Dagster resource of a Hightouch workspace: how to reach it, not what to read.

The API key is a reference until a run needs it: an environment variable (`dg.EnvVar`) or a key of
the vendor's JSON file. Nothing else in the definitions or the run configuration knows it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field
from typing_extensions import Self

from kada_dagster.collector.resources import SourceResource
from kada_dagster.errors import ConfigError
from kada_dagster.secrets import Secret

if TYPE_CHECKING:
    from kada_dagster.hightouch.extractor import Extractor
    from kada_dagster.hightouch.settings import HightouchSettings

_SETTINGS = ("timeout", "base_url", "concurrency")


class HightouchResource(SourceResource):
    """A Hightouch workspace and the key to read it with.

    Example:
        `HightouchResource(api_token=dg.EnvVar("HIGHTOUCH_API_TOKEN"))`
    """

    api_token: str | None = Field(
        None, repr=False, description="Its API key, as dg.EnvVar; never the text itself."
    )
    api_token_file: str | None = Field(
        None, description="The vendor's JSON file that holds the key instead."
    )
    api_token_key: str = Field("api_token", description="The API key's key in that file.")
    timeout: int = Field(20, description="Seconds to wait for the API.")
    base_url: str | None = Field(None, description="Another address of the API.")
    concurrency: int = Field(8, description="Requests at the same time.")

    @classmethod
    def from_settings(cls, settings: HightouchSettings) -> Self:
        """The resource of a source of kada.yaml; its key stays a reference."""
        fields: dict[str, Any] = {name: getattr(settings, name) for name in _SETTINGS}
        return cls(**fields, **_token_fields(settings.api_token))

    def extractor(self, settings: HightouchSettings) -> Extractor:
        """The plain extractor of these settings, connecting as this resource says.

        Raises:
            ConfigError: there is no key.
        """
        fields: dict[str, Any] = {name: getattr(self, name) for name in _SETTINGS}
        fields["api_token"] = self._secret()
        return settings.model_copy(update=fields).extractor()

    def _secret(self) -> Secret:
        if self.api_token_file is not None:
            return Secret(file=Path(self.api_token_file), key=self.api_token_key)
        if self.api_token is None:
            raise ConfigError("api_token: missing; give it as dg.EnvVar")
        return Secret(value=self.api_token)


def _token_fields(secret: Secret) -> dict[str, Any]:
    if secret.variable is not None:
        return {"api_token": dg.EnvVar(secret.variable)}
    return {"api_token_file": str(secret.file), "api_token_key": secret.key}
