"""A load is killed, or its connections are cut, at chosen points: the target is never half filled.

After every one of them the target holds the rows from before or those of the load, and after
another load those of the source, each once. Somebody reads the table all the time, and never sees
anything else.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kada_dagster_tests.figures import FIGURE
from kada_dagster_tests.loader.databases import Ends
from kada_dagster_tests.loader.faults.course import COUNT, Course
from kada_dagster_tests.loader.faults.generations import CASES, NEW
from kada_dagster_tests.loader.faults.proxy import Network, after
from kada_dagster_tests.loader.faults.reader import Reader

READS = 10_000 // len(CASES) + 1
POINTS, MOMENTS, CUTS = 6, 2, 3
Record = Callable[[str, object], None]


def spread(end: int, number: int) -> list[int]:
    """So many numbers between 1 and the end."""
    return [round((end - 1) * at / (number - 1)) + 1 for at in range(number)]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.timeout(300)
def test_no_kill_and_no_cut_tears_a_table_or_doubles_a_row(
    ends: Ends, name: str, record_property: Record
) -> None:
    course = Course(ends, CASES[name])
    course.project()
    with Reader(ends.server, ends.target, course.case.query, course.number_of) as reader:
        kills = killed(course)
        cuts = cut(course)
        reader.wait_for(READS)
    course.hang_up()
    assert reader.wrong == []
    assert (course.survived, course.tried) == (kills + cuts, kills + cuts)
    record_property(
        FIGURE,
        f"load matrix, {name}: survived {kills} of {kills} kills and {cuts} of {cuts} cuts; "
        f"{reader.reads:,} reads saw whole tables",
    )


def test_a_table_that_is_made_by_a_load_that_is_killed_is_not_there_or_is_whole(
    ends: Ends, record_property: Record
) -> None:
    course = Course(ends, NEW)
    course.project()
    for _ in range(2):
        forget(ends)
        course.turn()
        assert course.run(COUNT) == 0
    points = spread(len(course.calls()[0]), POINTS)
    for point in points:
        forget(ends)
        course.turn()
        assert course.run(point) != 0
        if ends.at_target("SELECT to_regclass('t')::text") != [(None,)]:
            course.check_right()
        assert course.run() == 0
        course.check_right()
    record_property(FIGURE, f"load matrix, new table: survived {len(points)} of {POINTS} kills")


def forget(ends: Ends) -> None:
    """Nothing of the loads before is left."""
    ends.at_target("DROP TABLE IF EXISTS t; DROP SCHEMA IF EXISTS kada_loader CASCADE")


def killed(course: Course) -> int:
    """Kill loads at all kinds of calls, and while the servers work."""
    for _ in range(2):  # the first one has modules to load
        course.turn()
        assert course.run(COUNT) == 0
        course.check_right()
    calls, seconds = course.calls()
    last = max(at for at, call in enumerate(calls, 1) if call == "commit")
    points = {*spread(len(calls), POINTS), last, last + 1}
    moments = [-round(seconds * 1e6 * (at + 0.5) / MOMENTS) for at in range(MOMENTS)]
    for point in (*sorted(points), *moments):
        course.kill(point)
    return course.tried


def cut(course: Course) -> int:
    """Cut the network on either side after so many bytes."""
    before = course.tried
    sides = ["target", "source"] if course.case.reads == "table" else ["target"]
    for side in sides:
        size = measured(course, side)
        for at in range(CUTS):
            network = Network(course.ends.server.port, after(round(size * (at + 0.7) / CUTS)))
            with network:
                course.cut(network, course.project(**{side: network.port}))
    return course.tried - before


def measured(course: Course, side: str) -> int:
    """How many bytes a load takes on one side."""
    passed = 0

    def count(data: bytes, _to_server: bool) -> None:
        nonlocal passed
        passed += len(data)

    with Network(course.ends.server.port, count) as network:
        course.turn()
        course.load(course.project(**{side: network.port}))
    return passed
