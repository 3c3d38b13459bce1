"""What operators get of a code location: in kada.yaml, or as a component."""

from __future__ import annotations

from pydantic import Field

from kada_dagster.config.alerts import AlertSettings, SummarySettings
from kada_dagster.config.fields import Settings
from kada_dagster.config.retention import RetentionSettings


class OperationsSettings(Settings):
    """Alerts, the summary, and how long what is kept."""

    alerts: AlertSettings | None = Field(
        default=None, description="Who is told of failures and of marks that lag."
    )
    summary: SummarySettings | None = Field(
        default=None, description="The asset that sums up how everything is."
    )
    retention: RetentionSettings = Field(
        default=RetentionSettings(), description="How long staged runs and logs are kept."
    )
