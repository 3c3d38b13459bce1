"""Windows and high water marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kada_dagster.exports import exports

if TYPE_CHECKING:
    from kada_dagster.hwm.vendor import get_hwm, publish_hwm

__all__ = ["get_hwm", "publish_hwm"]

_HOMES = dict.fromkeys(__all__, "kada_dagster.hwm.vendor")

__getattr__, __dir__ = exports(__name__, _HOMES)
