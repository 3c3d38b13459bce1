"""Hints that a connection has just completed a sync, kept in a folder until the sensor looks.

The receiver of webhooks leaves them; they only make the sensor look earlier. What it reports is
what the API says then, so a hint that is lost, doubled or false does no harm.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable
from pathlib import Path

_SUFFIX = ".hint"


class Hints:
    """A folder of hints.

    Args:
        folder: is made with the first hint.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def leave(self, body: bytes) -> Path:
        """Leave a hint; it is on the disk when this returns.

        Args:
            body: what the webhook brought, for people who look into the folder.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{uuid.uuid4().hex}{_SUFFIX}"
        new = path.with_suffix(".new")
        with new.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        return new.replace(path)

    def waiting(self) -> list[Path]:
        """The hints nobody has looked for yet."""
        return sorted(self._folder.glob(f"*{_SUFFIX}"))

    def remove(self, seen: Iterable[Path]) -> None:
        """Forget hints that were looked for."""
        for path in seen:
            path.unlink(missing_ok=True)
