"""What a file holds: its bytes, decompressed, and as UTF-8."""

from __future__ import annotations

import codecs
from contextlib import AbstractContextManager
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO, cast

from kada_dagster.errors import ConfigError
from kada_dagster.extracts.gzip_stream import gzip_errors, read_gzip
from kada_dagster.loader.errors import FileChangedError, SourceReadError
from kada_dagster.loader.source.files.store import FileFacts, FileStore

_GZIP = b"\x1f\x8b"
_MARK = "\ufeff".encode()
_AS_IS = ("utf-8", "utf-8-sig", "ascii")


class FileBytes(AbstractContextManager["FileBytes"]):
    """The bytes of a file; those of a gzip file as they were before, whatever its name is.

    Args:
        store: where it is.
        facts: what was said of it when it was chosen.
    """

    def __init__(self, store: FileStore, facts: FileFacts) -> None:
        self._store, self._facts = store, facts
        self._raw: IO[bytes] = store.open(facts.name)
        with store.reading(facts.name):
            self._is_gzip = self._raw.read(2) == _GZIP
            self._raw.seek(0)
        self._bytes = read_gzip(self._raw) if self._is_gzip else self._raw

    def read(self, size: int = -1, /) -> bytes:
        """Up to so many bytes; none at the end.

        Raises:
            LoaderError: the place does not answer, or the file is damaged.
        """
        if self._store.is_stopped:
            raise SourceReadError(f"{self._facts.name}: broken off")
        with self._store.reading(self._facts.name):
            if not self._is_gzip:
                return self._bytes.read(size)
            try:
                return self._bytes.read(size)
            except gzip_errors() as error:
                damage = type(error).__name__
        raise SourceReadError(
            f"{self._facts.name}: the gzip data is damaged or not all there ({damage})"
        )

    def require_same(self) -> None:
        """Refuse a file that was written while it was read.

        Raises:
            FileChangedError: it is another one, or gone.
        """
        found = self._store.facts(self._facts.name)
        if found is None or found.mark != self._facts.mark:
            raise FileChangedError(
                f"{self._store.where}: {self._facts.name} {'changed' if found else 'vanished'} "
                "while it was read; run the load again, and have files written under another name "
                "and renamed when they are whole"
            )

    def copied(self) -> IO[bytes]:
        """All of it in a temporary file without a name, for who reads it here and there."""
        file = TemporaryFile()  # noqa: SIM115 - the caller closes it
        copyfileobj(self, file, 1 << 20)
        file.seek(0)
        return cast("IO[bytes]", file)

    def close(self) -> None:
        """Close the file."""
        if self._is_gzip:
            self._bytes.close()
        self._raw.close()

    def __exit__(self, *_details: object) -> None:
        self.close()


class Utf8:
    """Text of any encoding as UTF-8, without a mark at its begin.

    Args:
        stream: bytes.
        encoding: of them.
        name: of the file, for messages.

    Raises:
        ConfigError: there is no such encoding.
    """

    def __init__(self, stream: FileBytes, encoding: str, name: str) -> None:
        self._stream, self._encoding, self._name = stream, encoding, name
        try:
            known = codecs.lookup(encoding)
        except LookupError:
            raise ConfigError(f"encoding: {encoding!r} is none that Python knows") from None
        self._decoder = None if known.name in _AS_IS else known.incrementaldecoder()
        self._read = 0
        self._has_begun = False

    def read(self, size: int = -1, /) -> bytes:
        """Some bytes of UTF-8; none at the end.

        Raises:
            SourceReadError: the file is not in that encoding.
        """
        while data := self._stream.read(size):
            text = self._decoded(data, is_end=False)
            if not self._has_begun and text:
                self._has_begun = True
                text = text.removeprefix(_MARK)
            if text:
                return text
        return self._decoded(b"", is_end=True)

    def _decoded(self, data: bytes, *, is_end: bool) -> bytes:
        if self._decoder is None:
            return data
        try:
            text = self._decoder.decode(data, is_end)
        except UnicodeError as error:
            at = self._read + getattr(error, "start", 0)
        else:
            self._read += len(data)
            return text.encode()
        raise SourceReadError(f"{self._name}: about byte {at:,}: this is not {self._encoding}")
