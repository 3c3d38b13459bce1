"""What to tell: a pure function of what was told before and what a look has found.

A failure is told once for each cause, and again after a while if it goes on; that its subject works
again is told once. A condition is told when it begins and when it ends.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from kada_dagster.operations.notices import Condition, Facts, Failure, Notice, Seen

_MOST_PROBLEMS = 500
"""Failures that are remembered; of more, those longest ago are told anew when they come again."""

_NUMBERS = re.compile(r"[0-9]+")
_SHOWN_WINDOWS = 5


@dataclass(frozen=True)
class Problem:
    """A failure that was told, and whose subject has not worked since.

    Attributes:
        subject: whose.
        failed: when it failed last.
        told: when that was told last.
        untold: failed runs since.
    """

    subject: str
    failed: datetime
    told: datetime
    untold: int = 0


@dataclass(frozen=True)
class AlertState:
    """What was told.

    Attributes:
        problems: failures, by subject, step and cause.
        begun: since when each condition is seen to hold.
        told: the conditions that were told.
    """

    problems: Mapping[str, Problem] = field(default_factory=dict[str, Problem])
    begun: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    told: frozenset[str] = frozenset()


def decide(
    state: AlertState, seen: Seen, now: datetime, remind_after: timedelta
) -> tuple[list[Notice], AlertState]:
    """The notices of a look, and the state after it.

    Args:
        state: after the look before.
        seen: of this look.
        now: the present moment.
        remind_after: how long a failure that goes on is not told again.
    """
    over, problems = _recovered(state.problems, seen.succeeded)
    failed, problems = _failed(problems, seen.failures, now, remind_after)
    if seen.conditions is None:
        changed, begun, told = [], state.begun, state.told
    else:
        changed, begun, told = _changed(state, seen.conditions, now)
    return [*over, *failed, *changed], AlertState(_newest(problems), begun, told)


def cause_key(failure: Failure) -> str:
    """What failures have in common that are told as one: numbers in their cause may differ."""
    cause = _NUMBERS.sub("#", failure.cause)
    return "\n".join((failure.subject, failure.step, failure.error, cause))


def _recovered(
    problems: Mapping[str, Problem], succeeded: Mapping[str, datetime]
) -> tuple[list[Notice], dict[str, Problem]]:
    """Notices of the subjects that work again, and the problems that are left."""
    last: dict[str, datetime] = {}
    for problem in problems.values():
        last[problem.subject] = max(last.get(problem.subject, problem.failed), problem.failed)
    over = {s: at for s, failed in last.items() if (at := succeeded.get(s)) and at > failed}
    notices = [
        Notice(
            id=f"recovered/{subject}/{last[subject].isoformat()}",
            kind="recovered",
            title=f"{subject}: works again",
            facts=(("last failure", _moment(last[subject])), ("success", _moment(at))),
            page="",
            at=at,
        )
        for subject, at in over.items()
    ]
    return notices, {key: one for key, one in problems.items() if one.subject not in over}


def _failed(
    problems: dict[str, Problem],
    failures: Iterable[Failure],
    now: datetime,
    remind_after: timedelta,
) -> tuple[list[Notice], dict[str, Problem]]:
    """Notices of failures that are new or go on for long, and all problems there are now."""
    same: dict[str, list[Failure]] = defaultdict(list)
    for failure in failures:
        same[cause_key(failure)].append(failure)
    notices: list[Notice] = []
    problems = dict(problems)
    for key, group in same.items():
        known = problems.get(key)
        failed = max(failure.at for failure in group)
        if known is not None and now - known.told < remind_after:
            untold = known.untold + len(group)
            problems[key] = replace(known, failed=max(known.failed, failed), untold=untold)
            continue
        notices.append(_failure_notice(group, known))
        problems[key] = Problem(group[0].subject, failed, now)
    return notices, problems


def _failure_notice(group: Sequence[Failure], known: Problem | None) -> Notice:
    last = max(group, key=lambda failure: failure.at)
    runs = len(group) + (known.untold if known else 0)
    counted = f"{runs} since {_moment(known.told)}" if known else str(runs)
    facts = {
        "windows": _windows(group),
        "failed runs": counted if known or runs > 1 else "",
        "error": last.error,
        "cause": last.cause,
        "next step": last.next_step,
        "run": last.run_id,
    }
    what = f"{last.step} failed" if last.step else "failed"
    return Notice(
        id=f"failed/{last.run_id}/{last.step}",
        kind="failed again" if known else "failed",
        title=f"{last.subject}: {what}{' again' if known else ''}",
        facts=tuple((name, text) for name, text in facts.items() if text),
        page=f"runs/{last.run_id}",
        at=last.at,
    )


def _windows(group: Sequence[Failure]) -> str:
    spans = list(dict.fromkeys(failure.windows for failure in group if failure.windows))
    more = [f"and {len(spans) - _SHOWN_WINDOWS} more"] if len(spans) > _SHOWN_WINDOWS else []
    return ", ".join([*spans[:_SHOWN_WINDOWS], *more])


def _changed(
    state: AlertState, conditions: Sequence[Condition], now: datetime
) -> tuple[list[Notice], dict[str, datetime], frozenset[str]]:
    """Notices of conditions that began or ended. What is no longer looked at is forgotten."""
    notices: list[Notice] = []
    begun: dict[str, datetime] = {}
    told: set[str] = set()
    for one in conditions:
        since, was_told = state.begun.get(one.key), one.key in state.told
        if one.holds is False:
            if was_told:
                notices.append(_condition_notice(one, since or now, now, ends=True))
            continue
        if one.holds and since is None:
            since = now
        if since is not None:
            begun[one.key] = since
        if one.holds and since is not None and not was_told and now - since >= one.patience:
            notices.append(_condition_notice(one, since, since, ends=False))
            was_told = True
        if was_told:
            told.add(one.key)
    return notices, begun, frozenset(told)


def _condition_notice(one: Condition, since: datetime, at: datetime, *, ends: bool) -> Notice:
    facts: Facts = (*one.facts, ("told since", _moment(since))) if ends else one.facts
    return Notice(
        id=f"{'ended' if ends else 'began'}/{one.key}/{since.isoformat()}",
        kind="ended" if ends else "began",
        title=one.ends if ends else one.begins,
        facts=facts,
        page=one.page,
        at=at,
    )


def _newest(problems: dict[str, Problem]) -> dict[str, Problem]:
    if len(problems) <= _MOST_PROBLEMS:
        return problems
    kept = sorted(problems, key=lambda key: problems[key].failed)[-_MOST_PROBLEMS:]
    return {key: problems[key] for key in kept}


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
