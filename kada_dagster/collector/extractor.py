"""The extractor: what every source implements, with the vendor's life cycle.

`Extractor(**config)` -> `test_connection()` -> `run(start_hwm=..., end_hwm=...)`. This module is
plain Python; the Dagster face over it is in `assets`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from kada_dagster.extracts.manifest import Manifest
from kada_dagster.extracts.staging_place import StagingPlace, staging_at
from kada_dagster.extracts.writer import ExtractHead, ExtractWriter
from kada_dagster.hwm.window import Window

Progress = Callable[[str, int], None]
"""Called with what was just read (e.g. `shop: columns`) and its number of rows."""


class Extractor(ABC):
    """Reads one source into the files of the K extract contract.

    Args:
        name: name of the collector instance: folder below `output_path`, prefix of its mark.
        host: label the source has in K; never an address.
        output_path: where runs are written: a folder, full or relative, or the URL of a shared
            place, like `s3://bucket/staging`.
        mask: replace literals and comments in code.
        compress: gzip the files.
    """

    source_type: ClassVar[str]

    def __init__(
        self, *, name: str, host: str, output_path: str | Path, mask: bool, compress: bool
    ) -> None:
        self.name, self.host = name, host
        self.mask, self.compress = mask, compress
        self.staging: StagingPlace = staging_at(output_path, name)
        self.on_progress: Progress = lambda _what, _rows: None

    @property
    @abstractmethod
    def families(self) -> tuple[str, ...]:
        """The families this source writes with its present settings."""

    @abstractmethod
    def test_connection(self) -> None:
        """Check that the source can be reached and read.

        Raises:
            ConfigError: a setting or secret reference is unusable.
            ConnectionFailedError: the source does not answer.
            PermissionDeniedError: it refuses the credentials.
        """

    @abstractmethod
    def read(self, window: Window, writer: ExtractWriter) -> None:
        """Read the source and write its rows, a stream per kind of object.

        Raises:
            KadaError: the source cannot be read to the end; the caller discards what was written.
        """

    def run(self, start_hwm: str, end_hwm: str) -> Manifest:
        """Extract one window into `<output_path>/<name>/<start>_<end>/`.

        Args:
            start_hwm: first moment of the window, `YYYY-MM-DD HH:MM:SS`, UTC.
            end_hwm: first moment after it, same format.

        Returns:
            The manifest of the files written. An earlier run of the same window is replaced at
            one stroke; on any error it stays as it was.

        Raises:
            KadaError: nothing was left under the run's final name.
        """
        window = Window.parse(start_hwm, end_hwm)
        head = ExtractHead(self.source_type, self.name, self.host, self.families, self.compress)
        with ExtractWriter(self.staging, window, head) as writer:
            self.read(window, writer)
            return writer.commit()
