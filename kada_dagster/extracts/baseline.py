"""The baseline: the sizes of the last accepted extract, which the volume check compares with."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kada_dagster.errors import StagingError
from kada_dagster.extracts.manifest import Manifest
from kada_dagster.extracts.staging_errors import staging_errors

BASELINE_NAME = "baseline.json"
Sizes = Mapping[str, Mapping[str, int]]
"""`rows` by family and `counts` by type of object; empty where nothing was accepted yet."""


class Baseline(Protocol):
    """Where the sizes of the last accepted extract are kept, beside the runs."""

    def read(self) -> Sizes:
        """The sizes; empty without an accepted extract.

        Raises:
            StagingError: they are damaged, or cannot be read.
        """
        ...

    def write(self, manifest: Manifest) -> None:
        """Keep the sizes of an extract, at one stroke.

        Raises:
            StagingError: they cannot be written.
        """
        ...


@dataclass(frozen=True)
class FileBaseline:
    """The baseline in a file.

    Attributes:
        path: of the file.
    """

    path: Path

    def read(self) -> Sizes:
        """The sizes in the file."""
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise unreadable(str(self.path), error) from None
        return parse(text, str(self.path))

    def write(self, manifest: Manifest) -> None:
        """Replace the file."""
        fresh = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        with staging_errors(self.path):
            try:
                fresh.write_text(to_text(manifest), encoding="utf-8")
                fresh.replace(self.path)
            finally:
                fresh.unlink(missing_ok=True)


def to_text(manifest: Manifest) -> str:
    """The text of a baseline."""
    sizes = {"rows": manifest.rows, "counts": dict(manifest.counts)}
    return json.dumps(sizes, sort_keys=True) + "\n"


def parse(text: str, place: str) -> Sizes:
    """Read the text of a baseline.

    Raises:
        StagingError: it is damaged; names `place`.
    """
    try:
        data = json.loads(text)
        return {
            what: {str(key): _whole(value) for key, value in data[what].items()}
            for what in ("rows", "counts")
        }
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise unreadable(place, error) from None


def unreadable(place: str, error: Exception) -> StagingError:
    """What to say of a baseline that is there and cannot be used."""
    reason = f"{type(error).__name__}: {error}"
    return StagingError(f"{place}: cannot be read ({reason}); delete it to start anew")


def _whole(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} is not a number of rows")
    return value
