"""How each source is by its mark and its staging: what is known without Dagster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from kada_dagster.collector.catch_up import missing_spans
from kada_dagster.config.cron import Cron
from kada_dagster.config.freshness import AllowedLag, ticks_between
from kada_dagster.errors import KadaError
from kada_dagster.hwm.window import Window

if TYPE_CHECKING:
    from kada_dagster.config import SourceSettings, WindowSettings
    from kada_dagster.hwm.mark import MarkState
    from kada_dagster.hwm.store import MarkStore

Verdict = Literal["current", "late", "lags", "unreadable", "not watched"]

_AT_ONCE = 8


@dataclass(frozen=True)
class Position:
    """Where the mark of a source is, and whether it should be further.

    Attributes:
        mark: None while nothing is uploaded, or where it could not be read.
        age: the present minus the mark; without one, minus the start of the first window.
        allowed: how old it may be; None where nobody minds.
        missing: spans that may be extracted and are not uploaded, oldest first.
        windows: how many windows that are.
        trouble: why it could not be read; empty where it could.
    """

    mark: datetime | None = None
    age: timedelta | None = None
    allowed: AllowedLag | None = None
    missing: Sequence[Window] = ()
    windows: int = 0
    trouble: str = ""

    @property
    def verdict(self) -> Verdict:
        """Whether the mark is as it should be."""
        if self.trouble:
            return "unreadable"
        if self.allowed is None or self.age is None:
            return "not watched"
        if self.age > self.allowed.fail_after:
            return "lags"
        warn = self.allowed.warn_after
        return "late" if warn is not None and self.age > warn else "current"


def position(settings: SourceSettings, state: MarkState, now: datetime) -> Position:
    """Where a source is.

    Args:
        settings: of the source.
        state: its mark.
        now: the present moment.
    """
    window = settings.window
    closed = closed_until(window, now - window.delay)
    spans = [one.span for one in missing_spans(state, window.first, closed)]
    since = window.first if state.mark is None else state.mark
    return Position(
        mark=state.mark,
        age=max(now - since, timedelta()),
        allowed=settings.allowed_lag,
        missing=spans,
        windows=sum(windows_in(window, span) for span in spans),
    )


def positions(
    sources: Mapping[str, tuple[SourceSettings, MarkStore]], now: datetime, seconds: float
) -> dict[str, Position]:
    """Where each source is; a mark that cannot be read in time is unreadable, never missing.

    Args:
        sources: by name, with the store of the mark.
        now: the present moment.
        seconds: for all of them together.
    """
    pool = ThreadPoolExecutor(_AT_ONCE, "kada-marks")
    try:
        asked = {
            name: pool.submit(_read, settings, store, now)
            for name, (settings, store) in sources.items()
        }
        done, _ = wait(asked.values(), seconds)
        late = Position(trouble=f"not read within {seconds:g} seconds")
        return {name: one.result() if one in done else late for name, one in asked.items()}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _read(settings: SourceSettings, store: MarkStore, now: datetime) -> Position:
    try:
        return position(settings, store.read(settings.name), now)
    except KadaError as error:
        return Position(allowed=settings.allowed_lag, trouble=str(error))
    except Exception as error:  # a driver's own; its words may hold anything
        return Position(allowed=settings.allowed_lag, trouble=f"{type(error).__name__}")


def closed_until(window: WindowSettings, moment: datetime) -> datetime:
    """End of the last window that has ended by a moment; the start of the first, where none has.

    By the wall clock; on a day the clock is changed it may be early by what it is changed.
    """
    zone = ZoneInfo(window.timezone)
    tick = Cron.parse(window.cron).last_tick(moment.astimezone(zone).replace(tzinfo=None))
    if tick is None:
        return window.first
    end = tick.replace(tzinfo=zone).astimezone(moment.tzinfo)
    return max(min(end, moment), window.first)


def windows_in(window: WindowSettings, span: Window) -> int:
    """How many windows, at least in part, lie in a span of time."""
    zone = ZoneInfo(window.timezone)
    start, end = (
        bound.astimezone(zone).replace(tzinfo=None, second=0) for bound in (span.start, span.end)
    )
    whole = ticks_between(window.cron, start, end)
    return whole if Cron.parse(window.cron).ticks_at(end) else whole + 1
