"""The fields of a Fivetran source in kada.yaml; none of them needs the API client to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from kada_dagster.config.connections import Connections
from kada_dagster.config.fields import LocalPath, Seconds, SecretReference, Text, Url
from kada_dagster.config.models import SourceSettings

if TYPE_CHECKING:
    from kada_dagster.fivetran.extractor import Extractor


class FivetranSettings(SourceSettings):
    """One Fivetran account, as its collector reads it."""

    vendor_keys: ClassVar[frozenset[str]] = frozenset(
        {
            *("api_key", "api_secret", "host", "output_path"),
            *("mask", "timeout", "mapping", "compress"),
        }
    )
    secret_keys: ClassVar[frozenset[str]] = frozenset({"api_key", "api_secret"})

    type: Literal["fivetran"] = Field(  # pyright: ignore[reportIncompatibleVariableOverride]
        default="fivetran", description="Type of the source."
    )
    host: Text = Field(
        default="fivetran.com",
        min_length=1,
        description="Name of the source in K; a label, never an address.",
    )
    api_key: SecretReference = Field(description="API key of the account, as ${NAME}.")
    api_secret: SecretReference = Field(description="Its secret, as ${NAME}.")
    timeout: Seconds = Field(default=60, description="Seconds to wait for the API.")
    mapping: Connections = Field(
        default={}, description="Connections and destinations to host, or host and database, in K."
    )
    base_url: Url | None = Field(
        default=None, description="Address of the API where it is not Fivetran's, with /v1."
    )
    groups: list[Text] = Field(
        default=[], description="Only the connections of these groups, by id or name."
    )
    columns: bool = Field(
        default=False, description="Ask for the columns of tables: one call a table, to its source."
    )
    columns_hours: int = Field(
        default=168, ge=1, le=8760, description="How long the columns of a table are kept."
    )
    columns_per_minute: int = Field(
        default=500, ge=1, le=100_000, description="Calls for columns in any minute."
    )
    columns_per_hour: int = Field(
        default=5000, ge=1, le=1_000_000, description="Calls for columns in any hour."
    )
    calls_per_hour: int = Field(
        default=20_000, ge=1, le=1_000_000, description="Rate limit of the account."
    )
    concurrency: int = Field(default=8, ge=1, le=32, description="Requests at the same time.")
    sync_history: bool = Field(
        default=True, description="Read the syncs' history, where the account has one."
    )
    lookback_hours: int = Field(
        default=24,
        ge=0,
        le=8760,
        description="How long before a window a sync that ended in it may have started.",
    )
    resume: bool = Field(default=True, description="Go on with a crawl that died.")
    skip_unchanged: bool = Field(
        default=True, description="Do not ask again for connections that did not sync since."
    )
    state_path: LocalPath | None = Field(
        default=None, description="Folder for what these two keep; without it, output_path."
    )

    def extractor(self) -> Extractor:
        """The plain extractor these settings describe; it resolves the key when it connects."""
        from kada_dagster.fivetran.extractor import Extractor

        keys = set(type(self).model_fields) - set(SourceSettings.model_fields)
        keys |= {"name", "host", "output_path", "mask", "compress"}
        keywords: dict[str, Any] = {key: getattr(self, key) for key in keys}
        return Extractor(**keywords)
