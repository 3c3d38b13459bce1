"""The PostgreSQL collector as a Dagster Component."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import dagster as dg
from pydantic import Field

from kada_dagster.components.collector import CollectorComponent, CollectorScaffolder
from kada_dagster.config import FileMarkSettings, HighWaterMarkSettings
from kada_dagster.postgres.settings import PostgresSettings


@dg.scaffold_with(CollectorScaffolder)
class PostgresCollector(PostgresSettings, CollectorComponent):
    """Extracts the metadata of a PostgreSQL server for K: extract, checks, upload, mark.

    The attributes are those of a `type: postgres` source in kada.yaml, and `high_water_marks`.

    Example:
        ```yaml
        type: kada_dagster.PostgresCollector
        attributes:
          name: shop
          server: db.example.com
          username: kada
          password: ${SHOP_PASSWORD}
          window: {start: "2026-01-01 00:00:00"}
          landing: {type: local, path: landing}
        ```
    """

    example: ClassVar[Mapping[str, Any]] = {
        "server": "localhost",
        "username": "postgres",
        "password": "${POSTGRES_PASSWORD}",
        "databases": [],
        "window": {"start": "2026-01-01 00:00:00", "cron": "0 0 * * *", "timezone": "UTC"},
        "landing": {"type": "local", "path": "landing"},
    }

    high_water_marks: HighWaterMarkSettings = Field(
        default_factory=FileMarkSettings, description="How far the source is uploaded."
    )
