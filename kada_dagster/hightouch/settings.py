"""The fields of a Hightouch source in kada.yaml."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from kada_dagster.config.connections import Connections
from kada_dagster.config.fields import Seconds, SecretReference, Text, Url
from kada_dagster.config.models import SourceSettings

if TYPE_CHECKING:
    from kada_dagster.hightouch.extractor import Extractor

MOST_LOOKBACK = 720
"""Hours: 30 days."""


class HightouchSettings(SourceSettings):
    """One Hightouch workspace. The first fields are those of the vendor's collector."""

    vendor_keys: ClassVar[frozenset[str]] = frozenset(
        {"api_token", "mapping", "timeout", "output_path", "mask", "compress"}
    )
    secret_keys: ClassVar[frozenset[str]] = frozenset({"api_token"})

    type: Literal["hightouch"] = Field(  # pyright: ignore[reportIncompatibleVariableOverride]
        default="hightouch", description="Type of the source."
    )
    host: Text = Field(
        default="app.hightouch.com",
        min_length=1,
        description="Name of the source in K; a label, never an address.",
    )
    api_token: SecretReference = Field(description="API key of the workspace, as ${NAME}.")
    mapping: Connections = Field(
        default={},
        description="Names of sources and destinations to host, or host and database, in K.",
    )
    timeout: Seconds = Field(default=20, description="Seconds to wait for the API.")
    base_url: Url | None = Field(default=None, description="Another address of the API.")
    concurrency: int = Field(default=8, ge=1, le=32, description="Requests at the same time.")
    lookback_hours: int = Field(
        default=24,
        ge=0,
        le=MOST_LOOKBACK,
        description="How long before a window a run that ended in it may have started.",
    )

    def extractor(self) -> Extractor:
        """The plain extractor these settings describe; it resolves the key when it connects.

        Raises:
            ConfigError: a setting is unusable.
        """
        from kada_dagster.hightouch.extractor import Extractor

        keys = set(type(self).model_fields) - set(SourceSettings.model_fields)
        keys |= {"name", "host", "output_path", "mask", "compress"}
        keywords: dict[str, Any] = {key: getattr(self, key) for key in keys}
        return Extractor(**keywords)
