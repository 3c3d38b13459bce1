"""The staging folder: where runs are built, how they get their final name, how they are found.

`<output_path>/<name>/<start>_<end>/` is one whole run. A run under way lives in a sibling folder
whose name starts with `.partial-`; it holds a lock for as long as its process lives, so that what
a killed process left behind is told apart from work in progress and removed by the next run.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from filelock import FileLock, Timeout

from kada_dagster.errors import ConfigError, StagingError
from kada_dagster.extracts.manifest import MANIFEST_NAME
from kada_dagster.hwm.window import Window

_PARTIAL = ".partial-"
_REPLACED = ".replaced-"
_LOCK = ".lock"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


@contextmanager
def staging_errors(path: Path) -> Generator[None, None, None]:
    """Turn an operating system error below `path` into a StagingError that says the cure."""
    try:
        yield
    except OSError as error:
        where = error.filename or path
        cures = {
            errno.ENOSPC: "the disk is full: free space or choose another output_path",
            errno.EDQUOT: "the disk quota is used up: free space or choose another output_path",
            errno.EACCES: "no permission: let the collector's user write there",
            errno.EPERM: "no permission: let the collector's user write there",
            errno.EROFS: "the file system is read-only: choose another output_path",
            errno.ENOTDIR: "a file is in the way: choose another output_path",
        }
        cure = cures.get(error.errno or 0, error.strerror or str(error))
        raise StagingError(f"output_path: cannot write {where}: {cure}") from error


@dataclass(frozen=True)
class Staging:
    """The staging folder of one collector instance.

    Attributes:
        output_path: as configured; full or relative.
        name: name of the collector instance, a folder below it.

    Raises:
        ConfigError: the name cannot be a folder name.
    """

    output_path: Path
    name: str

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise ConfigError(
                f"name: {self.name!r} cannot name a folder; use letters, digits, '_', '-', '.'"
            )

    @property
    def folder(self) -> Path:
        """The folder that holds this instance's runs."""
        return Path(self.output_path) / self.name

    def run_folder(self, window: Window) -> Path:
        """Where the run of exactly this window is, or will be."""
        return self.folder / window.folder

    def runs(self) -> dict[Window, Path]:
        """The whole runs that are there, by window."""
        found: dict[Window, Path] = {}
        if not self.folder.is_dir():
            return found
        for path in sorted(self.folder.iterdir()):
            try:
                window = Window.from_folder(path.name)
            except (ValueError, ConfigError):
                continue
            if (path / MANIFEST_NAME).is_file():
                found[window] = path
        return found

    def covering(self, window: Window) -> list[Path]:
        """The runs that together hold every moment of a window, oldest first.

        The run of exactly this window where it exists, else the fewest that cover it.

        Raises:
            StagingError: part of the window was not extracted; names the first such moment.
        """
        runs = self.runs()
        if window in runs:
            return [runs[window]]
        chosen: list[Path] = []
        reached = window.start
        while reached < window.end:
            best = max(
                (w for w in runs if w.start <= reached < w.end), key=attrgetter("end"), default=None
            )
            if best is None:
                raise StagingError(
                    f"{self.folder}: nothing extracted from {reached:%Y-%m-%d %H:%M:%S} on, so "
                    f"{window} cannot be uploaded; run the extract of that window first"
                )
            chosen.append(runs[best])
            reached = best.end
        return chosen

    @contextmanager
    def partial(self, window: Window) -> Generator[Path, None, None]:
        """A folder to build a run in; removed on leaving unless `publish` has renamed it.

        Raises:
            StagingError: the staging folder cannot be written.
        """
        with ExitStack() as stack:
            with staging_errors(self.folder):
                self.folder.mkdir(parents=True, exist_ok=True)
                with self._lock():  # nobody sweeps a folder not yet locked
                    self._sweep()
                    prefix = f"{_PARTIAL}{window.folder}-"
                    path = Path(tempfile.mkdtemp(prefix=prefix, dir=self.folder))
                    stack.callback(shutil.rmtree, path, ignore_errors=True)
                    path.chmod(0o750)
                    stack.enter_context(FileLock(path / _LOCK))
            yield path

    def publish(self, partial: Path, window: Window) -> Path:
        """Give a finished run its final name at one stroke, in place of an earlier one.

        Raises:
            StagingError: the rename failed; the earlier run is untouched.
        """
        final = self.run_folder(window)
        with staging_errors(final), self._lock():  # no sweep, no rival rename
            (partial / _LOCK).unlink(missing_ok=True)
            try:
                partial.rename(final)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                _replace(partial, final)
        return final

    def _lock(self) -> FileLock:
        """Held for moments only; a holder that hangs is an error after a minute."""
        return FileLock(self.folder / _LOCK, timeout=60)

    def _sweep(self) -> None:
        """Remove what killed processes left, and put back a run caught between two renames."""
        for path in self.folder.glob(f"{_REPLACED}*"):
            final = self.folder / path.name[len(_REPLACED) :]
            if final.exists():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.rename(final)
        for path in self.folder.glob(f"{_PARTIAL}*"):
            if not _is_locked(path / _LOCK):
                shutil.rmtree(path, ignore_errors=True)


def _is_locked(path: Path) -> bool:
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return False


def _replace(partial: Path, final: Path) -> None:
    """Put `partial` in the place of `final`, which exists."""
    if _exchange(partial, final):
        shutil.rmtree(partial, ignore_errors=True)
        return
    aside = final.with_name(_REPLACED + final.name)
    shutil.rmtree(aside, ignore_errors=True)
    final.rename(aside)  # a crash after this line is mended by the next run's sweep
    partial.rename(final)
    shutil.rmtree(aside, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one system call (Linux 3.15+, glibc 2.28+); False where it cannot."""
    if not sys.platform.startswith("linux"):
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    source, target = os.fsencode(one), os.fsencode(other)
    return rename(_AT_FDCWD, source, _AT_FDCWD, target, _RENAME_EXCHANGE) == 0
