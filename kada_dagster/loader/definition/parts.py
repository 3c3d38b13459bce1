"""The parts of task.yaml and route.yaml: where rows come from, when it runs, what is checked."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    model_validator,
)
from typing_extensions import Self

from kada_dagster.config.fields import TYPE_TAG, Settings
from kada_dagster.config.problems import suggestion
from kada_dagster.config.retries import RetrySettings
from kada_dagster.config.window import known_cron
from kada_dagster.loader.definition.spans import Span

S = TypeVar("S", bound=Settings)
_EVERY_MONTHS_LAST_DAY = 28
_HOURS = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)\Z")


def _hours(text: str) -> str:
    match = _HOURS.match(text)
    moments = {match[1] + match[2], match[3] + match[4]} if match else set[str]()
    if len(moments) != 2 or max(moments) > "2400":
        raise ValueError("must be hours of a day like 22:00-06:00")
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        near = suggestion(name, available_timezones())
        raise ValueError(f"{name!r} is not an IANA time zone name{near}") from None
    return name


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def shared(settings: S) -> Callable[[], S]:
    """A default that all tasks share: settings do not change, and a thousand copies take time."""
    return lambda: settings


Hours = Annotated[str, AfterValidator(_hours)]
"""Hours of a day, `from-to`; over midnight where `to` is earlier."""

Names = Annotated[list[str], BeforeValidator(_listed)]
"""One name or several."""


class RunSettings(Settings):
    """When a task runs by itself."""

    cron: Annotated[str, AfterValidator(known_cron)] | None = Field(
        default=None, description="When it is due; without it, when what it depends on has run."
    )
    timezone: Annotated[str, AfterValidator(_zone)] = Field(
        default="UTC", description="Of `cron` and `windows`."
    )
    windows: list[Hours] = Field(
        default=[], description="Hours in which it may start by itself, as 22:00-06:00."
    )
    pause: Span | None = Field(
        default=None, description="Least time between its end and its next start by itself."
    )
    priority: int = Field(default=0, ge=-1000, le=1000, description="Higher runs first.")
    time_limit: Span | None = Field(default=None, description="After which it is broken off.")


class TargetSettings(Settings):
    """What becomes of the target table."""

    ddl: Literal["manual", "auto"] = Field(
        default="manual", description="Whether the table is made from the source's columns."
    )
    alter: Literal["none", "additive", "any"] = Field(
        default="additive", description="With ddl: auto, which changes of columns follow."
    )
    indexes: Literal["keep", "rebuild"] = Field(
        default="keep", description="Whether indexes are dropped for the load and made again."
    )
    swap: Literal["auto", "rename", "delete", "truncate"] = Field(
        default="auto", description="How mode full replaces rows."
    )
    lock_timeout: Span | None = Field(
        default=None, description="How long readers may keep the table from a load; 10 minutes."
    )
    grants: dict[str, Names] = Field(
        default={}, description="Roles and what they may do with the table."
    )
    schema_grants: dict[str, Names] = Field(
        default={}, description="Roles and what they may do with the schema: usage, create."
    )
    revoke: bool = Field(
        default=False, description="Whether roles that `grants` leaves out lose the table."
    )


class SplitSettings(Settings):
    """Ranges a table is loaded in, one after the other or side by side."""

    by: str = Field(min_length=1, description="Column of the source, a moment, day or number.")
    every: Literal["hour", "day", "week", "month", "year"] | None = Field(
        default=None, description="Length of a range of time."
    )
    size: int | None = Field(default=None, ge=1, description="Length of a range of numbers.")
    start: str | int = Field(description="Where the first range begins.")
    end: str | int | None = Field(
        default=None,
        description="Where the last one ends; for ranges of time, the present without it.",
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.every is None) == (self.size is None):
            raise ValueError("give `every` for ranges of time, or `size` for ranges of numbers")
        if self.size is not None and not isinstance(self.start, int):
            raise ValueError("start: must be a number, as `size` is given")
        if self.every is not None:
            _check_begin(str(self.start), self.every)
        if self.size is not None and not isinstance(self.end, int):
            raise ValueError(
                "end: must be a number, as `size` is given; the last range also takes what is "
                "behind it"
            )
        return self


def _check_begin(text: str, every: str) -> None:
    """All ranges begin like the first: on a full minute, on a day every month has."""
    try:
        first = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("start: must be written as YYYY-MM-DD or YYYY-MM-DD HH:MM") from None
    first = first.astimezone(timezone.utc) if first.tzinfo else first
    if first.second or first.microsecond:
        raise ValueError("start: must be a full minute")
    if every in ("month", "year") and first.day > _EVERY_MONTHS_LAST_DAY:
        raise ValueError("start: ranges begin on a day that every month has, up to the 28th")


class RowCountCheck(Settings):
    """Whether the target has as many rows as the source."""

    tolerance: float = Field(default=0.0, ge=0, le=1, description="Share that may be missing.")


class CheckSettings(Settings):
    """What is checked after each load."""

    row_count: RowCountCheck | None = Field(default=None, description="As many as the source has.")
    unique: bool = Field(default=False, description="The key comes once.")
    not_null: list[str] = Field(default=[], description="Columns that are never empty.")
    freshness: Span | None = Field(default=None, description="The last load is not older.")
    schema_drift: bool = Field(
        default=False, description="Source and target have the same columns."
    )
    blocking: bool = Field(
        default=False, description="What depends on the task does not run when a check fails."
    )

    @property
    def wanted(self) -> list[str]:
        """Names of the checks that are asked for, in the order they are made."""
        names = ("row_count", "unique", "not_null", "schema_drift", "freshness")
        return [name for name in names if getattr(self, name)]


class SoftDeletes(Settings):
    """Rows that are gone at the source are marked."""

    column: str = Field(min_length=1, description="Gets the moment; empty while the row is there.")


def _kind_of_deletes(value: object) -> str:
    return f"{TYPE_TAG}{'word' if isinstance(value, str) else 'mapping'}"


Deletes = Annotated[
    Annotated[Literal["none", "hard"], Tag(f"{TYPE_TAG}word")]
    | Annotated[SoftDeletes, Tag(f"{TYPE_TAG}mapping")],
    Discriminator(_kind_of_deletes),
]
"""Told apart before they are looked at: a problem of one is not told as one of both."""


class HistorySettings(Settings):
    """Mode history: which changes make a new version, and where its time is kept."""

    track: Names = Field(
        default=[], description="Columns whose change makes a new version; all but the key."
    )
    style: Literal["plain", "dwh"] = Field(
        default="plain", description="Names: valid_from ... or dwh_effective_from ..."
    )
    valid_from: str | None = Field(default=None, min_length=1, description="Begin of a version.")
    valid_to: str | None = Field(default=None, min_length=1, description="End of a version.")
    is_current: str | None = Field(default=None, min_length=1, description="Whether it is open.")

    @property
    def names(self) -> tuple[str, str, str]:
        """Columns of begin, end, and of whether a version is the current one."""
        words = ("valid_from", "valid_to", "is_current")
        if self.style == "dwh":
            words = tuple(f"dwh_effective_{word}" for word in ("from", "to", "current"))
        return (
            self.valid_from or words[0],
            self.valid_to or words[1],
            self.is_current or words[2],
        )


class Defaults(Settings):
    """What route.yaml may say for all its tasks."""

    run: RunSettings = Field(
        default_factory=shared(RunSettings()), description="When it runs by itself."
    )
    retries: RetrySettings = Field(
        default_factory=shared(RetrySettings()), description="After errors that may pass."
    )
    target: TargetSettings = Field(
        default_factory=shared(TargetSettings()), description="What becomes of the target table."
    )
    checks: CheckSettings = Field(
        default_factory=shared(CheckSettings()), description="What is checked."
    )
    empty: Literal["fail", "keep", "replace"] | None = Field(
        default=None, description="What an empty source means; for mode full, fail."
    )
