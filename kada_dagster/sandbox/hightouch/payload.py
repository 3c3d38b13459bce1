"""How values are written in answers: moments, ids in each spelling, JSON."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any, cast

from kada_dagster.sandbox.hightouch.faults import Ids

_ID_KEYS = frozenset({"id", "workspaceId", "sourceId", "destinationId", "modelId", "parentId"})


def iso(moment: datetime) -> str:
    """`2022-02-16T21:37:58.510Z`: UTC with milliseconds."""
    text = moment.astimezone(timezone.utc).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def as_json(value: Any) -> bytes:
    """Compact JSON, with the characters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def with_ids(value: dict[str, Any], ids: Ids) -> dict[str, Any]:
    """The object with its ids as numbers, as floats (`1.0`) or as text."""
    if ids == "number":
        return value
    return {key: _spelled(key, item, ids) for key, item in value.items()}


def _spelled(key: str, item: Any, ids: Ids) -> Any:
    if key in _ID_KEYS and isinstance(item, int):
        return _one(item, ids)
    if key == "syncs":
        return [_one(number, ids) for number in item]
    if key in ("visual", "dbt", "dbt_cloud") and isinstance(item, dict):
        return with_ids(cast("dict[str, Any]", item), ids)
    return item


def _one(number: int, ids: Ids) -> float | str:
    return float(number) if ids == "float" else str(number)
