"""The windows of a source: where the first begins, and when one ends and the next begins."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, ValidationInfo, field_validator

from kada_dagster.config.cron import Cron
from kada_dagster.config.fields import Settings
from kada_dagster.config.problems import suggestion
from kada_dagster.hwm.window import HWM_FORMAT


class WindowSettings(Settings):
    """The span of time between two ticks of a cron expression is one window."""

    timezone: str = Field(
        default="UTC", description="Time zone of `start` and `cron`, an IANA name."
    )
    cron: str = Field(
        default="0 0 * * *", description="When a window ends and the next one begins."
    )
    start: str = Field(
        description="Begin of the first window, YYYY-MM-DD HH:MM:SS in the time zone."
    )
    delay_minutes: int = Field(
        default=0,
        ge=0,
        le=44_640,
        description="A window is extracted this long after its end, so that late data is in it.",
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (OSError, ValueError, LookupError):
            near = suggestion(name, available_timezones())
            raise ValueError(f"{name!r} is not an IANA time zone name{near}") from None
        return name

    @field_validator("cron")
    @classmethod
    def _known_cron(cls, text: str) -> str:
        return known_cron(text)

    @field_validator("start")
    @classmethod
    def _start_is_a_tick(cls, text: str, info: ValidationInfo) -> str:
        local = _parse_local(text)
        if {"cron", "timezone"} - info.data.keys():
            return text  # those are reported already
        cron, zone = Cron.parse(info.data["cron"]), ZoneInfo(info.data["timezone"])
        if not cron.ticks_at(local):
            tick = cron.next_tick(local)
            near = f"; the next one is {tick:%Y-%m-%d %H:%M:%S}" if tick else ""
            raise ValueError(f"{text} is not a tick of cron {info.data['cron']!r}{near}")
        if _to_utc(local, zone).astimezone(zone).replace(tzinfo=None) != local:
            raise ValueError(f"{text} does not exist in {zone.key}: the clock is put forward then")
        return text

    @property
    def first(self) -> datetime:
        """Begin of the first window, aware, UTC; of a moment the clock shows twice, the first."""
        return _to_utc(_parse_local(self.start), ZoneInfo(self.timezone))

    @property
    def delay(self) -> timedelta:
        """How long after its end a window may be extracted."""
        return timedelta(minutes=self.delay_minutes)


@lru_cache(maxsize=1000)  # a thousand tasks have few expressions
def known_cron(text: str) -> str:
    """The cron expression as it is.

    Raises:
        ValueError: it is none, or there is no moment it names.
    """
    if Cron.parse(text).next_tick(datetime(2000, 1, 1)) is None:  # noqa: DTZ001 - wall clock
        raise ValueError(f"{text!r} never ticks")
    return text


def daily_window(now: datetime) -> WindowSettings:
    """Windows of a source nothing was configured for: daily, from the midnight (UTC) that is
    at least one day before `now`."""
    midnight = (now.astimezone(timezone.utc) - timedelta(days=1)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    return WindowSettings(start=midnight.strftime(HWM_FORMAT))


def _parse_local(text: str) -> datetime:
    try:
        moment = datetime.strptime(text, HWM_FORMAT)  # noqa: DTZ007 - wall clock
    except ValueError:
        moment = None
    if moment is None or moment.strftime(HWM_FORMAT) != text:
        raise ValueError("must be written as YYYY-MM-DD HH:MM:SS")
    return moment


def _to_utc(local: datetime, zone: ZoneInfo) -> datetime:
    return local.replace(tzinfo=zone).astimezone(timezone.utc)
