"""Tests that share something dear meet in one process, whatever pytest-xdist makes of marks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kada_dagster_tests.distribution import WAITING, group_of, rank, waits

PLUGIN = """
from kada_dagster_tests.distribution import *
"""
TESTS = """
import os
import time
from pathlib import Path
import pytest

SEEN, WAITING = Path(os.environ["SEEN"]), os.environ["WAITING"].split()
NAME = Path(__file__).parent.name + "/" + Path(__file__).name

def waited():
    return sum(line in WAITING for file in SEEN.iterdir() for line in file.read_text().split())

@pytest.mark.parametrize("number", range(8))
def test_it(number):
    end = time.monotonic() + 60
    while NAME not in WAITING and waited() < 8 * len(WAITING) and time.monotonic() < end:
        time.sleep(0.02)  # there is other work as long as there is what waits
    with (SEEN / os.environ["PYTEST_XDIST_WORKER"]).open("a") as lines:
        print(NAME, file=lines)
"""


@pytest.mark.parametrize(
    ("test", "group"),
    [
        ("kada_dagster_tests/live/test_runs.py::test_a[b c]", "live"),
        ("kada_dagster_tests/live/test_secrets.py::test_a", "live"),
        ("kada_dagster_tests/live/test_catch_up.py::test_a", "live/test_catch_up.py"),
        ("kada_dagster_tests/postgres/test_scope.py::test_a[pg13]", "pg13"),
        ("kada_dagster_tests/sandbox/test_x.py::test_a[2-pg9-True]", "pg9"),
        ("kada_dagster_tests/sandbox/test_x.py::test_a[pg]", "sandbox/test_x.py"),
        ("kada_dagster_tests/crash/test_m.py::test_a[s3]", "crash/test_m.py::test_a[s3]"),
        ("kada_dagster_tests/test_x.py::test_a", "test_x.py"),
    ],
)
def test_the_group_of_a_test_is_told_by_its_place_and_version(test: str, group: str) -> None:
    assert group_of(test) == group


def test_what_waits_begins_before_what_takes_long_and_that_before_the_rest() -> None:
    ranks = [rank(group) for group in (*WAITING, "live", "pg11", "api/test_client.py")]
    assert all(map(waits, WAITING))
    assert not waits("live")
    assert ranks == sorted(set(ranks))


def test_groups_stay_together_and_what_waits_has_a_process_to_itself(tmp_path: Path) -> None:
    waiting = ["live/test_catch_up.py", "crash/test_m.py"]
    files = [*waiting, "live/test_a.py", "live/test_b.py", "api/test_c.py"]
    root, seen = tmp_path / "kada_dagster_tests", tmp_path / "seen"
    for file in [*files, *(f"api/test_{number}.py" for number in range(6))]:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(TESTS)
        (root / file).with_name("__init__.py").touch()
    (tmp_path / "conftest.py").write_text(PLUGIN)
    seen.mkdir()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir=."]
    done = subprocess.run(
        [*command, "-n", "3", "--dist", "loadgroup", "kada_dagster_tests"],
        cwd=tmp_path,
        env={
            **{"PATH": "", "SEEN": str(seen), "WAITING": " ".join(waiting)},
            "PYTHONPATH": str(Path(__file__).parents[1]),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    by_process = [path.read_text().split() for path in seen.iterdir()]
    assert sum(map(len, by_process)) == 88
    assert [file for file in waiting for _ in range(8)] in by_process
    for files in (("live/test_a.py", "live/test_b.py"), ("api/test_c.py",)):
        where = [n for n, ran in enumerate(by_process) if not set(files).isdisjoint(ran)]
        assert len(where) == 1
