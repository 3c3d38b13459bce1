"""The fields of a Hevo source in kada.yaml; none of them needs the API client to be read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, cast

from pydantic import AfterValidator, Field, model_validator
from typing_extensions import Self

from kada_dagster.config.connections import Connections
from kada_dagster.config.fields import LocalPath, Seconds, SecretReference, Text, Url
from kada_dagster.config.models import SourceSettings

if TYPE_CHECKING:
    from kada_dagster.hevo.extractor import Extractor

_REGION = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z")


def _region(text: str) -> str:
    if not _REGION.match(text):
        raise ValueError("must be what stands before .hevodata.com, e.g. eu, us, us2, asia, in, au")
    return text


Region = Annotated[Text, AfterValidator(_region)]


class HevoSettings(SourceSettings):
    """One Hevo account. The first eight fields are those of the vendor's collector."""

    vendor_keys: ClassVar[frozenset[str]] = frozenset(
        {
            *("api_key", "api_secret", "region", "output_path"),
            *("mask", "timeout", "mapping", "compress"),
        }
    )
    secret_keys: ClassVar[frozenset[str]] = frozenset({"api_key", "api_secret"})

    type: Literal["hevo"] = Field(  # pyright: ignore[reportIncompatibleVariableOverride]
        default="hevo", description="Type of the source."
    )
    api_key: SecretReference = Field(description="Access key of an owner, as ${NAME}.")
    api_secret: SecretReference = Field(description="Its secret, as ${NAME}.")
    region: Region | None = Field(
        default=None, description="What stands before .hevodata.com, e.g. eu."
    )
    timeout: Seconds = Field(default=20, description="Seconds to wait for the API.")
    mapping: Connections = Field(
        default={}, description="Names of Hevo's sources and destinations to those of K."
    )
    base_url: Url | None = Field(
        default=None, description="Address of the API where it is not that of the region."
    )
    include_users: bool = Field(default=False, description="Extract users: personal data.")
    concurrency: int = Field(default=8, ge=1, le=32, description="Requests at the same time.")
    calls_a_minute: int = Field(
        default=100, ge=1, le=100_000, description="Rate limit of the key's user."
    )
    lookback_hours: int = Field(
        default=24, ge=0, le=87_600, description="Longest run of an Edge job that is found."
    )
    resume: bool = Field(default=True, description="Go on with a crawl that died.")
    skip_unchanged: bool = Field(
        default=True, description="Do not ask again for Edge objects that did not change."
    )
    state_path: LocalPath | None = Field(
        default=None, description="Folder for what these two keep; without it, output_path."
    )

    @model_validator(mode="before")
    @classmethod
    def _label_is_the_address(cls, fields: object) -> object:
        """An account is usually onboarded in K under its address."""
        if not isinstance(fields, dict):
            return fields
        given = cast("dict[str, object]", fields)
        region = given.get("region")
        return {**given, "host": given.get("host") or (f"{region}.hevodata.com" if region else "")}

    @model_validator(mode="after")
    def _is_somewhere(self) -> Self:
        if self.region is None and self.base_url is None:
            raise ValueError("region: is required; what stands before .hevodata.com, e.g. eu")
        return self

    def extractor(self) -> Extractor:
        """The plain extractor these settings describe; it resolves the key when it connects."""
        from kada_dagster.hevo.extractor import Extractor

        keys = set(type(self).model_fields) - set(SourceSettings.model_fields)
        keys |= {"name", "host", "output_path", "mask", "compress"}
        keywords: dict[str, Any] = {key: getattr(self, key) for key in keys}
        return Extractor(**keywords)
