"""The kinds of landing a source may have in kada.yaml."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, Tag, model_validator
from typing_extensions import Self

from kada_dagster.config.fields import (
    LocalPath,
    Seconds,
    SecretReference,
    Settings,
    Text,
    Url,
    by_type,
)

if TYPE_CHECKING:
    from kada_dagster.landing.base import Landing
    from kada_dagster.landing.places import AzureDirectory, S3Directory


def _store_path(text: str) -> str:
    """A path in a store: slashes at its ends do not count, `..` would not mean what it says."""
    parts = text.strip("/").split("/")
    if text.strip("/") and any(part in ("", ".", "..") for part in parts):
        raise ValueError("must be folder names with a single / between them, like lz/shop/landing")
    return text.strip("/")


StorePath = Annotated[Text, AfterValidator(_store_path)]


class LocalLandingSettings(Settings):
    """A landing directory that is a folder of this machine, or mounted on it."""

    type: Literal["local"] = Field(description="Kind of landing.")
    path: LocalPath = Field(description="The folder K picks the files up from.")

    @property
    def place(self) -> str:
        """What tells this landing directory from others."""
        return str(self.path.resolve())

    def landing(self) -> Landing:
        """The landing itself."""
        from kada_dagster.landing.local import LocalLanding

        return LocalLanding(self.path)


class S3LandingSettings(Settings):
    """A landing directory in a bucket of AWS S3, or of a store with its API."""

    type: Literal["s3"] = Field(description="Kind of landing.")
    bucket: Text = Field(min_length=1, description="Name of the bucket.")
    path: StorePath = Field(description="The landing path K shows, like lz/shop/landing.")
    region: Text | None = Field(default=None, description="AWS region of the bucket.")
    access_key_id: SecretReference | None = Field(
        default=None,
        description="As ${NAME}; without it, the credentials of the environment: variables, "
        "profile, or the role of the machine or container.",
    )
    secret_access_key: SecretReference | None = Field(
        default=None, description="As ${NAME}; goes with access_key_id."
    )
    session_token: SecretReference | None = Field(
        default=None, description="As ${NAME}; of temporary credentials."
    )
    role_arn: Text | None = Field(default=None, description="Role to assume for the upload.")
    external_id: Text | None = Field(
        default=None, description="External id the role's trust policy asks for."
    )
    endpoint_url: Url | None = Field(
        default=None, description="Address of another store with S3's API."
    )
    server_side_encryption: Literal["AES256", "aws:kms"] | None = Field(
        default=None, description="Encryption at rest; without it, the bucket's default."
    )
    kms_key_id: Text | None = Field(default=None, description="Key for aws:kms.")
    timeout: Seconds = Field(default=60, description="Seconds to wait for each answer.")

    @model_validator(mode="after")
    def _fields_that_go_together(self) -> Self:
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise ValueError("access_key_id and secret_access_key go together")
        if self.session_token is not None and self.access_key_id is None:
            raise ValueError("session_token goes with access_key_id and secret_access_key")
        if self.external_id is not None and self.role_arn is None:
            raise ValueError("external_id goes with role_arn")
        if self.kms_key_id is not None and self.server_side_encryption != "aws:kms":
            raise ValueError("kms_key_id goes with server_side_encryption: aws:kms")
        return self

    @property
    def place(self) -> str:
        """What tells this landing directory from others."""
        return f"{self.endpoint_url or ''} {self.directory()}"

    def directory(self) -> S3Directory:
        """The directory as the landing takes it."""
        from kada_dagster.landing.places import S3Directory

        return S3Directory(**_fields(self))

    def landing(self) -> Landing:
        """The landing itself."""
        from kada_dagster.landing.s3 import S3Landing

        return S3Landing(self.directory())


class AzureLandingSettings(Settings):
    """A landing directory in a container of Azure Blob Storage."""

    type: Literal["azure"] = Field(description="Kind of landing.")
    storage_account: Text = Field(min_length=1, description="Name of the storage account.")
    container: Text = Field(min_length=1, description="Name of the container.")
    path: StorePath = Field(description="The landing path K shows, like lz/shop/landing.")
    sas_token: SecretReference | None = Field(
        default=None,
        description="Shared access signature of the account or the container, as ${NAME}; "
        "without it, the default credentials of the environment.",
    )
    account_url: Url | None = Field(
        default=None, description="Address of the blob service, where it is not Azure's usual one."
    )
    timeout: Seconds = Field(default=60, description="Seconds to wait for each answer.")

    @property
    def place(self) -> str:
        """What tells this landing directory from others."""
        return str(self.directory())

    def directory(self) -> AzureDirectory:
        """The directory as the landing takes it."""
        from kada_dagster.landing.places import AzureDirectory

        return AzureDirectory(**_fields(self))

    def landing(self) -> Landing:
        """The landing itself."""
        from kada_dagster.landing.azure_blob import AzureBlobLanding

        return AzureBlobLanding(self.directory())


LandingSettings = Annotated[
    Annotated[LocalLandingSettings, Tag("type:local")]
    | Annotated[S3LandingSettings, Tag("type:s3")]
    | Annotated[AzureLandingSettings, Tag("type:azure")],
    by_type(),
]
"""A landing of any kind, told apart by `type`."""


def _fields(settings: Settings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in type(settings).model_fields if name != "type"}
