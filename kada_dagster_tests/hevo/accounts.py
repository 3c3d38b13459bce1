"""Extracting the sandbox's accounts, and holding what is written against their truth."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from kada_dagster.api.retrying import Retries
from kada_dagster.hevo import Extractor
from kada_dagster.hwm.window import Window, format_hwm
from kada_dagster.sandbox.facts import LinkFact, fact_of
from kada_dagster.sandbox.hevo import HevoEstate, HevoServer
from kada_dagster.sandbox.hevo.facts import EventFact, MetaFact, moment_of
from kada_dagster.sandbox.hevo.times import END, START
from kada_dagster_tests.hevo.extracted import HOST, Extracted, run

BEGIN, FINISH = moment_of(START), moment_of(END) + timedelta(hours=1)
WEEK = Window(BEGIN, FINISH)
MAPPING: dict[str, Any] = {
    "source_1": {"host": "pg.k", "database": "mapped"},
    "SOURCE_2": "lower.k",
    "sf_0": "snow.k",
    "edge_rs_3": {"host": "red.k", "database": "Mapped DB"},
}


@contextmanager
def served(estate: HevoEstate, **options: Any) -> Generator[HevoServer, None, None]:
    """A server of an account without a rate limit, to which nothing was ever written."""
    with HevoServer(estate, **{"budget": None, **options}) as server:
        yield server
    assert not server.writes


def collector(server: HevoServer, output: Path | str, **options: Any) -> Extractor:
    """An extractor of the server that asks for everything, and keeps nothing for later."""
    settings: dict[str, Any] = {
        "host": HOST,
        "mapping": MAPPING,
        "calls_a_minute": 100_000,
        "include_users": True,
        "resume": False,
        "skip_unchanged": False,
        **options,
    }
    key, secret = settings.pop("key", "sandbox-key"), "sandbox-secret"
    made = Extractor(key, secret, base_url=server.url, output_path=output, **settings)
    made.account = replace(made.account, retries=Retries(most=3, backoff=0.05))
    return made


def extract(server: HevoServer, output: Path, window: Window = WEEK, **options: Any) -> Extracted:
    """Extract a window and read it back."""
    return run(collector(server, output, **options), window.start_hwm, window.end_hwm)


def assert_is_the_truth(found: Extracted, estate: HevoEstate, window: Window = WEEK) -> None:
    """Objects, lineage and events are exactly those of the account."""
    truths = {
        MetaFact: ("META", estate.meta(HOST, users=True)),
        LinkFact: ("LINKAGE", estate.linkage(HOST, MAPPING)),
        EventFact: ("EVENTS", estate.events(HOST, window)),
    }
    for kind, (family, truth) in truths.items():
        facts = {fact_of(kind, row) for row in found.rows[family]}
        assert facts == truth, family


def events(found: Extracted) -> set[EventFact]:
    """The events of a run."""
    return {fact_of(EventFact, row) for row in found.rows["EVENTS"]}


def window(start: datetime, end: datetime) -> Window:
    """A window of whole seconds."""
    return Window.parse(format_hwm(start), format_hwm(end))
