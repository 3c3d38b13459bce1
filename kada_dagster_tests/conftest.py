"""Fixtures every test may use: real PostgreSQL servers.

`postgres` is the embedded server; `every_postgres` runs a test on each version that can be had
here, as pg11 ... pg18. Both are `PostgresServer` objects: `.version`, `.port`, `.dsn()`,
`.create_database()`, `.connect(database, user=None)`. They are shared by the tests of a process,
so work in a database of your own and give roles names of your own.
"""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from kada_dagster.sandbox.postgres_server import PostgresServer, embedded_bin
from kada_dagster_tests.distribution import (
    pytest_collection_modifyitems,  # noqa: F401
    pytest_xdist_auto_num_workers,  # noqa: F401
    pytest_xdist_make_scheduler,  # noqa: F401
)
from kada_dagster_tests.figures import print_figures
from kada_dagster_tests.landing.azurite import azurite, azurite_tls  # noqa: F401
from kada_dagster_tests.landing.s3_server import guarded_s3_server, s3_server  # noqa: F401
from kada_dagster_tests.servers import Discovery, ServerBuild, ServerPool, discover

settings.register_profile("suite", max_examples=35)
settings.load_profile("suite")  # --hypothesis-profile=default: a hundred, where a test says nothing

_DISCOVERY = pytest.StashKey[Discovery]()
_SIGNALS = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}


def pytest_configure(config: pytest.Config) -> None:
    """Finds the servers once: the workers of pytest-xdist must all have the same tests.

    Signals that whoever started us ignores, as a shell does for what runs in its background, are
    those of any process again: tests and what they start are interrupted.
    """
    for number, usual in _SIGNALS.items():
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)
    sent = getattr(config, "workerinput", {}).get("postgres_servers")
    config.stash[_DISCOVERY] = Discovery.from_plain(sent) if sent else discover()


def pytest_collection_finish() -> None:
    """What is loaded by now stays: a tenth of all time would go into looking for garbage in it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def pytest_sessionfinish() -> None:
    """What is left is looked through once: pytest does it five times, for seconds each."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hands a pytest-xdist worker what was found."""
    node.workerinput["postgres_servers"] = node.config.stash[_DISCOVERY].to_plain()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Prints the figures the tests came to."""
    print_figures(terminalreporter)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Says which servers the tests run on, and which versions are left out."""
    return config.stash[_DISCOVERY].header()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs what uses `every_postgres` on each of them."""
    if "every_postgres" in metafunc.fixturenames:
        builds = metafunc.config.stash[_DISCOVERY].builds
        ids = [build.id for build in builds]
        metafunc.parametrize("every_postgres", builds, indirect=True, ids=ids, scope="session")


@pytest.fixture(scope="session")
def _server_pool() -> Iterator[ServerPool]:
    pool = ServerPool()
    try:
        yield pool
    finally:
        pool.stop()


@pytest.fixture(scope="session")
def every_postgres(request: pytest.FixtureRequest, _server_pool: ServerPool) -> PostgresServer:
    """A running server of each version in turn."""
    return _server_pool.get(request.param)


@pytest.fixture(scope="session")
def postgres(_server_pool: ServerPool) -> PostgresServer:
    """The running embedded server (PostgreSQL 18)."""
    return _server_pool.get(ServerBuild(18, embedded_bin(), "embedded wheel"))
