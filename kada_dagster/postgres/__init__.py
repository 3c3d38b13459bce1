"""The PostgreSQL collector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kada_dagster.exports import exports

if TYPE_CHECKING:
    from kada_dagster.postgres.extractor import Extractor

__all__ = ["Extractor"]

__getattr__, __dir__ = exports(__name__, {"Extractor": "kada_dagster.postgres.extractor"})
