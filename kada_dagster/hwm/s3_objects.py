"""High water marks in S3: objects that are replaced only by whoever knows their present version.

The store must have conditional writes
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html). A version is the
ETag, which follows from the content: an object that gets its old content back gets its old version
back. Whoever writes what follows from the content alone is not misled by that.
"""

from __future__ import annotations

from base64 import b64encode
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from kada_dagster.errors import WatermarkError
from kada_dagster.hwm.objects import Versioned
from kada_dagster.landing.places import S3Directory
from kada_dagster.landing.s3_client import encryption, s3_client
from kada_dagster.landing.s3_failures import code_of, s3_failures, status_of

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_CHANGED_MEANWHILE = {404, 409, 412}


@dataclass(frozen=True)
class S3Objects:
    """The folder `hwm` beside a landing directory; see `VersionedObjects` for the methods.

    Attributes:
        directory: the landing directory.
    """

    directory: S3Directory

    def read(self, name: str) -> Versioned:
        """The object as it is now."""
        with self._failures(name):
            return self._read(name)

    def replace(self, name: str, data: bytes, version: str | None) -> bool:
        """Write an object if it still has that version (None: is not there)."""
        from botocore.exceptions import ClientError

        with self._failures(name):
            try:
                self._write(name, data, version)
            except ClientError as error:
                if _is_lost(error):
                    return _was_repeated(error) and self._read(name).data == data
                raise
        return True

    def describe(self, name: str) -> str:
        """Its address, `s3://<bucket>/<key>`."""
        return f"s3://{self.directory.bucket}/{self.directory.beside(name)}"

    def _failures(self, name: str) -> AbstractContextManager[None]:
        what = f"high water mark {self.describe(name)}"
        return s3_failures(self.directory, WatermarkError, what)

    @cached_property
    def _client(self) -> S3Client:
        return s3_client(self.directory)

    def _read(self, name: str) -> Versioned:
        from botocore.exceptions import ClientError

        try:
            answer = self._client.get_object(**self._place(name))
        except ClientError as error:
            if code_of(error) == "NoSuchKey":
                return Versioned(None, None)
            raise
        return Versioned(answer["Body"].read(), answer["ETag"])

    def _write(self, name: str, data: bytes, version: str | None) -> None:
        condition = {"IfNoneMatch": "*"} if version is None else {"IfMatch": version}
        self._client.put_object(
            **self._place(name),
            **condition,
            **encryption(self.directory),
            Body=data,
            ChecksumAlgorithm="SHA256",
            ChecksumSHA256=b64encode(sha256(data).digest()).decode(),
        )

    def _place(self, name: str) -> dict[str, Any]:
        return {"Bucket": self.directory.bucket, "Key": self.directory.beside(name)}


def _is_lost(error: Any) -> bool:
    """Whether somebody else wrote or removed the object first."""
    return status_of(error) in _CHANGED_MEANWHILE and code_of(error) != "NoSuchBucket"


def _was_repeated(error: Any) -> bool:
    """Whether the SDK sent the request again: the first one may be what was in the way."""
    return bool(error.response["ResponseMetadata"].get("RetryAttempts"))
