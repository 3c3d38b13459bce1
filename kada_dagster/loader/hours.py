"""Run windows and cron expressions on a clock on the wall: is it time, and since when?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

from kada_dagster.config.cron import Cron


def is_within(windows: Sequence[str], zone: str, now: datetime) -> bool:
    """Whether the clock shows an hour of one of the windows; without windows, always.

    Args:
        windows: as 22:00-06:00, the end not in it; over midnight where it is the earlier one.
        zone: of the clock, an IANA name.
        now: the present moment, aware.
    """
    if not windows:
        return True
    clock = now.astimezone(ZoneInfo(zone)).strftime("%H:%M")
    return any(_is_between(clock, *window.split("-")) for window in windows)


def _is_between(clock: str, begin: str, end: str) -> bool:
    if begin < end:
        return begin <= clock < end
    return clock >= begin or clock < end


@lru_cache(maxsize=10_000)  # a thousand tasks ask with few expressions at one moment
def last_tick(cron: str, zone: str, minute: datetime) -> datetime | None:
    """The last moment an expression ticked, UTC; None where it never did.

    Of a moment the clock shows twice, the first; a moment it leaves out is the one it jumps at or
    before.

    Args:
        cron: five fields, on the clock of `zone`.
        zone: an IANA name.
        minute: the present moment, aware, without seconds.
    """
    clock = ZoneInfo(zone)
    shown = minute.astimezone(clock).replace(tzinfo=None, fold=0)
    tick = Cron.parse(cron).last_tick(shown)
    if tick is None:
        return None
    moment = tick.replace(tzinfo=clock).astimezone(timezone.utc)
    if moment.astimezone(clock).replace(tzinfo=None) != tick:
        moment = tick.replace(tzinfo=clock, fold=1).astimezone(timezone.utc)
    return moment
