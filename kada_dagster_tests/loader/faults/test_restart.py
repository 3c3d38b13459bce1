"""The target's server crashes and starts again while a load is at work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from kada_dagster.errors import KadaError
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.loader.databases import Ends
from kada_dagster_tests.loader.faults.course import Course
from kada_dagster_tests.loader.faults.generations import CASES
from kada_dagster_tests.loader.faults.proxy import Network
from kada_dagster_tests.loader.faults.reader import Reader

SETTINGS = {"fsync": "off", "shared_buffers": "16MB", "max_connections": "30"}
MOMENTS = {
    "among the rows": lambda data: len(data) > 8_000,
    "before the commit": lambda data: b"COMMIT\0" in data,
}


class Restarting:
    """A server that can crash and start again on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = self.running = PostgresServer.start(folder, settings=SETTINGS)

    def crash(self) -> None:
        self.running.stop("immediate")
        port = self.server.port
        self.running = PostgresServer.start(self.folder, port=port, settings=SETTINGS)


@pytest.fixture(scope="module")
def restarting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restarting]:
    """A server of these tests alone."""
    made = Restarting(tmp_path_factory.mktemp("server") / "data")
    try:
        yield made
    finally:
        made.running.stop("immediate")


@pytest.mark.parametrize("name", ["full, truncate", "upsert", "file, append"])
def test_a_load_is_right_after_another_one(
    restarting: Restarting, name: str, tmp_path: Path
) -> None:
    server = restarting.server
    ends = Ends(server, server.create_database(), server.create_database(), tmp_path)
    course = Course(ends, CASES[name])
    with Reader(server, ends.target, course.case.query, course.number_of) as reader:
        course.turn()
        course.load(course.project())
        for is_it in MOMENTS.values():
            crashed_load(restarting, course, is_it)
    assert reader.wrong == []
    assert reader.reads > 20


def crashed_load(restarting: Restarting, course: Course, is_it: Callable[[bytes], bool]) -> None:
    """A load in which the server crashes, and another one."""
    has_begun = has_crashed = False
    is_back = Event()

    def crash(data: bytes, to_server: bool) -> None:
        nonlocal has_begun, has_crashed
        has_begun |= b"SELECT mark" in data
        if has_begun and not has_crashed and to_server and is_it(data):
            has_crashed = True
            restarting.crash()
            is_back.set()

    with Network(restarting.server.port, crash) as network:
        project = course.project(target=network.port)
        course.turn()
        with pytest.raises(KadaError, match="can be run again"):
            course.load(project)
        assert is_back.wait(30)
        course.hang_up()
        course.check_whole()
        course.load(project)
        course.check_right()
