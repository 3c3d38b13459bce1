"""Which tasks and ranges `kada load run` takes: what contradicts itself is refused."""

from __future__ import annotations

import pytest

from kada_dagster_tests.cli.conftest import Kada
from kada_dagster_tests.loader.folders import write

TASK = "mode: full\nsource: {table: t}\n"
DAYS = "split: {by: at, every: day, start: 2026-11-01, end: 2026-11-10}\n"


@pytest.fixture
def project(kada: Kada) -> Kada:
    """The command in a project whose databases nobody may reach: it must not come so far."""
    files = {"routes/erp/dwh/days/task.yaml": TASK + DAYS, "routes/erp/dwh/whole/task.yaml": TASK}
    write(kada.folder, files)
    return kada


def test_ranges_that_run_backwards_are_refused(project: Kada) -> None:
    done = project("load", "run", "-p", ".", "dwh.days", "--parts", "2026-11-05:2026-11-03")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: --parts 2026-11-05:2026-11-03: 2026-11-05 comes after 2026-11-03 in dwh.days; "
        "write FROM:TO\n"
    )


@pytest.mark.parametrize("more", [[], ["--parts", "2026-11-03:2026-11-05"], ["--route", "erp"]])
def test_tasks_together_with_all_are_refused(project: Kada, more: list[str]) -> None:
    """Whoever names a task and gives --all by habit would load everything."""
    done = project("load", "run", "-p", ".", "dwh.days", "--all", *more)
    assert (done.code, done.out) == (2, "")
    assert done.err == "error: give tasks, or --all, not both\n"
