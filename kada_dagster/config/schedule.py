"""When the schedule of a source looks for windows that are missing."""

from __future__ import annotations

from pydantic import Field, field_validator

from kada_dagster.config.fields import Settings
from kada_dagster.config.window import known_cron


class ScheduleSettings(Settings):
    """When the schedule looks for windows that are missing, and how many it takes at once."""

    enabled: bool = Field(
        default=False, description="Whether it runs without being switched on in the UI."
    )
    cron: str | None = Field(
        default=None,
        description="When it looks, in the windows' time zone; without it, at the end of each "
        "window and window.delay_minutes.",
    )
    max_windows: int = Field(
        default=1000, ge=1, le=100_000, description="Windows one look asks for at most."
    )

    @field_validator("cron")
    @classmethod
    def _known_cron(cls, text: str | None) -> str | None:
        return text if text is None else known_cron(text)
