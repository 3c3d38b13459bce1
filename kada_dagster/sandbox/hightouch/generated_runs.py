"""Runs of made-up syncs: ten days of them, in the first days of 2026."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from random import Random

from kada_dagster.sandbox.hightouch.runs import FINISHED, Rows, Run

FIRST_DAY = datetime(2026, 1, 1, tzinfo=timezone.utc)
"""No run is asked for before it."""

_DAYS = 10
_HOUR = 3_600_000  # milliseconds


def runs_of_syncs(
    random: Random, syncs: Sequence[int], count: int, quirks: bool
) -> dict[int, list[Run]]:
    """So many runs, by sync; every tenth sync never ran, and some ran much more than others.

    Args:
        random: makes the choices.
        syncs: ids.
        count: runs of all together.
        quirks: whether some never end, have a null error, or began before they were made.
    """
    ran = [number for number in syncs if number % 10 or len(syncs) < 10]
    runs: dict[int, list[Run]] = {number: [] for number in ran}
    moments = sorted(random.randrange(_DAYS * 24 * _HOUR) for _ in range(count if ran else 0))
    for number, milliseconds in enumerate(moments):
        sync = ran[int(len(ran) * random.random() ** 2)]
        made = FIRST_DAY + timedelta(milliseconds=milliseconds)
        runs[sync].append(_run(random, 5000 + number, made, quirks))
    return runs


def _run(random: Random, number: int, made: datetime, quirks: bool) -> Run:
    skewed = quirks and number % 17 == 3
    wait = -random.randrange(3000) if skewed else random.choice((0, 40, random.randrange(_HOUR)))
    long = random.random() < 0.05
    lasts = random.randrange(20 * _HOUR) if long else random.randrange(10, _HOUR // 4)
    started = made + timedelta(milliseconds=wait)
    if number % 8 == 0:  # on the second, where windows are cut
        lasts += -((started + timedelta(milliseconds=lasts)).microsecond // 1000) % 1000
    endless = quirks and number % 97 == 50
    planned = Rows(random.randrange(900), random.randrange(90), random.randrange(9))
    status = FINISHED[number // 2 % len(FINISHED)] if number % 2 else "success"
    error, code = _error(number, status, quirks)
    return Run(
        id=number,
        created_at=made,
        started_at=started,
        finished_at=None if endless else started + timedelta(milliseconds=lasts),
        status=status,
        size=random.randrange(10**6),
        planned=planned,
        successful=planned if status == "success" else Rows(planned.added // 2),
        failed=Rows() if status == "success" else Rows(0, planned.changed),
        error=error,
        error_code=code,
        ratio=0.54 if status == "success" else 0.25,
    )


def _error(number: int, status: str, quirks: bool) -> tuple[str | None, str | None]:
    """The text and the vendor's code it begins with."""
    if status == "success":
        return (None if quirks and number % 4 else ""), None
    texts: tuple[tuple[str, str | None], ...] = (
        ("NON_UNIQUE_PRIMARY_KEY: anna@example.com is there twice", "NON_UNIQUE_PRIMARY_KEY"),
        ("Cannot generate sync plan due to unmet dependencies", None),
        ("WAREHOUSE_TABLE_MISSING", "WAREHOUSE_TABLE_MISSING"),
        ('row 7 |\n"anna" ' + "x" * 600, None),
    )
    return texts[number % len(texts)]
