"""Which test process gets which tests, under `pytest -n ... --dist loadgroup`.

Tests that share something dear go to one process: those on a running `dagster dev`, those on one
version of PostgreSQL, and otherwise those of one file. The marks pytest-xdist has for that do
nothing here: it appends them to the names of tests in a way that pytest 9.2 does not keep, and
nobody is told.

What takes longest begins first. Some tests mostly wait: for the next minute after an outage of the
daemon, for what a killed process held. With `-n auto` they have a process of their own beside those
that keep the processors busy.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

_FOLDER = "kada_dagster_tests/"
WAITING = ("live/test_catch_up.py", "crash", "deploy/test_production.py")
"""How the names of groups begin that mostly wait."""
_BEGIN = (
    *WAITING,
    *("live", "deploy/test_celery.py", "docs/test_pages.py", "pg", "cli", "collector"),
)
"""How the names of groups begin that come before all others, in this order."""
_VERSION = re.compile(r"\[(?:.*-)?(pg\d+)(?:-.*)?\]$")


def group_of(test: str) -> str:
    """The group of a test; one process runs all tests of a group.

    Args:
        test: its node id.
    """
    file, _, name = test.removeprefix(_FOLDER).partition("::")
    folder = file.partition("/")[0]
    if folder == "live" and not waits(file):
        return folder
    if folder == "crash":
        return f"{file}::{name}"
    version = _VERSION.search(name)
    return version[1] if version else file


def waits(group: str) -> bool:
    """Whether a group mostly waits."""
    return group.startswith(WAITING)


def rank(group: str) -> int:
    """Groups of a lower rank begin earlier."""
    return next((n for n, start in enumerate(_BEGIN) if group.startswith(start)), len(_BEGIN))


class Distribution(LoadScopeScheduling):
    """Gives whole groups to processes, in the order of the tests."""

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)

    def _reschedule(self, node: Any) -> None:
        """The process of what waits gets nothing else, if there are others for the rest."""
        is_done = self._waits(node) and not any(map(waits, self.workqueue))
        if not is_done or len(self.nodes) == 1:
            super()._reschedule(node)
        elif not node.shutting_down:
            node.shutdown()  # once it has done what it has

    def _assign_work_unit(self, node: Any) -> None:
        """What waits goes to one process, the rest to the others, as long as there is both."""
        takes = self._waits(node) or not any(map(self._waits, self.nodes))
        first = next((group for group in self.workqueue if waits(group) == takes), None)
        if first is not None:
            self.workqueue.move_to_end(first, last=False)
        super()._assign_work_unit(node)

    def _waits(self, node: Any) -> bool:
        return any(map(waits, self.assigned_work[node]))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Distribution | None:
    """Takes the place of the scheduler of that name."""
    return Distribution(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> Generator[None, int, int]:
    """What `-n auto` is: two processes for each processor, and one for what waits.

    Most tests wait for servers half of their time.
    """
    processors = yield
    is_given = "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ
    grouped = config.option.dist == "loadgroup"
    return 2 * processors + 1 if grouped and not is_given else processors


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a test process: what begins first comes first."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: rank(group_of(item.nodeid)))
