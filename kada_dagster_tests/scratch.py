"""Where the tests' databases are: in memory, where the machine has it to spare.

A new database is a thousand small files: 60 to 200 ms on a disk, 10 ms in memory (measured with
PostgreSQL 18, on ext4 and tmpfs), and the suite makes hundreds, beside the clusters themselves.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import psutil

MEMORY = Path("/dev/shm")
NEEDED_BYTES = 12 * 1024**3
"""Free memory and room there; the servers of the whole suite take less than a quarter of it."""


def database_folder(prefix: str, memory: Path = MEMORY, needed: int = NEEDED_BYTES) -> Path:
    """Make a folder for the files of a server, which whoever calls removes.

    Args:
        prefix: of its name.
        memory: a folder that is kept in memory; used if there is enough of it.
        needed: how much that is, in bytes.
    """
    return Path(tempfile.mkdtemp(prefix=prefix, dir=memory if _has_room(memory, needed) else None))


def _has_room(memory: Path, needed: int) -> bool:
    if not os.access(memory, os.W_OK | os.X_OK):
        return False
    found = os.statvfs(memory)
    return min(found.f_bavail * found.f_frsize, psutil.virtual_memory().available) >= needed
