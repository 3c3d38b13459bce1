"""What all checks of one run share."""

from __future__ import annotations

from dataclasses import dataclass, field

from kada_dagster.doctor.clock import Clocks


@dataclass(frozen=True)
class Shared:
    """Handed to every maker of checks.

    Attributes:
        limit: seconds one check may take; nothing waits longer for a server.
        clocks: what servers said the time is.
    """

    limit: float
    clocks: Clocks = field(default_factory=Clocks)

    def patience(self, configured: float) -> float:
        """Seconds to wait for an answer: what is configured, and less than the check has."""
        return max(1.0, min(configured, self.limit - 1))
