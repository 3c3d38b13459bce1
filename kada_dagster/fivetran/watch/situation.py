"""A look in one line, for the list of ticks in the UI."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kada_dagster.fivetran.watch.account import Watched
from kada_dagster.fivetran.watch.sightings import Look

_NAMED = 5
"""Connections named one by one; of more, the number is given."""


def situation(look: Look, calls: int) -> str:
    """What a look found and what it could not report, in one line.

    Args:
        look: the look.
        calls: requests it took.
    """
    parts = [_found(look), *_waiting(look), *_states(look.listed)]
    head = f"{_number(len(look.listed), 'connection')} in {_number(calls, 'call')}"
    return f"{head}: " + "; ".join(parts)


def _found(look: Look) -> str:
    if look.is_first and not look.sightings:
        return "first look, all that has completed so far counts as reported"
    good = sum(len(one.completions) for one in look.sightings)
    bad = sum(one.failure is not None for one in look.sightings)
    if not good and not bad:
        return "no sync has completed since the last look"
    return f"{_number(good, 'sync')} completed, {bad} failed"


def _waiting(look: Look) -> Iterable[str]:
    reasons: dict[str, list[str]] = {}
    for connection, reason in look.waiting.items():
        reasons.setdefault(reason, []).append(connection)
    for reason, connections in reasons.items():
        yield f"waiting for the next look: {_names(connections)} ({reason})"


def _states(listed: Sequence[Watched]) -> Iterable[str]:
    """What keeps connections from syncing."""
    groups = {
        "paused": [one.schema or one.id for one in listed if one.paused],
        "rescheduled": [_rescheduled(one) for one in listed if one.sync_state == "rescheduled"],
        "broken": [one.schema or one.id for one in listed if one.setup_state == "broken"],
        "incomplete": [one.schema or one.id for one in listed if one.setup_state == "incomplete"],
    }
    return (f"{state}: {_names(names)}" for state, names in groups.items() if names)


def _rescheduled(one: Watched) -> str:
    name, until = one.schema or one.id, one.rescheduled_for
    return name if until is None else f"{name} until {until:%Y-%m-%d %H:%M:%S} UTC"


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    more = len(names) - _NAMED
    return f"{shown} and {more:,} more" if more > 0 else shown


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
