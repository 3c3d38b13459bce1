"""The Dagster resource of the high water marks. The stores themselves are plain Python."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

if TYPE_CHECKING:
    from kada_dagster.hwm.store import MarkStore


class HighWaterMarkResource(dg.ConfigurableResource[Any]):
    """High water marks in files.

    Attributes:
        path: folder of the files `<name>_hwm.txt`.
    """

    path: str = Field(description="Folder of the files <name>_hwm.txt.")

    def store(self) -> MarkStore:
        """The store of the marks."""
        from kada_dagster.hwm.file_store import FileMarkStore

        return FileMarkStore(Path(self.path))
