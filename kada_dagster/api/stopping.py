"""How waits and calls in other threads learn that nobody wants their result any more."""

from __future__ import annotations

from contextvars import ContextVar

from kada_dagster.api.clock import Clock
from kada_dagster.errors import ExtractError

GLANCE = 0.2
"""Seconds between two looks at the flag while something waits."""


class StoppedError(ExtractError):
    """The work this call belongs to was stopped; its result is not wanted."""


class Stop:
    """A flag that is raised once, for itself and for everything below it.

    Args:
        above: flags that, raised, count as this one raised, too.
    """

    def __init__(self, *above: Stop) -> None:
        self._above, self._raised = above, False

    def set(self) -> None:
        """Raise the flag."""
        self._raised = True

    @property
    def is_set(self) -> bool:
        """Whether this flag or one above it is raised."""
        return self._raised or any(flag.is_set for flag in self._above)

    def check(self) -> None:
        """Raise StoppedError if the flag is raised."""
        if self.is_set:
            raise StoppedError("stopped, because other work failed or was cancelled")

    def sleep(self, clock: Clock, seconds: float) -> None:
        """Wait so long, or until the flag is raised.

        Raises:
            StoppedError: the flag is raised.
        """
        end = clock.now() + seconds
        self.check()
        while (left := end - clock.now()) > 0:
            clock.sleep(min(left, GLANCE))
            self.check()


NEVER = Stop()
"""The flag of work that nothing stops."""

current: ContextVar[Stop] = ContextVar("current", default=NEVER)
"""The flag of the work this thread does."""
