"""Files below one URL, through fsspec: the few operations a shared staging needs.

The driver comes with its own retries; credentials are those of the environment. Memory is bounded
whatever a file measures. Facts: https://filesystem-spec.readthedocs.io/en/latest/api.html
"""

from __future__ import annotations

import hashlib
import importlib
import secrets
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from kada_dagster.errors import ConfigError
from kada_dagster.extracts.shared_faults import VanishedError, missing, shared_errors

_CHUNK_BYTES = 8 * 1024 * 1024
_AT_ONCE = 4
"""Parts of a file under way; the memory of a transfer is a few times this times the chunk."""

_PARTS = 9_000
"""Most parts of an upload; S3 takes 10,000."""

_PLAIN = {"skip_instance_cache": True, "use_listings_cache": False}
"""What other hosts write is seen at once, and a changed environment makes a new client."""

_S3 = ("s3", "s3a")
_AZURE = ("abfs", "abfss", "az")
_EXTRAS = {
    **dict.fromkeys(_S3, "pip install 'kada_dagster[shared-s3]'"),
    **dict.fromkeys(_AZURE, "pip install 'kada_dagster[shared-azure]'"),
}
_STORES = frozenset({*_EXTRAS, "gs", "gcs", "memory"})
"""Protocols whose files appear whole or not at all. Others get them by a rename."""

_TIMES = ("LastModified", "last_modified", "updated", "mtime", "modified", "created")


@dataclass(frozen=True)
class Entry:
    """What a listing says of a file.

    Attributes:
        size: in bytes.
        modified: when it was written, or None where the place does not say.
    """

    size: int
    modified: datetime | None


@dataclass(frozen=True)
class SharedStore:
    """The files below a URL. Paths are relative to it.

    Attributes:
        url: without credentials, and without a slash at its end.

    Raises:
        ConfigError: from any method: the driver is not installed, or the URL is none of its.
        PermissionDeniedError: from any method: the place refuses access.
        ConnectionFailedError: from any method: it does not answer.
        StagingError: from any method: it cannot be used for another reason.
    """

    url: str

    def read(self, path: str) -> bytes | None:
        """The content of a small file; None where there is none."""
        try:
            with self._errors(path):
                return self._driver.cat_file(self._full(path))
        except FileNotFoundError:
            return None

    def write(self, path: str, data: bytes) -> None:
        """Write a small file at one stroke, in place of an earlier one."""
        with self._writing(path):
            self._place(path, lambda full: self._driver.pipe_file(full, data))

    def upload(self, path: str, source: Path) -> None:
        """Write a file of any size at one stroke."""
        options = self._upload_options(source.stat().st_size)
        with self._writing(path):
            self._place(path, lambda full: self._driver.put_file(str(source), full, **options))

    def download(self, path: str, target: Path, size: int) -> str:
        """Read a file of `size` bytes into a new one.

        Returns:
            The sha256 of what was read, lower-case hex.

        Raises:
            VanishedError: it is not there (any more).
        """
        digest = hashlib.sha256()
        with target.open("xb") as file:
            for chunk in self._chunks(path, size):
                digest.update(chunk)
                file.write(chunk)
        return digest.hexdigest()

    def files(self, folder: str = "") -> Mapping[str, Entry]:
        """The files below a folder, at any depth, by path; in one listing."""
        top = self._full(folder) if folder else self._top
        with suppress(FileNotFoundError), self._errors(folder):
            found: Mapping[str, Any] = self._driver.find(top, detail=True)
            return {
                name.strip("/").removeprefix(self._top.strip("/")).strip("/"): _entry(info)
                for name, info in found.items()
            }
        return {}

    def remove(self, path: str) -> None:
        """Remove a file, which may be gone already."""
        with suppress(FileNotFoundError), self._errors(path):
            self._driver.rm_file(self._full(path))

    def require_driver(self) -> None:
        """Raise the ConfigError before anything is read that could not be written."""
        _ = self._opened

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        """The driver, and this URL as it writes paths."""
        protocol = self._protocol
        with self._errors(""):
            try:
                core: Any = importlib.import_module("fsspec.core")
                return core.url_to_fs(self.url, **_PLAIN)
            except ImportError as error:
                cure = _EXTRAS.get(protocol, str(error))
                raise ConfigError(f"output_path: {protocol}:// needs a driver: {cure}") from None
            except ValueError:
                raise ConfigError(
                    f"output_path: {self.url} cannot be opened: see that the URL is right and that "
                    f"the environment holds what the driver of {protocol}:// needs"
                ) from None

    @property
    def _protocol(self) -> str:
        return self.url.partition("://")[0]

    @property
    def _driver(self) -> Any:
        return self._opened[0]

    @property
    def _top(self) -> str:
        return self._opened[1].rstrip("/")

    def _full(self, path: str) -> str:
        return f"{self._top}/{path}"

    def _errors(self, path: str) -> AbstractContextManager[None]:
        return shared_errors(f"{self.url}/{path}" if path else self.url)

    @contextmanager
    def _writing(self, path: str) -> Generator[None, None, None]:
        """The errors of a write: where there is nothing to write to, that is one too."""
        try:
            with self._errors(path):
                yield
        except FileNotFoundError:
            raise missing(self.url) from None

    def _upload_options(self, size: int) -> dict[str, int]:
        """What keeps an upload's memory small; the drivers' own defaults take up to 500 MB."""
        if self._protocol in _S3:
            return {"chunksize": max(_CHUNK_BYTES, size // _PARTS), "max_concurrency": _AT_ONCE}
        if self._protocol in _AZURE:
            return {"max_concurrency": _AT_ONCE}
        return {}

    def _place(self, path: str, write: Callable[[str], object]) -> None:
        """Let `write` make the file; by a rename where a reader could see half of it."""
        full = self._full(path)
        if self._protocol in _STORES:
            write(full)
            return
        fresh = f"{full}.{secrets.token_hex(8)}.partial"
        self._driver.makedirs(full.rpartition("/")[0], exist_ok=True)
        write(fresh)
        self._driver.mv(fresh, full)

    def _chunks(self, path: str, size: int) -> Iterator[bytes]:
        """The content in order, several parts of it under way."""
        starts = range(0, size, _CHUNK_BYTES)
        spans = ((start, min(start + _CHUNK_BYTES, size)) for start in starts)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            pending = deque(pool.submit(self._part, path, *s) for s in islice(spans, _AT_ONCE))
            while pending:
                yield pending.popleft().result()
                pending.extend(pool.submit(self._part, path, *s) for s in islice(spans, 1))

    def _part(self, path: str, start: int, end: int) -> bytes:
        try:
            with self._errors(path):
                return self._driver.cat_file(self._full(path), start=start, end=end)
        except FileNotFoundError:
            raise VanishedError(
                f"{self.url}/{path} is missing. Run the extract of that window again"
            ) from None


def _entry(info: Mapping[str, Any]) -> Entry:
    times = (_moment(info[name]) for name in _TIMES if name in info)
    return Entry(int(info["size"]), next(filter(None, times), None))


def _moment(value: object) -> datetime | None:
    """The time of a listing: each driver has its own way to write it."""
    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, timezone.utc)
    if isinstance(value, str):
        with suppress(ValueError):
            value = datetime.fromisoformat(value.replace("Z", "+00:00"))
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=timezone.utc)
