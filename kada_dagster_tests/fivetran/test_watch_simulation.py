"""Weeks of accounts and sensors on them, in which everything goes wrong now and then: of more
than a hundred thousand syncs none is missed and none is reported twice.

Ticks come 30 s to an hour apart, with outages of hours. Lists fail half-way, histories fail, lag
or are empty, the daemon dies at every point of a tick, connections come, go and come back, runs
of our own report what they started or die first, and few syncs are reported in a tick.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kada_dagster_tests.figures import FIGURE
from kada_dagster_tests.fivetran.watch_score import MODES, Mode, Score, simulate

SEEDS, SYNCS, AT_LEAST = 18, 360, 12_600
"""Eight times `AT_LEAST` is more than a hundred thousand."""


@pytest.mark.parametrize("coalesce", [True, False], ids=["coalesced", "one by one"])
@pytest.mark.parametrize("mode", MODES)
def test_no_sync_is_missed_and_none_is_reported_twice(
    mode: Mode, coalesce: bool, record_property: Callable[[str, object], None]
) -> None:
    score = Score()
    for seed in range(SEEDS):
        score += simulate(seed + 100 * coalesce, mode, coalesce=coalesce, wanted=SYNCS)
    record_property(FIGURE, figure(mode, score))
    assert (score.missed, score.double, score.extra, score.failures_missed) == (0, 0, 0, 0)
    assert score.reported + score.merged == score.syncs >= AT_LEAST
    assert score.deaths > 200
    assert score.failed_ticks > 200


def figure(mode: Mode, score: Score) -> str:
    return (
        f"fivetran_sensor mode={mode.replace(' ', '_')} syncs={score.syncs} "
        f"own_report={score.reported} covered_by_a_later={score.merged} "
        f"known_by_time={score.by_time} missed={score.missed} "
        f"double={score.double} ticks={score.ticks} daemon_deaths={score.deaths} "
        f"failed_ticks={score.failed_ticks}"
    )


@pytest.mark.parametrize("mode", ["history", "newest hidden"])
def test_where_nothing_fails_the_history_gives_every_sync_a_report_of_its_own(mode: Mode) -> None:
    score = simulate(5, mode, coalesce=False, wanted=SYNCS, quiet=True)
    assert score.is_clean
    assert score.reported == score.syncs > 0


def test_without_a_history_syncs_between_two_ticks_are_covered_by_the_last_of_them() -> None:
    score = simulate(5, "timestamps", coalesce=False, wanted=SYNCS, quiet=True)
    assert score.is_clean
    assert score.merged > 0
