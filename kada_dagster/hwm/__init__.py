"""Windows and high water marks."""

from __future__ import annotations

from kada_dagster.hwm.vendor import get_hwm, publish_hwm

__all__ = ["get_hwm", "publish_hwm"]
