"""Folders of this machine: whether they can be written, and whether there is room."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from kada_dagster.doctor.check import Verdict, fail, ok, warn

LEAST, LITTLE = 100_000_000, 1_000_000_000
"""Bytes that must be free, and below which it is worth a look."""


def try_folder(folder: Path) -> bool:
    """Make a file that has no name, where a folder is or would be made, and list what is there.

    Returns:
        Whether the folder is there already.

    Raises:
        OSError: it cannot be written, listed, or made.
    """
    nearest = nearest_of(folder)
    if not nearest.is_dir():
        raise NotADirectoryError(20, "a file is in the way", str(nearest))
    with os.scandir(nearest) as entries:
        next(entries, None)
    with tempfile.TemporaryFile(dir=nearest):
        return nearest == folder.absolute()


def nearest_of(folder: Path) -> Path:
    """The folder, or the innermost one around it that is there."""
    folder = folder.absolute()
    return next(path for path in (folder, *folder.parents) if path.exists())


def told(folder: Path, is_there: bool) -> str:
    """What to say of a folder that is right."""
    return f"{folder} can be written" if is_there else f"{folder} can be made"


def disk_verdicts(folders: Mapping[str, Path]) -> Iterator[Verdict]:
    """Whether there is room, one verdict for each disk.

    Args:
        folders: what is written, by what it is called.
    """
    disks: dict[int, list[str]] = {}
    for name, folder in folders.items():
        disks.setdefault(nearest_of(folder).stat().st_dev, []).append(name)
    for names in disks.values():
        yield _room(nearest_of(folders[names[0]]), names)


def _room(folder: Path, names: Iterable[str]) -> Verdict:
    usage, what = shutil.disk_usage(folder), _shortened(list(names))
    if not usage.total:  # some network shares, and /proc
        return ok(f"the file system of {folder} ({what}) does not tell how much is free")
    free = usage.free
    files = os.statvfs(folder)
    said = f"{free / 1e6:,.0f} MB are free on the disk of {folder} ({what})"
    if free < LEAST:
        return fail(f"{said}: free space, or choose a folder on another disk")
    if files.f_files and not files.f_favail:
        return fail(f"the disk of {folder} ({what}) takes no more files: remove some")
    return warn(f"{said}: free space before it is used up") if free < LITTLE else ok(said)


def _shortened(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
