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
        obeys: whether a `Retry-After` longer than `longest_wait` ends the call, as fits a server
            that says it in hours; else it is cut to that.
    """

    most: int = 6
    backoff: float = 1.0
    longest_wait: float = 60.0
    within: float = 300.0
    obeys: bool = False


def is_worth_a_retry(status: int) -> bool:
    """Whether the same request may get another answer."""
    return status in _WORTH_IT or (status >= 500 and status not in _NEVER_BETTER)


def is_in_doubt(status: int) -> bool:
    """Whether what was asked for may have been done although this was the answer."""
    return status == 408 or (status >= 500 and status not in _NEVER_BETTER)


@dataclass
class Tries:
    """The attempts of one call so far; urllib3's `Retry` does the counting and the waiting times.

    Attributes:
        clock: of the waits.
        within: seconds from now after which no attempt may begin; a `Retry-After` is then obeyed
            up to that. None for no such end.
        in_doubt: whether one of them may have done what was asked for.
        made: attempts so far.
        spent: seconds that attempts and waits took so far.
    """

    retries: Retries
    clock: Clock
    within: float | None = None
    in_doubt: bool = False
    made: int = 0
    spent: float = 0.0
    _policy: Retry | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._began = self.clock.now()

    @contextmanager
    def timed(self) -> Generator[None]:
        """Count what happens inside as one attempt, and the time it takes."""
        began = self.clock.now()
        try:
            yield
        finally:
            self.made += 1
            self.spent += self.clock.now() - began

    def left(self) -> float | None:
        """Seconds in which an attempt may still begin; None for no end."""
        if self.within is None:
            return None
        return max(0.0, self.within - (self.clock.now() - self._began))

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
        wait = self._wait(self.named(retry_after))
        if wait is None or self.spent + wait > self.retries.within:
            return None
        self.spent += wait
        return wait

    def _wait(self, named: float) -> float | None:
        """Seconds, as named or by the backoff; None if that is longer than there is."""
        left = self.left()
        if left is not None:
            wait = named or min(self._backoff(), self.retries.longest_wait)
            return wait if wait <= left else None
        if named > self.retries.longest_wait and self.retries.obeys:
            return None
        return min(named or self._backoff(), self.retries.longest_wait)

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

    def named(self, retry_after: str) -> float:
        """What the header says, in seconds or as a date; 0 if it says nothing readable."""
        from urllib3.exceptions import InvalidHeader

        try:
            return self._now().parse_retry_after(retry_after) if retry_after else 0.0
        except (InvalidHeader, ValueError, OverflowError, TypeError):
            return 0.0
