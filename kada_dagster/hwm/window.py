"""The HWM window: a half-open span of time `[start, end)`, UTC, whole seconds.

Only the value itself and its spellings live here. Where marks are stored is `file_store`;
how uploaded windows move a mark is `mark`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone

from kada_dagster.errors import ConfigError

HWM_FORMAT = "%Y-%m-%d %H:%M:%S"
"""How a high water mark is written: in mark files, partition keys and calls to `run`."""

STAMP_FORMAT = "%Y%m%d%H%M%S"
"""How a moment is written in the names of files and staging folders."""


def parse_hwm(text: str, what: str = "high water mark") -> datetime:
    """Read one high water mark.

    Args:
        text: `YYYY-MM-DD HH:MM:SS`, UTC.
        what: how the value is called in the error message.

    Raises:
        ConfigError: the text is not in that format.
    """
    try:
        moment = datetime.strptime(text, HWM_FORMAT).replace(tzinfo=timezone.utc)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.strftime(HWM_FORMAT) != text:
        raise ConfigError(f"{what} {text!r} is not in the format YYYY-MM-DD HH:MM:SS")
    return moment


def format_hwm(moment: datetime) -> str:
    """Write a moment as a high water mark, `YYYY-MM-DD HH:MM:SS`, converted to UTC."""
    return _utc(moment).strftime(HWM_FORMAT)


def utc_now() -> datetime:
    """The current moment in UTC, cut to whole seconds, as high water marks are."""
    return datetime.now(timezone.utc).replace(microsecond=0)


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ConfigError(f"{moment.isoformat()} has no time zone; windows are UTC")
    return moment.astimezone(timezone.utc)


def _parse_stamp(text: str) -> datetime:
    return datetime.strptime(text, STAMP_FORMAT).replace(tzinfo=timezone.utc)


@dataclass(frozen=True, order=True)
class Window:
    """The half-open span `[start, end)` one extract covers.

    Attributes:
        start: first moment that belongs to the window; aware, kept in UTC.
        end: first moment that no longer does.

    Raises:
        ConfigError: a bound has no time zone or a fraction of a second, or the window is empty.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for bound in ("start", "end"):
            moment = _utc(getattr(self, bound))
            if moment.microsecond:
                raise ConfigError(f"window {bound} {moment.isoformat()} is not a whole second")
            object.__setattr__(self, bound, moment)
        if self.start >= self.end:
            raise ConfigError(
                f"window start {format_hwm(self.start)} is not before its end "
                f"{format_hwm(self.end)}"
            )

    @classmethod
    def parse(cls, start_hwm: str, end_hwm: str) -> Window:
        """Make a window from two high water marks (`YYYY-MM-DD HH:MM:SS`, UTC)."""
        return cls(parse_hwm(start_hwm, "start_hwm"), parse_hwm(end_hwm, "end_hwm"))

    @classmethod
    def from_folder(cls, name: str) -> Window:
        """Read the window back from a staging folder's name, `<start>_<end>`.

        Raises:
            ValueError: the name is not of that form.
        """
        start, _, end = name.partition("_")
        if len(start) != 14 or len(end) != 14:
            raise ValueError(f"{name!r} is not <start>_<end>")
        return cls(_parse_stamp(start), _parse_stamp(end))

    @property
    def start_hwm(self) -> str:
        """The start as a high water mark."""
        return format_hwm(self.start)

    @property
    def end_hwm(self) -> str:
        """The end as a high water mark."""
        return format_hwm(self.end)

    @property
    def stamp(self) -> str:
        """The timestamp in the names of this window's files: its end as `YYYYMMDDHHMMSS`."""
        return self.end.strftime(STAMP_FORMAT)

    @property
    def folder(self) -> str:
        """The name of this window's staging folder."""
        return f"{self.start.strftime(STAMP_FORMAT)}_{self.stamp}"

    def covers(self, other: Window) -> bool:
        """Whether every moment of `other` lies in this window."""
        return self.start <= other.start and other.end <= self.end

    def __str__(self) -> str:
        return f"[{self.start_hwm}, {self.end_hwm})"
