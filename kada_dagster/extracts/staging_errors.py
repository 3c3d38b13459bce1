"""What the operating system says while a run is written, as errors of this package."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kada_dagster.errors import StagingError

COPIES = "kada_dagster-staging"
"""How the folder of a shared staging's local copies begins, in the folder of temporary files."""


@contextmanager
def staging_errors(path: Path) -> Generator[None, None, None]:
    """Turn an operating system error below `path` into a StagingError that says the cure."""
    try:
        yield
    except OSError as error:
        where = error.filename or path
        other = _other_place(where)
        cures = {
            errno.ENOSPC: f"the disk is full: free space or {other}",
            errno.EDQUOT: f"the disk quota is used up: free space or {other}",
            errno.EACCES: "no permission: let the collector's user write there",
            errno.EPERM: "no permission: let the collector's user write there",
            errno.EROFS: f"the file system is read-only: {other}",
            errno.ENOTDIR: f"a file is in the way: {other}",
        }
        cure = cures.get(error.errno or 0, error.strerror or str(error))
        raise StagingError(f"output_path: cannot write {where}: {cure}") from error


def _other_place(path: Any) -> str:
    """What decides where the file is: runs for a shared place are built among temporary files."""
    if str(path).startswith(str(Path(tempfile.gettempdir()) / COPIES)):
        return "let TMPDIR name another folder"
    return "choose another output_path"
