"""Where a landing in a cloud store is and how to reach it; plain data, no SDK.

Secrets are references until a client is made. What goes on there is in `s3` and `azure_blob`.
"""

from __future__ import annotations

from dataclasses import dataclass

from kada_dagster.errors import ConfigError
from kada_dagster.secrets import Secret


@dataclass(frozen=True)
class S3Directory:
    """A prefix of an S3 bucket.

    Attributes:
        bucket: its name.
        path: the prefix, without slashes at its ends; empty for the whole bucket.
        region: AWS region; None leaves it to the environment.
        access_key_id: None for the credentials of the environment (variables, profile, role of
            the machine or container).
        secret_access_key: goes with `access_key_id`.
        session_token: of temporary credentials, or None.
        role_arn: role to assume with those credentials, or None.
        external_id: what the role's trust policy asks for, or None.
        endpoint_url: address of another store with S3's API, or None.
        server_side_encryption: `AES256`, `aws:kms` or None for the bucket's default.
        kms_key_id: key for `aws:kms`, or None for the account's.
        timeout: seconds to wait for a connection, and for each answer.
    """

    bucket: str
    path: str = ""
    region: str | None = None
    access_key_id: Secret | None = None
    secret_access_key: Secret | None = None
    session_token: Secret | None = None
    role_arn: str | None = None
    external_id: str | None = None
    endpoint_url: str | None = None
    server_side_encryption: str | None = None
    kms_key_id: str | None = None
    timeout: int = 60

    def key(self, name: str) -> str:
        """The key of a file of this directory."""
        return _joined(self.path, name)

    def beside(self, name: str) -> str:
        """The key of a file in the folder `hwm` beside this directory.

        Raises:
            ConfigError: the directory is the whole bucket, so nothing is beside it.
        """
        return _beside(self.path, name)

    def __str__(self) -> str:
        return f"s3://{_joined(self.bucket, self.path)}"


@dataclass(frozen=True)
class AzureDirectory:
    """A path in an Azure Blob container.

    Attributes:
        storage_account: its name.
        container: its name.
        path: the path, without slashes at its ends; empty for the whole container.
        sas_token: shared access signature, with or without `?`; None for the default
            credentials of the environment.
        account_url: address of the blob service where it is not
            `https://<storage_account>.blob.core.windows.net`, or None.
        timeout: seconds to wait for a connection, and for each answer.
    """

    storage_account: str
    container: str
    path: str = ""
    sas_token: Secret | None = None
    account_url: str | None = None
    timeout: int = 60

    @property
    def url(self) -> str:
        """Address of the account's blob service."""
        named = f"https://{self.storage_account}.blob.core.windows.net"
        return (self.account_url or named).rstrip("/")

    def blob(self, name: str) -> str:
        """The blob name of a file of this directory."""
        return _joined(self.path, name)

    def beside(self, name: str) -> str:
        """The blob name of a file in the folder `hwm` beside this directory.

        Raises:
            ConfigError: the directory is the whole container, so nothing is beside it.
        """
        return _beside(self.path, name)

    def __str__(self) -> str:
        return f"{self.url}/{_joined(self.container, self.path)}"


def _joined(path: str, name: str) -> str:
    return f"{path}/{name}" if path and name else path or name


def _beside(path: str, name: str) -> str:
    if not path:
        raise ConfigError(
            "high_water_marks: type landing keeps marks beside the landing directory; give the "
            "landing a path, or keep the marks elsewhere"
        )
    return _joined(path.rpartition("/")[0], f"hwm/{name}")
