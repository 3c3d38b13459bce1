"""The Dagster resources of the landings. The landings themselves are plain Python.

A secret is a reference (`dg.EnvVar`) until a run needs it; nothing else in the definitions or the
run configuration knows it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from kada_dagster.secrets import Secret

if TYPE_CHECKING:
    from kada_dagster.config.landing import LandingSettings
    from kada_dagster.landing.base import Landing


class LandingResource(dg.ConfigurableResource[Any], ABC):
    """Reaches the landing of one source."""

    @abstractmethod
    def landing(self) -> Landing:
        """The landing itself."""


class LocalLandingResource(LandingResource):
    """A landing that is a folder.

    Attributes:
        path: the folder; of one source alone.
    """

    path: str = Field(description="The folder K picks the files up from.")

    def landing(self) -> Landing:
        """The folder as a landing."""
        from kada_dagster.landing.local import LocalLanding

        return LocalLanding(Path(self.path))


class S3LandingResource(LandingResource):
    """A landing in a bucket of AWS S3.

    Example:
        `S3LandingResource(bucket="kada", path="lz/shop/landing", region="eu-west-1")`
    """

    bucket: str = Field(description="Name of the bucket.")
    path: str = Field(description="The landing path K shows.")
    region: str | None = Field(None, description="AWS region of the bucket.")
    access_key_id: str | None = Field(None, repr=False, description="As dg.EnvVar.")
    secret_access_key: str | None = Field(None, repr=False, description="As dg.EnvVar.")
    session_token: str | None = Field(None, repr=False, description="As dg.EnvVar.")
    role_arn: str | None = Field(None, description="Role to assume.")
    external_id: str | None = Field(None, description="External id of the role's trust policy.")
    endpoint_url: str | None = Field(None, description="Address of another store.")
    server_side_encryption: str | None = Field(None, description="AES256 or aws:kms.")
    kms_key_id: str | None = Field(None, description="Key for aws:kms.")
    timeout: int = Field(60, description="Seconds to wait for each answer.")

    def landing(self) -> Landing:
        """The prefix of the bucket as a landing."""
        from kada_dagster.landing.places import S3Directory
        from kada_dagster.landing.s3 import S3Landing

        secrets = ("access_key_id", "secret_access_key", "session_token")
        return S3Landing(S3Directory(**_arguments(self, S3Directory, secrets)))


class AzureBlobLandingResource(LandingResource):
    """A landing in a container of Azure Blob Storage.

    Example:
        `AzureBlobLandingResource(storage_account="kada", container="c", path="lz/shop/landing",
        sas_token=dg.EnvVar("KADA_SAS_TOKEN"))`
    """

    storage_account: str = Field(description="Name of the storage account.")
    container: str = Field(description="Name of the container.")
    path: str = Field(description="The landing path K shows.")
    sas_token: str | None = Field(None, repr=False, description="As dg.EnvVar.")
    account_url: str | None = Field(None, description="Address of the blob service.")
    timeout: int = Field(60, description="Seconds to wait for each answer.")

    def landing(self) -> Landing:
        """The path in the container as a landing."""
        from kada_dagster.landing.azure_blob import AzureBlobLanding
        from kada_dagster.landing.places import AzureDirectory

        return AzureBlobLanding(AzureDirectory(**_arguments(self, AzureDirectory, ("sas_token",))))


_CLASSES: dict[str, type[LandingResource]] = {
    "local": LocalLandingResource,
    "s3": S3LandingResource,
    "azure": AzureBlobLandingResource,
}


def landing_resource(settings: LandingSettings) -> LandingResource:
    """The resource a source's landing settings describe; a secret stays a reference."""
    values = {name: getattr(settings, name) for name in type(settings).model_fields}
    kind = _CLASSES[values.pop("type")]
    return kind(**{name: plain(value) for name, value in values.items() if value is not None})


def plain(value: Any) -> Any:
    """A setting as a resource may hold it: a path as text, a secret as a reference."""
    if isinstance(value, Secret):
        return dg.EnvVar(value.variable or "")
    return str(value) if isinstance(value, Path) else value


def _arguments(resource: LandingResource, kind: Any, secrets: tuple[str, ...]) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(resource, name) for name in kind.__dataclass_fields__}
    return {
        name: Secret(value=value) if name in secrets and value is not None else value
        for name, value in values.items()
    }
