"""What every landing directory does, whatever holds it. The landings are one module each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kada_dagster.errors import LandingError

if TYPE_CHECKING:
    from kada_dagster.hwm.store import MarkStore

Progress = Callable[[int], None]
"""Called with the number of bytes sent since the last call; from any thread."""


def no_progress(_sent: int) -> None:
    """For callers who do not watch."""


_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")


@dataclass(frozen=True)
class Receipt:
    """Proof that a file is in the landing, whole.

    Attributes:
        name: its name there.
        size: in bytes.
        sha256: lower-case hex.
        location: where it is: a path or an address, without credentials.
        sent: False when the identical file was there already.
    """

    name: str
    size: int
    sha256: str
    location: str
    sent: bool


class Landing(Protocol):
    """A directory K reads extracts from."""

    def put(
        self,
        source: Path,
        name: str,
        *,
        size: int,
        sha256: str,
        progress: Progress = no_progress,
    ) -> Receipt:
        """Place one file. Under its final name there is never a part of it. Several threads may
        place files at once.

        Args:
            source: the file to send.
            name: its name in the landing, without any folder.
            size: what `source` must measure, in bytes.
            sha256: what it must hash to, lower-case hex.
            progress: told how it goes on.

        Raises:
            LandingError: it could not be placed, or `source` is not the file described.
            PermissionDeniedError: the landing may not be written.
            ConnectionFailedError: the landing does not answer; a retry may help.
        """
        ...

    def holds(self, name: str, *, size: int, sha256: str) -> bool:
        """Whether exactly this file is there already. Raises as `put` does."""
        ...

    def marks(self) -> MarkStore:
        """High water marks kept beside the landing directory, where K does not look.

        Raises:
            ConfigError: nothing can be beside it.
        """
        ...

    def describe(self) -> str:
        """Where files go, for people; without credentials."""
        ...

    def test_connection(self) -> None:
        """Check that files can be placed, leaving nothing behind. Raises as `put` does."""
        ...


def check_name(name: str) -> str:
    """Return a name that stays inside the landing directory.

    Raises:
        LandingError: it has a folder in it, is hidden, or holds other characters.
    """
    if not _NAME.match(name):
        raise LandingError(f"{name!r} is not a plain file name; nothing was sent")
    return name
