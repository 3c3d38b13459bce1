"""Work in a copy of this process, tried from processes with one thread as the command has."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import psutil
import pytest

from kada_dagster.extracts.second_process import can_copy

_HEAD = """
import os, signal, time
from kada_dagster.extracts.second_process import beside, can_copy
"""
_ENDING = {
    "raises": "raise RuntimeError('not to be seen')",
    "exits": "raise SystemExit(3)",
    "is interrupted": "os.kill(os.getpid(), signal.SIGINT)",
    "is killed": "os.kill(os.getpid(), signal.SIGKILL)",
    "cannot be pickled": "return lambda: 1",
}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="copies are made on Linux alone")


def output_of(script: str) -> str:
    """What a process of its own prints; anything said on stderr is an error."""
    command = [sys.executable, "-W", "error", "-c", _HEAD + script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    return done.stdout.strip()


def test_work_is_done_in_another_process_and_any_amount_of_result_comes_back() -> None:
    script = """
with beside(lambda: (os.getpid(), bytes(3_000_000))) as result:
    pid, data = result()
print(pid != os.getpid(), len(data))
"""
    assert output_of(script) == "True 3000000"


@pytest.mark.parametrize("ending", _ENDING)
def test_work_that_fails_has_no_result_and_says_nothing(ending: str) -> None:
    script = f"""
def work():
    {_ENDING[ending]}
with beside(work) as result:
    print(result())
"""
    assert output_of(script) == "None"


def test_a_copy_killed_in_the_middle_of_its_answer_has_no_result() -> None:
    script = """
class Slow:
    def __reduce__(self):
        os.kill(os.getpid(), signal.SIGKILL)
with beside(lambda: [bytes(3_000_000), Slow()]) as result:
    print(result())
"""
    assert output_of(script) == "None"


def test_the_copy_has_ended_when_the_body_has_whatever_happened() -> None:
    script = """
try:
    with beside(lambda: time.sleep(60)):
        raise KeyError("the body's own")
except KeyError as error:
    print(error)
try:
    os.waitpid(-1, 0)
except ChildProcessError:
    print("no child")
"""
    assert output_of(script).split("\n") == ['"the body\'s own"', "no child"]


def test_a_program_that_ignores_its_children_gets_its_result() -> None:
    script = """
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
with beside(lambda: 7) as result:
    print(result())
"""
    assert output_of(script) == "7"


def test_a_copy_does_not_outlive_a_killed_original() -> None:
    script = """
def work():
    print(os.getpid(), flush=True)
    while os.getppid() == original:
        time.sleep(0.01)
    return bytes(3_000_000)
original = os.getpid()
with beside(work):
    time.sleep(0.5)
    os.kill(original, signal.SIGKILL)
"""
    command = [sys.executable, "-c", _HEAD + script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        copy = int(process.stdout.readline())
    until = time.monotonic() + 30
    while psutil.pid_exists(copy) and psutil.Process(copy).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until, "still at work for nobody"
        time.sleep(0.05)


def test_a_process_with_a_second_thread_or_one_core_is_not_copied() -> None:
    script = """
os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
print(can_copy())
"""
    assert output_of(script) == "False"
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert not can_copy()
    finally:
        stop.set()
        thread.join()
