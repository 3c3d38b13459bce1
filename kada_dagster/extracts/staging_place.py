"""Where the runs of a collector instance are: what every place does, whatever holds it.

`staging` is a folder of this machine; `shared_staging` is a place several machines reach.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kada_dagster.errors import ConfigError, StagingError
from kada_dagster.hwm.window import Window

if TYPE_CHECKING:
    from kada_dagster.extracts.baseline import Baseline
    from kada_dagster.extracts.manifest import Manifest

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")
_PROTOCOL = re.compile(r"[a-z][a-z0-9+.-]*\Z")
_LOCAL = ("file", "local")


@dataclass(frozen=True)
class Noted:
    """What is known of a run without reading its files.

    Attributes:
        manifest: the text of its manifest; tells it apart from one that takes its place.
        uploaded_at: when it was sent whole, UTC; None where nothing says so.
    """

    manifest: bytes
    uploaded_at: datetime | None


class StagingPlace(Protocol):
    """Where the runs of one collector instance are written and read back."""

    @property
    def name(self) -> str:
        """Name of the collector instance."""
        ...

    @property
    def baseline(self) -> Baseline:
        """The sizes of the last accepted extract."""
        ...

    def describe(self) -> str:
        """Where the runs are, for people: a folder or a URL."""
        ...

    def location(self, window: Window) -> str:
        """Where the run of exactly this window is, or will be: a folder or a URL."""
        ...

    def file_location(self, manifest: Manifest, file: str) -> str:
        """Where a file of a run is: a path or a URL."""
        ...

    def runs(self) -> Mapping[Window, object]:
        """The whole runs that are there, by window, and where."""
        ...

    def covering(self, window: Window) -> list[Window]:
        """The runs that together hold every moment of a window, oldest first.

        The run of exactly this window where it exists, else the fewest that cover it.

        Raises:
            StagingError: part of the window was not extracted; names the first such moment.
        """
        ...

    def latest(self) -> Window:
        """The run written last.

        Raises:
            StagingError: there is none.
        """
        ...

    def partial(self, window: Window) -> AbstractContextManager[Path]:
        """A local folder to build a run in; removed on leaving unless it was published.

        Raises:
            StagingError: it cannot be written.
        """
        ...

    def publish(self, partial: Path, window: Window) -> None:
        """Put a finished run in the place of an earlier one, at one stroke.

        Raises:
            KadaError: the earlier run is as it was.
        """
        ...

    def reading(self, window: Window) -> AbstractContextManager[Path]:
        """The run of exactly this window as a local folder `<start>_<end>`, for reading.

        Raises:
            StagingError: there is no such run, or it is damaged.
            SourceChangedError: other runs replaced it again and again meanwhile.
        """
        ...

    def release(self, window: Window) -> None:
        """Note that a run was uploaded: what was kept to read it again soon may go."""
        ...

    def noted(self, window: Window) -> Noted | None:
        """What is known of the run of exactly this window; None where there is none.

        Raises:
            StagingError: it cannot be read.
        """
        ...

    def remove(self, window: Window, manifest: bytes) -> bool:
        """Remove a run for good.

        Args:
            window: of the run, exactly.
            manifest: as `noted` gave it: a run that took its place meanwhile stays.

        Returns:
            Whether it was there.

        Raises:
            StagingError: it cannot be removed.
        """
        ...


def staging_at(output_path: str | Path, name: str) -> StagingPlace:
    """The staging of one collector instance.

    Args:
        output_path: a folder, full or relative, or the URL of a shared place.
        name: name of the collector instance.

    Raises:
        ConfigError: the URL holds a password or is none; the name cannot be a folder name.
    """
    from urllib.parse import unquote, urlsplit

    from kada_dagster.extracts.staging import Staging

    if not is_url(output_path):
        return Staging(Path(output_path), name)
    try:
        url = checked_url(str(output_path))
    except ValueError as error:
        raise ConfigError(f"output_path: {error}") from None
    parts = urlsplit(url)
    if parts.scheme in _LOCAL:
        return Staging(Path(unquote(parts.path)), name)
    from kada_dagster.extracts.shared_staging import SharedStaging

    return SharedStaging(url, name)


def is_url(output_path: str | Path) -> bool:
    """Whether an `output_path` is a URL, not a folder."""
    return isinstance(output_path, str) and "://" in output_path


def checked_url(url: str) -> str:
    """The URL of a shared place, without slashes at its end.

    Raises:
        ValueError: it is none, or could hold a secret; the message does not repeat it.
    """
    protocol, _, rest = url.partition("://")
    if not _PROTOCOL.match(protocol):
        raise ValueError("must be a folder, or a URL like s3://bucket/staging")
    if ":" in rest.partition("/")[0].rpartition("@")[0] or re.search(r"[?#\s\0]", rest):
        raise ValueError(
            "must be a URL without password, '?' and '#'; credentials come from the environment"
        )
    if protocol in _LOCAL and not rest.startswith("/"):
        raise ValueError("must be a URL with a full path, like file:///var/staging")
    if any(part in (".", "..") for part in rest.split("/")):
        raise ValueError("must be a URL without '.' and '..'")
    return url.rstrip("/")


def check_instance_name(name: str) -> None:
    """Refuse a name that cannot be a folder name.

    Raises:
        ConfigError: it cannot.
    """
    if not _NAME.match(name):
        raise ConfigError(
            f"name: {name!r} cannot name a folder; use letters, digits, '_', '-', '.'"
        )


@contextmanager
def reading_all(
    staging: StagingPlace, windows: Iterable[Window]
) -> Generator[list[Path], None, None]:
    """Several runs as local folders, all there at the same time; as `StagingPlace.reading`."""
    with ExitStack() as stack:
        yield [stack.enter_context(staging.reading(window)) for window in windows]


def fewest_covering(runs: Iterable[Window], window: Window, place: str) -> list[Window]:
    """Of some runs, the fewest that hold every moment of a window, oldest first.

    Args:
        runs: their windows.
        window: what they shall cover; a run of exactly it is taken alone.
        place: where the runs are, for the message.

    Raises:
        StagingError: part of the window is in none of them; names the first such moment.
    """
    there = set(runs)
    if window in there:
        return [window]
    chosen: list[Window] = []
    reached = window.start
    while reached < window.end:
        open_then = (run for run in there if run.start <= reached < run.end)
        best = max(open_then, key=attrgetter("end"), default=None)
        if best is None:
            raise StagingError(
                f"{place}: nothing extracted from {reached:%Y-%m-%d %H:%M:%S} on, so "
                f"{window} cannot be uploaded; run the extract of that window first"
            )
        chosen.append(best)
        reached = best.end
    return chosen


def no_run(place: str) -> StagingError:
    """What to say where no run is."""
    return StagingError(f"{place}: no extract to check; run the extract first")
