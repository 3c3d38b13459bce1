"""Standard streams that are closed or full: what is done is done, and the exit code tells."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kada_dagster_tests.cli.conftest import Kada, Result
from kada_dagster_tests.cli.test_extract import DAY_ONE, mark
from kada_dagster_tests.loader.folders import write

FULL = "standard output cannot be written: no space left on device; what was done stays"


def through(kada: Kada, streams: str, *arguments: str) -> Result:
    """Run a command whose streams a shell has opened so."""
    return kada.run(["sh", "-c", f'exec "$@" {streams}', "sh", *kada.command(*arguments)])


@pytest.mark.parametrize("streams", ["2>&-", "2>/dev/full", "<&-"])
def test_progress_that_nobody_can_read_does_not_end_the_work(shop: Kada, streams: str) -> None:
    done = through(shop, streams, "extract", "postgres", *DAY_ONE)
    assert done.code == 0, done.err
    assert "mark     2024-01-02 00:00:00 UTC" in done.out
    assert mark(shop) == "2024-01-02 00:00:00\n"


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_result_that_cannot_be_printed_is_said_in_one_line(shop: Kada, unbuffered: str) -> None:
    kada = replace(shop, env={**shop.env, "PYTHONUNBUFFERED": unbuffered})
    done = through(kada, ">/dev/full", "extract", "postgres", *DAY_ONE)
    assert done.code == 1
    assert done.err.splitlines()[-1] == f"error: {FULL}"
    assert "Traceback" not in done.err
    assert mark(shop) == "2024-01-02 00:00:00\n"


@pytest.mark.parametrize("streams", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["load", "check", "-p", "."], 0),
        (["doctor", "--offline"], 1),
        (["hwm", "set", "shop", "9000-01-01 00:00:00", "--hwm-path", "."], 2),
        (["hwm", "shew"], 2),
    ],
)
def test_closed_streams_change_no_exit_code(
    kada: Kada, streams: str, command: list[str], code: int
) -> None:
    write(kada.folder, {"routes/erp/dwh/t/task.yaml": "mode: full\nsource: {table: t}\n"})
    done = through(kada, streams, *command)
    assert done.code == code
    assert "Traceback" not in done.err


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_an_error_that_cannot_be_printed_keeps_its_exit_code(kada: Kada, unbuffered: str) -> None:
    kada = replace(kada, env={**kada.env, "PYTHONUNBUFFERED": unbuffered})
    assert through(kada, "2>/dev/full", "hwm", "shew").code == 2
    assert through(kada, "2>/dev/full", "status").code == 2
    assert through(kada, ">/dev/full 2>&1", "hwm", "show").code == 1
