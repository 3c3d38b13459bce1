"""One `dagster dev` for the tests of this folder, and all that is launched on it.

The runs take long, and most of that is waiting for the daemon; so all of them are launched at
once, and the tests look at what came of them. Each test process that gets one of these tests has
its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from kada_dagster.hwm.window import format_hwm, parse_hwm
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.landing.azurite import Azurite
from kada_dagster_tests.landing.s3_server import S3Server
from kada_dagster_tests.live.dev_server import DevServer, dev_server
from kada_dagster_tests.live.launching import (
    finished_backfill,
    finished_run,
    finished_tick,
    launch_backfill,
    launch_run,
)
from kada_dagster_tests.live.site import FIRST, Site, build_site
from kada_dagster_tests.servers import SETTINGS

WINDOWS = 120
LAUNCHED = ("wrong", "signed", "vendor", "bucket", "container", "expired")


@dataclass(frozen=True)
class History:
    """What was launched, after all of it has ended.

    Attributes:
        keys: the windows of the backfill of `shop`, oldest first.
        backfill: what Dagster knows about it.
        runs: of the sources launched for one window, by name.
        tick: of the schedule of `ticking`.
        ticked: the run the tick launched.
    """

    keys: list[str]
    backfill: dict[str, Any]
    runs: dict[str, dict[str, Any]]
    tick: dict[str, Any]
    ticked: dict[str, Any]


@pytest.fixture(scope="session")
def site_and_server(
    tmp_path_factory: pytest.TempPathFactory, s3_server: S3Server, request: pytest.FixtureRequest
) -> Iterator[tuple[Site, DevServer]]:
    """A server that wants passwords (the shared one trusts this machine), and Dagster over it."""
    data = tmp_path_factory.mktemp("postgres") / "data"
    folder = tmp_path_factory.mktemp("live")
    with ExitStack() as running:
        postgres = PostgresServer.start(data, password="of the superuser", settings=SETTINGS)
        site = build_site(folder, running.enter_context(postgres), s3_server, _azurite(request))
        yield site, running.enter_context(dev_server(folder, site.environment))


def _azurite(request: pytest.FixtureRequest) -> Azurite | None:
    """Where there is no npm to bring it, the rest is tested all the same."""
    try:
        return request.getfixturevalue("azurite")
    except pytest.skip.Exception:
        return None


@pytest.fixture(scope="session")
def site(site_and_server: tuple[Site, DevServer]) -> Site:
    """The working folder."""
    return site_and_server[0]


@pytest.fixture(scope="session")
def server(site_and_server: tuple[Site, DevServer]) -> DevServer:
    """The running `dagster dev`."""
    return site_and_server[1]


@pytest.fixture(scope="session")
def history(server: DevServer, site: Site) -> History:
    """Everything launched, and ended."""
    first = parse_hwm(FIRST)
    keys = [format_hwm(first + timedelta(days=day)) for day in range(WINDOWS)]
    backfill = launch_backfill(server, "shop", keys)
    launched = {n: launch_run(server, n, FIRST) for n in LAUNCHED if n in site.sources}
    runs = {name: finished_run(server, run_id) for name, run_id in launched.items()}
    tick = finished_tick(server, "ticking_schedule")
    ticked = finished_run(server, tick["runIds"][0])
    return History(keys, finished_backfill(server, backfill), runs, tick, ticked)
