"""One file in many parts: nothing shows under its name before all of it is there and is right."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from mmap import mmap
from threading import Event
from typing import TYPE_CHECKING, Any

from kada_dagster.errors import ConnectionFailedError
from kada_dagster.landing.base import Progress
from kada_dagster.landing.parts import IN_FLIGHT, CheckedReader, composite_sum, part_lengths

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

    from kada_dagster.landing.places import S3Directory

_THREADS = 4
_ABANDONED = timedelta(days=1)


@dataclass(frozen=True)
class _Part:
    number: int
    etag: str
    digest: bytes

    def named(self) -> Any:
        return {
            "PartNumber": self.number,
            "ETag": self.etag,
            "ChecksumSHA256": b64encode(self.digest).decode(),
        }


class PartsUpload:
    """Sends one file in parts, a few at a time.

    Args:
        client: reaches the store.
        directory: the landing.
        name: of the file there.
    """

    def __init__(self, client: S3Client, directory: S3Directory, name: str) -> None:
        self._client, self._directory, self._name = client, directory, name
        self._place: dict[str, Any] = {"Bucket": directory.bucket, "Key": directory.key(name)}
        self._stop = Event()

    def send(
        self, reader: CheckedReader, size: int, about: dict[str, Any], progress: Progress
    ) -> str:
        """Send all of it, then let it show.

        Args:
            reader: reads the file.
            size: its size in bytes.
            about: the object's metadata and encryption, as the SDK takes them.
            progress: told how it goes on.

        Returns:
            The sum the store must keep of it.

        Raises:
            LandingError: the source is not the file described; nothing shows.
            ConnectionFailedError: the store received something else; nothing shows.
            Whatever the SDK raises: use it inside `s3_failures`.
        """
        made = self._client.create_multipart_upload(
            **self._place, ChecksumAlgorithm="SHA256", **about
        )
        self._place["UploadId"] = made["UploadId"]
        try:
            parts = self._send_parts(reader, size, progress)
            reader.finish()
            return self._complete(parts)
        except BaseException:
            with suppress(Exception):  # may be forbidden; the first error is the one to show
                self._client.abort_multipart_upload(**self._place)
            raise

    def _send_parts(self, reader: CheckedReader, size: int, progress: Progress) -> list[_Part]:
        sent: list[Future[_Part]] = []
        pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="kada-upload")
        try:
            for number, length in enumerate(part_lengths(size), start=1):
                IN_FLIGHT.take(length)
                sent.append(self._submit(pool, reader, (number, length), progress))
                if self._stop.is_set():
                    break
            done = wait(sent, return_when=FIRST_EXCEPTION).done
            for failed in (one for one in done if one.exception()):
                failed.result()
            return [one.result() for one in sent]
        finally:
            pool.shutdown(cancel_futures=True)

    def _submit(
        self,
        pool: ThreadPoolExecutor,
        reader: CheckedReader,
        part: tuple[int, int],
        progress: Progress,
    ) -> Future[_Part]:
        """Read a part and have it sent; its memory is given back whatever happens."""
        number, length = part
        try:
            future = pool.submit(self._send_part, number, reader.read(length), progress)
        except BaseException:
            IN_FLIGHT.give_back(length)
            raise
        future.add_done_callback(lambda _: IN_FLIGHT.give_back(length))
        return future

    def _send_part(self, number: int, data: mmap, progress: Progress) -> _Part:
        try:
            with data:
                part, length = self._put_part(number, data), len(data)
            progress(length)
        except BaseException:
            self._stop.set()  # no further parts need be read
            raise
        return part

    def _put_part(self, number: int, data: mmap) -> _Part:
        digest = hashlib.sha256(data).digest()
        checksum = b64encode(digest).decode()
        body: Any = data  # it reads and seeks, which is all the SDK needs
        answer = self._client.upload_part(
            **self._place,
            PartNumber=number,
            Body=body,
            ContentLength=len(data),
            ChecksumAlgorithm="SHA256",
            ChecksumSHA256=checksum,
        )
        self._check(answer.get("ChecksumSHA256"), checksum)
        return _Part(number, answer["ETag"], digest)

    def _complete(self, parts: list[_Part]) -> str:
        checksum = composite_sum(part.digest for part in parts)
        answer = self._client.complete_multipart_upload(
            **self._place, MultipartUpload={"Parts": [part.named() for part in parts]}
        )
        self._check(answer.get("ChecksumSHA256"), checksum)
        return checksum

    def _check(self, reported: str | None, sent: str) -> None:
        """A store that keeps no sums reports none."""
        if reported not in (None, "", sent):
            raise ConnectionFailedError(
                f"landing {self._directory}: {self._name} did not arrive as it was sent: upload "
                "again"
            )


def abort_abandoned(client: S3Client, directory: S3Directory) -> None:
    """Remove the parts that uploads into a directory left when they died more than a day ago.

    Best effort: where it is not permitted, a lifecycle rule of the bucket has to do it.
    """
    before = datetime.now(timezone.utc) - _ABANDONED
    with suppress(Exception):
        bucket, folder = directory.bucket, f"{directory.path}/" if directory.path else ""
        uploads = client.list_multipart_uploads(Bucket=bucket, Prefix=folder, Delimiter="/")
        for upload in uploads.get("Uploads", []):
            found: Any = upload
            if found["Initiated"] < before:
                client.abort_multipart_upload(
                    Bucket=bucket, Key=found["Key"], UploadId=found["UploadId"]
                )
