"""When a call is made again, and after how long."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kada_dagster.api.clock import Clock

if TYPE_CHECKING:
    from urllib3.util import Retry

_NEVER_BETTER = frozenset({501, 505})
_WORTH_IT = frozenset({408, 425, 429})
TOO_MANY = 429


@dataclass(frozen=True)
class Retries:
    """How often and how long one call may be repeated.

    Attributes:
        most: attempts after the first one.
        backoff: seconds before the first of them where the server names no time; then doubled.
        longest_wait: seconds; no single wait is longer, whatever `Retry-After` says.
        within: seconds; a call is given up when its attempts and waits would take longer. Time
            spent waiting for the rate budget does not count.
    """

    most: int = 6
    backoff: float = 1.0
    longest_wait: float = 60.0
    within: float = 300.0


def is_worth_a_retry(status: int) -> bool:
    """Whether the same request may get another answer."""
    return status in _WORTH_IT or (status >= 500 and status not in _NEVER_BETTER)


@dataclass
class Tries:
    """The attempts of one call so far; urllib3's `Retry` does the counting and the waiting times.

    Attributes:
        made: attempts so far.
        spent: seconds that attempts and waits took so far.
    """

    retries: Retries
    made: int = 0
    spent: float = 0.0
    _policy: Retry | None = field(default=None, repr=False)

    @contextmanager
    def timed(self, clock: Clock) -> Generator[None]:
        """Count what happens inside as one attempt, and the time it takes."""
        began = clock.now()
        try:
            yield
        finally:
            self.made += 1
            self.spent += clock.now() - began

    def wait_before_next(self, retry_after: str) -> float | None:
        """Seconds to wait after an attempt that failed; None to give up.

        Args:
            retry_after: the header of that name, '' if there was none.
        """
        from urllib3.exceptions import HTTPError, MaxRetryError

        try:
            self._policy = self._now().increment("GET", error=HTTPError())
        except MaxRetryError:
            return None
        wait = self._named(retry_after) or self._backoff()
        wait = min(wait, self.retries.longest_wait)
        if self.spent + wait > self.retries.within:
            return None
        self.spent += wait
        return wait

    def _backoff(self) -> float:
        """urllib3 repeats at once after the first failure; an API needs a moment."""
        return max(self._now().get_backoff_time(), self.retries.backoff)

    def _now(self) -> Retry:
        return self._policy or self._first()

    def _first(self) -> Retry:
        from urllib3.util import Retry

        return Retry(
            total=self.retries.most,
            backoff_factor=self.retries.backoff,
            backoff_jitter=self.retries.backoff / 4,
            backoff_max=self.retries.longest_wait,
        )

    def _named(self, retry_after: str) -> float:
        """What the header says, in seconds or as a date; 0 if it says nothing readable."""
        from urllib3.exceptions import InvalidHeader

        try:
            return self._now().parse_retry_after(retry_after) if retry_after else 0.0
        except (InvalidHeader, ValueError, OverflowError, TypeError):
            return 0.0
