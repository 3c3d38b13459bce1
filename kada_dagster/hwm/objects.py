"""Small objects of a cloud store that are replaced only by whoever knows their present version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Versioned:
    """An object as it was read.

    Attributes:
        data: its bytes; None where there is no such object.
        version: names this state of it (an ETag); None where there is no such object.
    """

    data: bytes | None
    version: str | None


class VersionedObjects(Protocol):
    """The objects of one folder.

    Every method raises `ConnectionFailedError`, `PermissionDeniedError` or `WatermarkError`.
    """

    def read(self, name: str) -> Versioned:
        """The object as it is now."""
        ...

    def replace(self, name: str, data: bytes, version: str | None) -> bool:
        """Write an object, if it still is in the state `version` names (None: not there).

        Returns:
            False, with nothing written, when somebody else changed it meanwhile.
        """
        ...

    def describe(self, name: str) -> str:
        """The address of an object, without credentials."""
        ...
