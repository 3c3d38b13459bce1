"""The rate of an account: kept by the collector, and made up for where others use it too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kada_dagster.api.budget import RateBudget
from kada_dagster.api.retrying import Retries
from kada_dagster.hevo import Extractor
from kada_dagster.sandbox.hevo import HevoEstate, HevoServer, Quirks
from kada_dagster_tests.api.manual_clock import ManualClock
from kada_dagster_tests.hevo.accounts import WEEK, assert_is_the_truth, collector, served
from kada_dagster_tests.hevo.extracted import run

ESTATE = HevoEstate.generate(12, 250)


def by_the_clock(server: HevoServer, output: Path, calls: int, clock: ManualClock) -> Extractor:
    """A collector that makes so many calls a minute of a clock whose waits are free.

    It is patient: where several threads wait at once, that clock adds up their waits.
    """
    made = collector(server, output)
    budget = RateBudget(calls, 60, clock)
    patient = Retries(most=50, within=100_000)
    made.account = replace(made.account, retries=patient, budget=budget)
    return made


def refused(server: HevoServer) -> int:
    return sum(request.status == 429 for request in server.requests)


def test_no_call_of_a_hundred_a_minute_is_refused_though_both_families_share_them(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    with served(ESTATE, budget=(100, 60.0), clock=clock.now) as server:
        found = run(by_the_clock(server, tmp_path, 100, clock), WEEK.start_hwm, WEEK.end_hwm)
        assert_is_the_truth(found, ESTATE)
        assert len(server.requests) == ESTATE.least_calls(WEEK, users=True) > 200
        assert refused(server) == 0
    assert clock.now() >= 60 * ((len(server.requests) - 1) // 100)


@pytest.mark.parametrize("says_when", [False, True], ids=["without Retry-After", "Retry-After"])
def test_a_rate_that_another_program_uses_up_costs_time_and_no_row(
    says_when: bool, tmp_path: Path
) -> None:
    """The user's other program takes 70 calls of each minute: the account lets only 30 in."""
    clock, quirks = ManualClock(), Quirks(retry_after=says_when)
    with served(ESTATE, budget=(30, 60.0), clock=clock.now, quirks=quirks) as server:
        found = run(by_the_clock(server, tmp_path, 100, clock), WEEK.start_hwm, WEEK.end_hwm)
        assert_is_the_truth(found, ESTATE)
        assert refused(server) > 0
        answered = len(server.requests) - refused(server)
    assert answered == ESTATE.least_calls(WEEK, users=True)
