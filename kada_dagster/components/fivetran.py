"""The Fivetran collector as a Dagster Component."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import dagster as dg
from pydantic import Field

from kada_dagster.components.collector import CollectorComponent, CollectorScaffolder
from kada_dagster.config import FileMarkSettings, HighWaterMarkSettings
from kada_dagster.fivetran.settings import FivetranSettings


@dg.scaffold_with(CollectorScaffolder)
class FivetranCollector(FivetranSettings, CollectorComponent):
    """Extracts metadata, lineage and syncs of a Fivetran account: extract, checks, upload, mark.

    The attributes are those of a `type: fivetran` source in kada.yaml, and `high_water_marks`.

    Example:
        ```yaml
        type: kada_dagster.FivetranCollector
        attributes:
          name: fivetran
          api_key: ${FIVETRAN_API_KEY}
          api_secret: ${FIVETRAN_API_SECRET}
          window: {start: "2026-01-01 00:00:00"}
          landing: {type: local, path: landing}
        ```
    """

    example: ClassVar[Mapping[str, Any]] = {
        "api_key": "${FIVETRAN_API_KEY}",
        "api_secret": "${FIVETRAN_API_SECRET}",
        "mapping": {},
        "window": {"start": "2026-01-01 00:00:00", "cron": "0 0 * * *", "timezone": "UTC"},
        "landing": {"type": "local", "path": "landing"},
    }

    high_water_marks: HighWaterMarkSettings = Field(
        default_factory=FileMarkSettings, description="How far the source is uploaded."
    )
