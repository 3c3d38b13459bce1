"""A landing directory that is a prefix of an S3 bucket.

A file that fits in one part is one request, a larger one a multipart upload; both show under the
file's name only when all of it is there. The store checks SHA-256 sums of what it gets, keeps
them with the object, and they are what an upload is proved by
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html).
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kada_dagster.errors import ConnectionFailedError
from kada_dagster.landing.base import Progress, Receipt, check_name, no_progress
from kada_dagster.landing.parts import (
    IN_FLIGHT,
    PART_BYTES,
    CheckedReader,
    composite_of,
    whole_sum,
)
from kada_dagster.landing.places import S3Directory
from kada_dagster.landing.s3_client import encryption, s3_client
from kada_dagster.landing.s3_failures import code_of, s3_failures, status_of
from kada_dagster.landing.s3_multipart import PartsUpload, abort_abandoned

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

    from kada_dagster.hwm.store import MarkStore

_UNREADABLE = {301, 307, 400, 401, 403, 404}
_PROBE = "kada-connection-test"


@dataclass(frozen=True)
class _File:
    """What is to be placed."""

    source: Path
    name: str
    size: int
    sha256: str
    progress: Progress


@dataclass(frozen=True)
class _Stored:
    """What the store says about an object."""

    size: int
    checksum: str | None
    sha256: str | None

    def is_composite(self) -> bool:
        return "-" in (self.checksum or "")


@dataclass(frozen=True)
class S3Landing:
    """A prefix of a bucket as landing; see `Landing` for what the methods raise.

    Attributes:
        directory: where it is. No other source may land in it: extract files of two sources have
            the same names.
    """

    directory: S3Directory

    def put(
        self,
        source: Path,
        name: str,
        *,
        size: int,
        sha256: str,
        progress: Progress = no_progress,
    ) -> Receipt:
        """Place one file; nothing is sent when the identical file is there."""
        file = _File(source, check_name(name), size, sha256, progress)
        with s3_failures(self.directory):
            present = self._is_there(file)
            if not present:
                self._send(file)
        return Receipt(name, size, sha256, f"{self.directory}/{name}", sent=not present)

    def holds(self, name: str, *, size: int, sha256: str) -> bool:
        """Whether exactly this file is there; False where the credentials may not look."""
        check_name(name)
        with s3_failures(self.directory):
            stored = self._stored(name)
            if stored is None:
                self._ask_why(name)
                return False
        return stored.size == size and _proves(stored, sha256)

    def marks(self) -> MarkStore:
        """Marks in the folder `hwm` beside the landing directory."""
        from kada_dagster.hwm.object_store import ObjectMarkStore
        from kada_dagster.hwm.s3_objects import S3Objects

        return ObjectMarkStore(S3Objects(self.directory))

    def describe(self) -> str:
        """Its address, `s3://<bucket>/<path>`."""
        return str(self.directory)

    def test_connection(self) -> None:
        """Begin an upload and give it up: that needs no right to read or delete."""
        from botocore.exceptions import ClientError

        place: dict[str, Any] = {
            "Bucket": self.directory.bucket,
            "Key": self.directory.key(_PROBE),
        }
        with s3_failures(self.directory):
            made = self._client.create_multipart_upload(**place, **encryption(self.directory))
            try:
                self._client.abort_multipart_upload(**place, UploadId=made["UploadId"])
            except ClientError as error:
                if status_of(error) not in (403, 404):  # never shows, holds nothing: not worth more
                    raise

    @cached_property
    def _client(self) -> S3Client:
        return s3_client(self.directory)

    def _is_there(self, file: _File) -> bool:
        stored = self._stored(file.name)
        if stored is None or stored.size != file.size:
            return False
        if stored.is_composite():
            return stored.checksum == composite_of(file.source, file.size)
        return _proves(stored, file.sha256)

    def _stored(self, name: str) -> _Stored | None:
        """What is under a name; None for nothing, or where the credentials may not look."""
        from botocore.exceptions import ClientError

        try:
            head = self._client.head_object(
                Bucket=self.directory.bucket, Key=self.directory.key(name), ChecksumMode="ENABLED"
            )
        except ClientError as error:
            if error.operation_name != "HeadObject" or status_of(error) not in _UNREADABLE:
                raise  # another operation: the role to assume was asked for first
            return None  # why, an upload's own answer says
        metadata = head.get("Metadata", {})
        return _Stored(head["ContentLength"], head.get("ChecksumSHA256"), metadata.get("sha256"))

    def _ask_why(self, name: str) -> None:
        """Raise what is wrong with the credentials or the bucket: HEAD has no words for it."""
        from botocore.exceptions import ClientError

        key = self.directory.key(name)
        try:
            self._client.get_object(Bucket=self.directory.bucket, Key=key, Range="bytes=0-0")
        except ClientError as error:
            expected = code_of(error) in ("NoSuchKey", "AccessDenied", "InvalidRange")
            if error.operation_name != "GetObject" or not expected:
                raise

    def _send(self, file: _File) -> None:
        about: dict[str, Any] = {"Metadata": {"sha256": file.sha256}, **encryption(self.directory)}
        with CheckedReader(file.source, file.size, file.sha256) as reader:
            send = self._send_whole if file.size <= PART_BYTES else self._send_parts
            checksum = send(reader, file, about)
        self._verify(file, checksum)

    def _send_whole(self, reader: CheckedReader, file: _File, about: dict[str, Any]) -> str:
        checksum = whole_sum(file.sha256)
        with IN_FLIGHT.taken(file.size), ExitStack() as held:
            data: Any = held.enter_context(reader.read(file.size)) if file.size else b""
            reader.finish()
            answer = self._client.put_object(
                Bucket=self.directory.bucket,
                Key=self.directory.key(file.name),
                Body=data,
                ContentLength=file.size,
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=checksum,
                **about,
            )
        file.progress(file.size)
        if answer.get("ChecksumSHA256", checksum) != checksum:
            raise self._differs(file)
        return checksum

    def _send_parts(self, reader: CheckedReader, file: _File, about: dict[str, Any]) -> str:
        abort_abandoned(self._client, self.directory)
        upload = PartsUpload(self._client, self.directory, file.name)
        try:
            return upload.send(reader, file.size, about, file.progress)
        except self._client.exceptions.NoSuchUpload:
            # the answer to its completion was lost, and the SDK asked for that again
            if not self._is_there(file):
                raise
            return composite_of(file.source, file.size)

    def _verify(self, file: _File, checksum: str) -> None:
        """Compare with what the store reports, where the credentials may look."""
        stored = self._stored(file.name)
        if stored is None:
            return
        kept = stored.checksum or checksum  # none: the store keeps no sums
        if (stored.size, kept, stored.sha256) != (file.size, checksum, file.sha256):
            raise self._differs(file)

    def _differs(self, file: _File) -> ConnectionFailedError:
        return ConnectionFailedError(
            f"landing {self.directory}: {file.name} is not what was sent; another upload may have "
            "replaced it: upload again"
        )


def _proves(stored: _Stored, sha256: str) -> bool:
    """Whether what the store keeps is the sum of this file.

    A composite sum cannot be compared without the file, and some stores keep no sums: then the
    sum in the metadata counts. It was set by the upload that proved the object.
    """
    if stored.checksum is None or stored.is_composite():
        return stored.sha256 == sha256
    return stored.checksum == whole_sum(sha256)
