"""Faults for tests of files: death at every line, full and read-only disks, a user without rights.

Used by the tests of marks, staging and landing. Nothing here is replaced by a double: processes
are killed with SIGKILL and disks are full or read-only for the operating system itself.
"""

from __future__ import annotations

import importlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

Work = Callable[[Path], object]
NOBODY = 65534


def die_at_every_line(work: Work, folders: Path, template: Path, *modules: str) -> list[Path]:
    """Run `work(folder)` once for each line of `modules` it executes, dying just before it.

    Args:
        work: a function of a test module; it gets a folder of its own, a copy of `template`.
        folders: where these folders are made.
        template: what every folder holds at the start.
        modules: modules whose lines are points of death, in dotted form.

    Returns:
        The folders as the killed processes left them; the last one is of a run to the end.
    """
    name = f"{work.__module__}:{work.__qualname__}"  # type: ignore[attr-defined]
    command = [sys.executable, "-m", __name__, name, str(folders), str(template), *modules]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    left = sorted(folders.iterdir())
    assert len(left) > 10, "the work runs too few lines of these modules to be a test of them"
    return left


def _main(name: str, folders: str, template: str, *modules: str) -> None:
    module, _, function = name.partition(":")
    work: Work = getattr(importlib.import_module(module), function)
    watched = {importlib.import_module(module).__file__ for module in modules}
    for number in count():
        folder = Path(folders) / f"{number:05d}"
        shutil.copytree(template, folder, symlinks=True)
        pid = os.fork()
        if pid == 0:
            _work_until(number, work, folder, watched)
        status = os.waitpid(pid, 0)[1]
        if status == 0:
            return
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, "the work itself failed"


def _work_until(number: int, work: Work, folder: Path, watched: set[str | None]) -> None:
    lines = count()

    def on_line(_frame: FrameType, event: str, _arg: Any) -> Any:
        if event == "line" and next(lines) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return on_line

    def on_call(frame: FrameType, _event: str, _arg: Any) -> Any:
        return on_line if frame.f_code.co_filename in watched else None

    sys.settrace(on_call)
    try:
        work(folder)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    sys.settrace(None)
    os._exit(0)


@contextmanager
def file_size_limit(size: int) -> Generator[None, None, None]:
    """No file may grow beyond `size` bytes: writing fails in the middle, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def small_disk(folder: Path, size: int) -> Generator[bool, None, None]:
    """A disk of `size` bytes on `folder`; where it cannot be mounted, a file size limit.

    Yields:
        Whether it is a disk.
    """
    options = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(options, capture_output=True, check=False).returncode:
        with file_size_limit(size):
            yield False
        return
    try:
        yield True
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def read_only(folder: Path) -> Generator[None, None, None]:
    """A folder nothing can be written in: a read-only disk for root, by permission for others."""
    bind = ["mount", "--bind", str(folder), str(folder)]
    if os.geteuid() == 0 and not subprocess.run(bind, capture_output=True, check=False).returncode:
        try:
            subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
            yield
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        return
    with unwritable(folder):
        yield


@contextmanager
def unwritable(folder: Path) -> Generator[None, None, None]:
    """A folder without write permission; when root, work as `nobody` meanwhile.

    The folder must be below one that everybody may enter: see `open_folder`.
    """
    mode = folder.stat().st_mode
    folder.chmod(0o555)
    as_root = os.geteuid() == 0
    try:
        if as_root:
            os.seteuid(NOBODY)
        yield
    finally:
        if as_root:
            os.seteuid(0)
        folder.chmod(mode)


@contextmanager
def memory_folder() -> Generator[Path, None, None]:
    """A new folder on a disk in memory, where the machine has one."""
    memory = Path("/dev/shm")
    place = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as name:
        yield Path(name)


@contextmanager
def open_folder() -> Generator[Path, None, None]:
    """A new folder that every user of the machine may enter."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


if __name__ == "__main__":
    _main(*sys.argv[1:])
