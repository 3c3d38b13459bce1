"""Ctrl-C and a terminal: the two things a person at the keyboard brings."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess

import pytest

from kada_dagster_tests.cli.conftest import PASSWORD, Database, Kada
from kada_dagster_tests.cli.test_extract import DAY_ONE, limit_statement, mark, names


@pytest.fixture
def slow(shop: Kada) -> Kada:
    """A source one statement of which takes minutes."""
    limit_statement(shop, "SELECT 10 FROM pg_sleep(300)")
    return shop


def test_ctrl_c_ends_with_130_and_nothing_half_written(slow: Kada) -> None:
    process = subprocess.Popen(
        slow.command("extract", "postgres", *DAY_ONE),
        cwd=slow.folder,
        env=slow.environment,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    lines = iter(process.stderr.readline, "")
    assert any(" rows" in line for line in lines)  # it is in the middle of the extract
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert "interrupted" in rest
    assert "Traceback" not in rest
    assert [name for name in names(slow.folder / "output" / "shop") if name != ".lock"] == []
    assert names(slow.folder / "landing_shop") == []
    assert mark(slow) is None


def test_on_a_terminal_the_progress_moves_and_the_result_stays(
    shop: Kada, database: Database
) -> None:
    evil = "\x1b]0;owned\x07"
    database.execute(f'CREATE TABLE "{evil}" (id int)')
    master, terminal = pty.openpty()
    process = subprocess.Popen(
        shop.command("extract", "postgres", *DAY_ONE),
        cwd=shop.folder,
        env={**shop.environment, "TERM": "xterm-256color"},
        stdout=subprocess.PIPE,
        stderr=terminal,
        text=True,
    )
    os.close(terminal)
    shown = _all_of(master)
    out = process.communicate(timeout=60)[0]
    assert process.returncode == 0
    assert "\x1b[?25l" in shown  # the cursor is hidden while it moves
    assert shown.rstrip().endswith("\x1b[?25h") or "\x1b[?25h" in shown
    assert re.search(r"[\d,]+ rows", shown)
    assert "high water mark" in shown
    assert "]0;owned" not in shown.replace("\N{REPLACEMENT CHARACTER}]0;owned", "")
    assert PASSWORD not in shown + out
    assert "mark     2024-01-02 00:00:00 UTC" in out


def _all_of(master: int) -> str:
    data = b""
    while True:
        try:
            part = os.read(master, 65_536)
        except OSError:  # Linux says EIO when the other end is closed
            part = b""
        if not part:
            os.close(master)
            return data.decode()
        data += part
