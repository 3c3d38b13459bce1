"""Local copies of the runs of a shared staging: where they are built and read.

They live below the folder of temporary files, in a folder only this user may enter. What was
built or fetched last stays for the next step of the same run, so that it is fetched once.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kada_dagster.errors import StagingError
from kada_dagster.extracts.manifest import MANIFEST_NAME, Manifest
from kada_dagster.extracts.staging import Staging
from kada_dagster.extracts.staging_errors import COPIES, staging_errors
from kada_dagster.hwm.window import Window

_KEPT = 2
"""Runs of an instance whose copies stay at the same time."""


@dataclass(frozen=True)
class LocalCopies:
    """Copies of the runs of one instance in one shared place.

    Attributes:
        url: of the shared place.
        name: of the collector instance.
    """

    url: str
    name: str

    @cached_property
    def staging(self) -> Staging:
        """The folder of the copies, as a staging of this machine.

        Raises:
            StagingError: it cannot be made, or others may enter it.
        """
        key = hashlib.sha256(self.url.encode()).hexdigest()[:16]
        return Staging(_private_folder() / key, self.name)

    def keep(self, partial: Path, window: Window) -> None:
        """Make a folder of `partial` the copy of a run; older copies may have to go. What cannot
        be kept is fetched again when it is read."""
        with suppress(StagingError):
            self.staging.publish(partial, window)
            for path in sorted(self.staging.runs().values(), key=_written)[:-_KEPT]:
                _remove(path)

    def link(self, window: Window, manifest: bytes, folder: Path) -> bool:
        """Fill an empty folder with the files of the copy that has this manifest.

        Links, not names: another process may replace or remove the copy meanwhile.

        Returns:
            Whether there was one.
        """
        try:
            source = os.open(self.staging.run_folder(window), os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            return False
        try:
            return _link(source, manifest, folder)
        except (OSError, ValueError):
            return False
        finally:
            os.close(source)

    def forget(self, window: Window) -> None:
        """Remove the copy of a run."""
        _remove(self.staging.run_folder(window))


def link_files(source: Path, target: Path) -> None:
    """Give every file of a folder a second name in another one."""
    for path in source.iterdir():
        _link_file(path.name, source, target / path.name)


def _link(source: int, manifest: bytes, folder: Path) -> bool:
    with os.fdopen(os.open(MANIFEST_NAME, os.O_RDONLY, dir_fd=source), "rb") as file:
        if file.read() != manifest:
            return False
    for file in Manifest.from_json(manifest.decode()).files:
        target = folder / file.file
        os.link(file.file, target, src_dir_fd=source)
        if target.stat().st_size != file.bytes:
            return False
    (folder / MANIFEST_NAME).write_bytes(manifest)
    return True


def _link_file(name: str, source: Path, target: Path) -> None:
    with staging_errors(target):
        try:
            os.link(source / name, target)
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK):
                raise
            shutil.copyfile(source / name, target)


def _private_folder() -> Path:
    """This user's folder among the temporary files of the machine."""
    path = Path(tempfile.gettempdir()) / f"{COPIES}-{os.getuid()}"
    with staging_errors(path):
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o177077 != 0o040000:
        raise StagingError(
            f"output_path: {path} is not a folder of this user alone: remove it, or let TMPDIR "
            "name another folder"
        )
    return path


def _written(path: Path) -> float:
    try:
        return (path / MANIFEST_NAME).stat().st_mtime
    except OSError:
        return 0


def _remove(path: Path) -> None:
    """Remove a copy; its manifest first, so that a part is never taken for a run."""
    with suppress(OSError):
        (path / MANIFEST_NAME).unlink(missing_ok=True)
    shutil.rmtree(path, ignore_errors=True)
