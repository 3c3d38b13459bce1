"""Which tasks are due, and why the others are not: a decision, made of what was seen.

A task is due when it has a reason (its cron has ticked, something it depends on was loaded, its
pause is over), its run windows and its pause let it, and nothing it depends on comes first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Literal

from kada_dagster.loader.definition.graph import in_order
from kada_dagster.loader.definition.parts import RunSettings
from kada_dagster.loader.hours import is_within, last_tick

_EVER = datetime.min.replace(tzinfo=timezone.utc)
_APART = timedelta(hours=1)
"""Clocks of two machines differ by less."""


@dataclass(frozen=True)
class Seen:
    """What is known of the runs of a task; moments are aware.

    Attributes:
        taken: when the last load that succeeded began to read; None before the first.
        loaded: when it was done.
        began: when the last run was asked for, however it ended.
        ended: when that one ended.
        is_at_work: whether a run is waiting or working.
        is_blocked: whether a check of it failed that others wait for.
        is_partial: whether the last run loaded some of its ranges and then failed.
    """

    taken: datetime | None = None
    loaded: datetime | None = None
    began: datetime | None = None
    ended: datetime | None = None
    is_at_work: bool = False
    is_blocked: bool = False
    is_partial: bool = False

    @property
    def has_failed(self) -> bool:
        """Whether the last run came to nothing, or not to its end."""
        came_to_nothing = (self.began or _EVER) > (self.loaded or _EVER)
        return not self.is_at_work and (came_to_nothing or self.is_partial)

    def known_at(self, now: datetime) -> Seen:
        """Without moments that lie ahead: the clock was set back since, and whatever is compared
        with them would wait until it is there again."""
        names = ("taken", "loaded", "began", "ended")
        moments = {name: getattr(self, name) for name in names}
        return replace(
            self, **{name: None for name, at in moments.items() if at and at > now + _APART}
        )


@dataclass(frozen=True)
class Verdict:
    """What is to become of a task now.

    Attributes:
        state: `due`; `working`; `closed`: not in its hours; `pausing`; `waiting`: for another task;
            `early`: nothing calls for it; `manual`: nothing ever does.
        why: what called for it, the same text as long as that is the same; else what it waits for.
    """

    state: Literal["due", "working", "closed", "pausing", "waiting", "early", "manual"]
    why: str = ""


def verdicts(
    runs: Mapping[str, RunSettings],
    waits_for: Mapping[str, Sequence[str]],
    seen: Mapping[str, Seen],
    now: datetime,
) -> dict[str, Verdict]:
    """Decide on every task.

    Args:
        runs: of each task, when it runs by itself.
        waits_for: of each task, those it depends on; without a circle.
        seen: of each task, its runs; nothing for one that never ran.
        now: the present moment, aware.
    """
    decided: dict[str, Verdict] = {}
    held: dict[str, str] = {}  # tasks others wait for, and what for
    for task in in_order(waits_for):
        own, masters = seen.get(task, Seen()), waits_for[task]
        first = next((held[name] for name in masters if name in held), None)
        verdict = _verdict(runs[task], own, {m: seen.get(m, Seen()) for m in masters}, now)
        if reason := _hold(task, own, verdict, first if runs[task].cron is None else None):
            held[task] = reason
        if verdict.state == "due" and first is not None:
            verdict = Verdict("waiting", first)
        decided[task] = verdict
    return decided


def _hold(task: str, own: Seen, verdict: Verdict, first: str | None) -> str | None:
    """Why tasks behind this one wait; None where they need not."""
    if own.is_at_work:
        return f"{task} is at work"
    if verdict.state == "due":
        return f"{task} is due"
    if own.is_blocked:
        return f"a check of {task} failed"
    if own.has_failed:
        return f"the last load of {task} failed"
    if own.loaded is None:
        return f"{task} was never loaded"
    return first if verdict.state == "early" else None


def _verdict(run: RunSettings, own: Seen, masters: Mapping[str, Seen], now: datetime) -> Verdict:
    """What there is to say of a task without regard to those that come first."""
    own, masters = own.known_at(now), {m: seen.known_at(now) for m, seen in masters.items()}
    if own.is_at_work:
        return Verdict("working")
    if run.cron is None and run.pause is None and not masters:
        return Verdict("manual")
    if not is_within(run.windows, run.timezone, now):
        return Verdict("closed", ", ".join(run.windows))
    if run.pause is not None and own.ended is not None and now < own.ended + run.pause:
        return Verdict("pausing", f"until {_shown(own.ended + run.pause)}")
    cause = _cause(run, own, masters, now)
    return Verdict("due", cause) if cause else Verdict("early")


def _cause(run: RunSettings, own: Seen, masters: Mapping[str, Seen], now: datetime) -> str:
    """What calls for a load; nothing where nothing does."""
    began = own.began or own.loaded or _EVER
    if run.cron is not None:
        tick = last_tick(run.cron, run.timezone, now.replace(second=0, microsecond=0))
        return f"cron at {_shown(tick)}" if tick is not None and tick > began else ""
    if not masters:
        minute = now.replace(second=0, microsecond=0)
        return f"pause since {_shown(own.ended)}" if own.ended else f"no load at {_shown(minute)}"
    name, last = max(masters.items(), key=lambda pair: pair[1].loaded or _EVER)
    since = max(began, own.taken or _EVER)
    return f"{name} at {_shown(last.loaded)}" if (last.loaded or _EVER) > since else ""


def _shown(moment: datetime | None) -> str:
    """UTC, to the microsecond where there is one: two causes are never the same text."""
    if moment is None:
        return "no time"
    return moment.astimezone(timezone.utc).replace(tzinfo=None).isoformat(" ")
