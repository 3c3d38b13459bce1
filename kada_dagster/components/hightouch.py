"""The Hightouch collector as a Dagster Component."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import dagster as dg
from pydantic import Field

from kada_dagster.components.collector import CollectorComponent, CollectorScaffolder
from kada_dagster.config import FileMarkSettings, HighWaterMarkSettings
from kada_dagster.hightouch.settings import HightouchSettings


@dg.scaffold_with(CollectorScaffolder)
class HightouchCollector(HightouchSettings, CollectorComponent):
    """Extracts the metadata, lineage and runs of a Hightouch workspace for K.

    The attributes are those of a `type: hightouch` source in kada.yaml, and `high_water_marks`.

    Example:
        ```yaml
        type: kada_dagster.HightouchCollector
        attributes:
          name: crm_sync
          api_token: ${HIGHTOUCH_API_TOKEN}
          window: {start: "2026-01-01 00:00:00"}
          landing: {type: local, path: landing}
        ```
    """

    example: ClassVar[Mapping[str, Any]] = {
        "api_token": "${HIGHTOUCH_API_TOKEN}",
        "mapping": {},
        "window": {"start": "2026-01-01 00:00:00", "cron": "0 0 * * *", "timezone": "UTC"},
        "landing": {"type": "local", "path": "landing"},
    }

    high_water_marks: HighWaterMarkSettings = Field(
        default_factory=FileMarkSettings, description="How far the source is uploaded."
    )
