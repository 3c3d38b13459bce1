"""The lists of a workspace are read side by side, none of them far ahead."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest

from kada_dagster.api.errors import ApiForbiddenError
from kada_dagster.hightouch.lists import lists
from kada_dagster.hightouch.runs import RunReader
from kada_dagster.sandbox.hightouch import HightouchEstate
from kada_dagster.sandbox.web import Answer, Fault, Request
from kada_dagster_tests.hightouch.extracted import EVER, HOST, Site, serving

LISTS = ("/sources", "/destinations", "/models", "/syncs")


def test_no_list_waits_for_another(tmp_path: Path) -> None:
    """The first page of each is only answered when those of the others are asked for."""
    estate = HightouchEstate.generate(5, 40)
    with serving(estate) as site:
        together = Barrier(len(LISTS))

        def meet(request: Request) -> Answer:
            together.wait(30)
            return site.server.answer(request, f"Bearer {site.server.token}")

        for path in LISTS:
            site.server.failures.add(Fault(f"^{path}$", meet))
        found = site.extract(tmp_path)
        assert found.calls == estate.least_calls(EVER)
    assert sorted(found.meta) == sorted(estate.meta(HOST))
    assert sorted(found.events) == sorted(estate.events(HOST, EVER))


def test_a_list_is_not_read_far_ahead_of_what_is_written(tmp_path: Path) -> None:
    """While nobody takes models, their second page is not asked for, nor all runs of all syncs."""
    estate = HightouchEstate.generate(6, 900)
    with serving(estate) as site:
        client = site.extractor(tmp_path).workspace.open()
        listed = lists(client, RunReader(client, EVER, timedelta(hours=24), mask=False))
        for _ in range(2):
            assert list(next(listed))
        next(next(listed))
        asked = _when_settled(site)
        listed.close()
        client.close()
    assert asked["models"] == 1
    assert 0 < asked["runs"] < len(estate.syncs) / 2


@pytest.mark.parametrize("path", LISTS)
def test_a_list_that_fails_ends_the_others(path: str, tmp_path: Path) -> None:
    estate = HightouchEstate.generate(6, 900)
    with serving(estate) as site:
        site.server.fail("forbidden", path, times=None)
        with pytest.raises(ApiForbiddenError, match=path):
            site.extract(tmp_path)
        assert len(site.server.requests) < estate.least_calls(EVER) / 2


def _when_settled(site: Site) -> Counter[str]:
    """What was asked for once nothing more is: counted by the last part of the path."""
    before, asked = -1, Counter[str]()
    while not asked["runs"] or asked.total() > before:
        before = asked.total()
        time.sleep(0.3)
        asked = Counter(request.path.rpartition("/")[2] for request in site.server.requests)
    return asked
