"""The entry `retention:` of kada.yaml: for how long is kept what nobody needs any more."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from kada_dagster.config.fields import Settings, Text
from kada_dagster.config.window import known_cron

Days = Annotated[int, Field(ge=1, le=36_500)]
"""A number of days, one to a hundred years."""


class RetentionSchedule(Settings):
    """When Dagster looks for what is too old."""

    enabled: bool = Field(
        default=True, description="Whether it runs without being switched on in the UI."
    )
    cron: Text = Field(default="30 3 * * *", description="When it looks, UTC.")

    @field_validator("cron")
    @classmethod
    def _known_cron(cls, text: str) -> str:
        return known_cron(text)


class RetentionSettings(Settings):
    """How long staged runs and logs are kept; what has no number of days stays for ever."""

    staging_days: Days | None = Field(
        default=None,
        description="Days after its upload until a staged run behind the mark is removed.",
    )
    logs_days: Days | None = Field(
        default=None, description="Days after its end until the compute logs of a run are removed."
    )
    schedule: RetentionSchedule = Field(
        default=RetentionSchedule(), description="When Dagster removes them."
    )

    @property
    def removes(self) -> bool:
        """Whether there is anything to do."""
        return self.staging_days is not None or self.logs_days is not None
