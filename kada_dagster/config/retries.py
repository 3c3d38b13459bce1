"""How often a step is tried again; sources and accounts share it."""

from __future__ import annotations

from pydantic import Field

from kada_dagster.config.fields import Settings

_LONGEST_WAIT = 3600
"""Seconds; where doubling the pause ends."""


class RetrySettings(Settings):
    """How often a step is tried again after an error that may pass."""

    max_retries: int = Field(default=3, ge=0, le=100, description="Tries after the first one.")
    delay_seconds: int = Field(
        default=30, ge=0, le=86_400, description="Pause before the first retry; doubles each time."
    )

    def pause(self, attempt: int) -> int:
        """Seconds to wait behind an attempt that failed.

        Args:
            attempt: its number, from 0.
        """
        return min(self.delay_seconds * 2**attempt, _LONGEST_WAIT)
