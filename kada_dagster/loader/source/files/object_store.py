"""Files below a URL, through fsspec: S3, Azure, Google, SFTP, whatever has a driver.

Facts: https://filesystem-spec.readthedocs.io/en/latest/api.html
"""

from __future__ import annotations

import importlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any, BinaryIO

from kada_dagster.errors import ConfigError, KadaError
from kada_dagster.extracts.shared_faults import fault_of
from kada_dagster.loader.definition.template import Template
from kada_dagster.loader.definition.written_secrets import (
    NO_LOGIN_HERE,
    has_login,
    hidden_options,
    secrets_in,
)
from kada_dagster.loader.errors import SourceDeniedError, SourceLostError, SourceReadError
from kada_dagster.loader.source.files.pattern import Pattern
from kada_dagster.loader.source.files.store import FileFacts
from kada_dagster.loader.source.hidden import SHORTEST
from kada_dagster.secrets import redact

_PLAIN = {"skip_instance_cache": True, "use_listings_cache": False}
"""What others write is seen at once, and a changed environment makes a new client."""

_BLOCK = 1 << 23  # bytes of a request
_EXTRAS = {
    **dict.fromkeys(("s3", "s3a"), "kada_dagster[shared-s3]"),
    **dict.fromkeys(("abfs", "abfss", "az"), "kada_dagster[shared-azure]"),
    **dict.fromkeys(("gs", "gcs"), "gcsfs"),
}
_STORES = frozenset(_EXTRAS)
"""Protocols of stores that list all files below a prefix at once."""

_MARKS = (
    *("ETag", "etag", "e_tag", "content_md5", "Content-MD5", "md5Hash", "sha"),
    *("LastModified", "Last-Modified", "mtime", "modified", "modificationTime", "modify"),
)
"""Where drivers put what changes with a file, the surest first; the last one is FTP's."""


class ObjectStore:
    """See `FileStore`.

    Args:
        url: of the prefix, as `s3://bucket/prefix`; messages show it with its references.
        options: of the driver.
        name: of the profile, for messages.

    Raises:
        ConfigError: a variable of the URL is not set, or a login came out of one.
    """

    def __init__(self, url: Template, options: Mapping[str, Any], name: str) -> None:
        self._field = f"connections.yaml: {name}.url"
        self._url, self._options = url.resolve(self._field).rstrip("/"), options
        if has_login(self._url):
            raise ConfigError(f"{self._field}: {NO_LOGIN_HERE}")
        parts = [Template(part).resolve(self._field) for part in secrets_in(url.text)]
        values = (*parts, *secrets_in(self._url), *hidden_options(options))
        self._hidden = [value for value in values if len(value) >= SHORTEST]
        self.where = redact(f"{name} ({url.text.rstrip('/')})", self._hidden)
        self.is_stopped = False

    def files(self, pattern: Pattern) -> list[FileFacts]:
        """See `FileStore.files`."""
        top = self._full(pattern.folder) if pattern.folder else self._top
        with self.reading(pattern.text):
            found = self._listed(top, pattern.is_deep)
        files = [info for info in found if info["type"] == "file" and info["name"][-1] != "/"]
        named = {self._below(info["name"]): info for info in files}
        told = [self._told(name, named[name]) for name in sorted(named) if pattern.has(name)]
        return [facts for facts in told if facts is not None]

    def facts(self, name: str) -> FileFacts | None:
        """See `FileStore.facts`."""
        with self.reading(name):
            try:
                info: Mapping[str, Any] = self._driver.info(self._full(name))
            except FileNotFoundError:
                return None
        return _facts(name, info) if info.get("type", "file") == "file" else None

    def open(self, name: str) -> BinaryIO:
        """See `FileStore.open`."""
        with self.reading(name):
            return self._driver.open(self._full(name), "rb", block_size=_BLOCK)

    def remove(self, name: str) -> None:
        """See `FileStore.remove`."""
        with self.reading(name):
            try:
                self._driver.rm_file(self._full(name))
            except FileNotFoundError:
                return

    def move(self, name: str, to: str) -> None:
        """See `FileStore.move`. Where the store has no rename, it is a copy and a removal."""
        target = self._full(to)
        with self.reading(f"{name} to {to}"):
            self._driver.makedirs(target.rpartition("/")[0], exist_ok=True)
            self._driver.mv(self._full(name), target)

    def _told(self, name: str, info: Mapping[str, Any]) -> FileFacts | None:
        """What a list says of a file; a page of links, as HTTP has them, says no more than that it
        is there."""
        return self.facts(name) if info.get("size") is None else _facts(name, info)

    def _listed(self, folder: str, is_deep: bool) -> list[Mapping[str, Any]]:
        """Files of a folder. `find` alone would take what it may not see for nothing."""
        try:
            found: list[Mapping[str, Any]] = self._driver.ls(folder, detail=True)
        except FileNotFoundError:
            self._require_root()
            return []
        if is_deep and self._protocol in _STORES:
            return list(self._driver.find(folder, detail=True).values())
        for info in list(found) if is_deep else ():
            if info["type"] == "directory":
                found += self._listed(info["name"], is_deep)
        return found

    def _require_root(self) -> None:
        """A bucket without such files is one thing, no bucket another."""
        root = self._top.partition("/")[0] if self._protocol in _STORES else self._top
        try:
            self._driver.ls(root)
        except Exception as error:  # see `reading`
            if fault_of(error)[0] == "refused":  # it may be asked for this prefix only
                return
            raise

    @property
    def _protocol(self) -> str:
        return self._url.partition("://")[0]

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        """The driver, and the URL as it writes paths."""
        protocol = self._protocol
        with self.reading("open"):
            try:
                core: Any = importlib.import_module("fsspec.core")
                return core.url_to_fs(self._url, **_PLAIN, **self._options)
            except ImportError as error:
                cure = _EXTRAS.get(protocol) or error.name or "fsspec"
                failure = f"{protocol}:// needs a driver: pip install '{cure}'"
            except (TypeError, ValueError):  # what it says may hold an option
                failure = f"{self.where}: no driver takes this URL with these options"
        raise ConfigError(redact(f"{self._field}: {failure}", self._hidden))

    @property
    def _driver(self) -> Any:
        return self._opened[0]

    @property
    def _top(self) -> str:
        return self._opened[1].rstrip("/")

    def _full(self, name: str) -> str:
        return f"{self._top}/{name}"

    def _below(self, path: str) -> str:
        return path.strip("/").removeprefix(self._top.strip("/")).strip("/")

    @contextmanager
    def reading(self, what: str) -> Generator[None]:
        """See `FileStore.reading`."""
        try:
            yield
        except KadaError:
            raise
        except Exception as error:  # drivers have no class in common
            kind, found = fault_of(error)
        else:
            return
        text, found = (redact(part, self._hidden) for part in (f"{self.where}: {what}", found))
        if kind == "refused":
            raise SourceDeniedError(f"{text}: access is refused ({found})")
        if kind == "away":
            raise SourceLostError(f"{text}: no answer ({found}); the load can be run again")
        raise SourceReadError(f"{text}: {'there is none' if kind == 'missing' else found}")


def _facts(name: str, info: Mapping[str, Any]) -> FileFacts:
    marks = (info[key] for key in _MARKS if info.get(key))
    return FileFacts(name, int(info.get("size") or 0), str(next(marks, "")).strip('"'))
