"""The staging folder: where runs are built, how they get their final name, how they are found.

`<output_path>/<name>/<start>_<end>/` is one whole run. A run under way lives in a sibling folder
whose name starts with `.partial-`; it holds a lock for as long as its process lives, so that what
a killed process left behind is told apart from work in progress and removed by the next run.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from kada_dagster.errors import ConfigError
from kada_dagster.extracts.baseline import BASELINE_NAME, Baseline, FileBaseline
from kada_dagster.extracts.manifest import MANIFEST_NAME, Manifest
from kada_dagster.extracts.staging_errors import staging_errors
from kada_dagster.extracts.staging_place import (
    Noted,
    check_instance_name,
    fewest_covering,
    no_run,
)
from kada_dagster.extracts.upload_notes import note_path, note_text, noted_upload
from kada_dagster.hwm.window import Window

_PARTIAL = ".partial-"
_REPLACED = ".replaced-"
_LOCK = ".lock"
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


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
        check_instance_name(self.name)

    @property
    def baseline(self) -> Baseline:
        """A file beside the runs."""
        return FileBaseline(self.folder / BASELINE_NAME)

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

    def covering(self, window: Window) -> list[Window]:
        """The runs that together hold every moment of a window; as `StagingPlace` says."""
        return fewest_covering(self.runs(), window, self.describe())

    def latest(self) -> Window:
        """The run written last."""
        found = self.runs()
        if not found:
            raise no_run(self.describe())
        return max(found, key=lambda window: (found[window] / MANIFEST_NAME).stat().st_mtime_ns)

    @contextmanager
    def reading(self, window: Window) -> Generator[Path, None, None]:
        """The run's own folder."""
        yield self.run_folder(window)

    def release(self, window: Window) -> None:
        """Note the upload; the run's folder stays."""
        path = self.folder / note_path(window)
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        with suppress(OSError):  # without its note the run is kept
            path.parent.mkdir(exist_ok=True)
            fresh.write_bytes(note_text(self._manifest(window).read_bytes()))
            fresh.replace(path)

    def noted(self, window: Window) -> Noted | None:
        """The run's manifest, and when it was uploaded."""
        with staging_errors(self.folder):
            manifest = _read(self._manifest(window))
            note = _read(self.folder / note_path(window))
        return None if manifest is None else Noted(manifest, noted_upload(note, manifest))

    def remove(self, window: Window, manifest: bytes) -> bool:
        """Remove a run and its note, at one stroke for whoever looks for runs."""
        aside = self.folder / f"{_PARTIAL}{window.folder}-removed"
        with staging_errors(self.folder):
            with self._lock():  # no rename while it is looked at
                if _read(self._manifest(window)) != manifest:
                    return False
                shutil.rmtree(aside, ignore_errors=True)
                self.run_folder(window).rename(aside)
            (self.folder / note_path(window)).unlink(missing_ok=True)
            shutil.rmtree(aside, ignore_errors=True)  # what is left goes with the next run
        return True

    def describe(self) -> str:
        """The folder of this instance's runs."""
        return str(self.folder)

    def location(self, window: Window) -> str:
        """The run's folder."""
        return str(self.run_folder(window))

    def file_location(self, manifest: Manifest, file: str) -> str:
        """The path of a file of a run."""
        return str(self.run_folder(manifest.window) / file)

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

    def publish(self, partial: Path, window: Window) -> None:
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

    def _manifest(self, window: Window) -> Path:
        return self.run_folder(window) / MANIFEST_NAME

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


def _read(path: Path) -> bytes | None:
    """The content of a small file; None where there is none."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


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
