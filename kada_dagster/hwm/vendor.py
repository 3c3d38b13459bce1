"""`get_hwm` and `publish_hwm`, as the vendor's wrapper scripts call them.

Names, arguments and the file `<prefix>_hwm.txt` are those of the vendor's page "Collector
Integration General Notes". That page names no time zone (UTC here) and does not say what happens
on the first run (`initial_lookback_days` here).
"""

from __future__ import annotations

import logging
import os
from datetime import timedelta
from pathlib import Path

from kada_dagster.errors import ConfigError, WatermarkError
from kada_dagster.hwm.file_store import FileMarkStore
from kada_dagster.hwm.window import format_hwm, parse_hwm, utc_now

_log = logging.getLogger("kada_dagster.hwm")


def get_hwm(
    prefix: str,
    file_path: str | os.PathLike[str] | None = None,
    *,
    initial_lookback_days: float = 1,
) -> tuple[str, str]:
    """The window a script should extract now: from the mark to the present moment.

    Args:
        prefix: name of the collector instance; the mark is `<prefix>_hwm.txt`.
        file_path: the folder of that file; the current folder by default.
        initial_lookback_days: without a mark, the window starts that many days before its end.

    Returns:
        `(start_hwm, end_hwm)`, both `YYYY-MM-DD HH:MM:SS`, UTC.

    Raises:
        WatermarkError: the mark cannot be read, or is later than this machine's clock.
        ConfigError: the prefix or the look-back is unusable.
    """
    store, now = _store(file_path), utc_now()
    mark = store.read(prefix).mark
    if mark is None:
        mark = now - _lookback(initial_lookback_days)
        _log.info("%s: no mark yet, starting at %s", store.describe(prefix), format_hwm(mark))
    if mark > now:
        raise WatermarkError(
            f"high water mark {store.describe(prefix)}: {format_hwm(mark)} is later than this "
            f"machine's clock, {format_hwm(now)} UTC: correct the clock, or set the mark with "
            "`kada hwm set`"
        )
    return format_hwm(mark), format_hwm(now)


def publish_hwm(prefix: str, date: str, file_path: str | os.PathLike[str] | None = None) -> None:
    """Move a mark forward after a run. A date before the mark is logged and changes nothing.

    Args:
        prefix: name of the collector instance; the mark is `<prefix>_hwm.txt`.
        date: the run's `end_hwm`, `YYYY-MM-DD HH:MM:SS`, UTC.
        file_path: the folder of that file, made when missing; the current folder by default.

    Raises:
        WatermarkError: the mark cannot be read or written; it is as it was.
        ConfigError: the prefix or the date is unusable.
    """
    store, moment = _store(file_path), parse_hwm(date, "date")
    mark = store.advance(prefix, moment).mark
    if mark is not None and mark > moment:
        _log.warning(
            "%s is at %s: %s is earlier, and a mark never moves back by itself",
            store.describe(prefix),
            format_hwm(mark),
            date,
        )


def _store(file_path: str | os.PathLike[str] | None) -> FileMarkStore:
    return FileMarkStore(Path(file_path or "."))


def _lookback(days: float) -> timedelta:
    try:
        span = timedelta(seconds=round(days * 86400))
    except (TypeError, ValueError, OverflowError):
        span = timedelta(0)
    if not timedelta(0) < span < timedelta(days=365_000):
        raise ConfigError(f"initial_lookback_days: {days!r} is not a number of days above 0")
    return span
