"""When dapu runs a task: pauses, and the three parts of its day."""

from __future__ import annotations

import re
from typing import Any

from kada_dagster.loader.dapu.notes import Fields

_TRUE = frozenset({"true", "yes", "jah", "y", "j", "t", "on"})
_USUAL_PAUSE = "23 hours"
_USUAL_PRIORITY = 3
_CLOCK = re.compile(r"(\d+):(\d\d)(?::(\d\d))?\Z")
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)\s*", re.IGNORECASE)
_SECONDS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("w", "week", "weeks"), 604_800),
    **dict.fromkeys(("mon", "mons", "month", "months"), 30 * 86_400),
    **dict.fromkeys(("y", "yr", "yrs", "year", "years"), 365 * 86_400 + 21_600),
}
_HOURS = {"morning": (0, 8), "workhours": (8, 18), "evening": (18, 24)}


def run_settings(fields: Fields, *, depends: bool) -> dict[str, Any]:
    """The `run:` of a task.

    Args:
        fields: below `run` in the old file.
        depends: whether the task waits for others: then it is not run by itself unless it says so.
    """
    priority = fields.number("priority", _USUAL_PRIORITY, "run.priority; higher runs first here")
    shift = _USUAL_PRIORITY - priority
    made: dict[str, Any] = {"priority": max(-1000, min(1000, shift))} if shift else {}
    pause = _pause(fields)
    hours = [name for name in _HOURS if _is_true(fields.take(name), usual=not depends)]
    if depends:
        if hours:
            fields.say(
                "changed",
                hours[0],
                "it runs when what it waits for was loaded, not by its own hours as well",
            )
        return made
    if hours:
        made["pause"] = pause
    if windows := _windows(hours):
        made["windows"] = windows
        fields.say("mapped", hours[0], "run.windows, in UTC; dapu took the database's clock")
    return made


def seconds_of(text: str) -> int | None:
    """The seconds of an interval as PostgreSQL reads it; None for what is none here."""
    if clock := _CLOCK.match(text.strip()):
        hours, minutes, rest = (int(part or 0) for part in clock.groups())
        return hours * 3600 + minutes * 60 + rest
    parts = _PART.findall(text)
    known = all(unit.lower() in _SECONDS for _, unit in parts)
    if not parts or not known or _PART.sub("", text).strip():
        return None
    return int(sum(float(number) * _SECONDS[unit.lower()] for number, unit in parts))


def span_text(seconds: int) -> str:
    """A span as definitions have it: `1 day 2 hours`."""
    parts: list[str] = []
    for name, size in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {name}{'s' if count > 1 else ''}")
    return " ".join(parts)


def _pause(fields: Fields) -> str:
    text = fields.take("keep_pause")
    if text is None:
        return _USUAL_PAUSE
    seconds = seconds_of(str(text))
    if seconds:
        fields.say("mapped", "keep_pause", "run.pause")
        return _USUAL_PAUSE if str(text) == _USUAL_PAUSE else span_text(seconds)
    fields.say("changed", "keep_pause", f"is no interval: run.pause is {_USUAL_PAUSE}, as in dapu")
    return _USUAL_PAUSE


def _windows(hours: list[str]) -> list[str]:
    """The hours of a day as ranges, over midnight where they meet there."""
    if not hours or len(hours) == len(_HOURS):
        return []
    if hours == ["morning", "evening"]:
        return ["18:00-08:00"]
    return [f"{_HOURS[hours[0]][0]:02}:00-{_HOURS[hours[-1]][1]:02}:00"]


def _is_true(value: object, *, usual: bool) -> bool:
    return usual if value is None else str(value).strip().lower() in _TRUE
