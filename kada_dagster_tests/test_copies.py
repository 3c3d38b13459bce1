"""A copy of a process is a process of its own: tests rely on that."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from kada_dagster_tests.copies import original

ME = f"{__name__}:tell"


def tell(arguments: Sequence[str]) -> int:
    """Runs in the copy: says what it was given, and ends as it is told to."""
    print(Path.cwd().name, dict(os.environ), sys.stdin.read(), os.getpid())
    print("to stderr", file=sys.stderr)
    os.environ["LEFT"] = "behind"
    if "kill" in arguments:
        os.kill(os.getpid(), signal.SIGKILL)
    if "raise" in arguments:
        raise RuntimeError("as it was told")
    if "load" in arguments:
        print("colorsys" in sys.modules)
        import colorsys  # noqa: F401
    return int(arguments[0])


def test_it_has_folder_environment_input_output_and_return_code_of_its_own(tmp_path: Path) -> None:
    done = original(ME).run(["3"], cwd=tmp_path, env={"A": "ä"}, given="said")
    assert done.returncode == 3
    assert done.stdout.startswith(f"{tmp_path.name} {{'A': 'ä'}} said ")
    assert done.stderr == "to stderr\n"


def test_nothing_of_one_is_left_in_the_next(tmp_path: Path) -> None:
    first, second = (original(ME).run(["0"], cwd=tmp_path, env={}).stdout for _ in range(2))
    assert first.split()[:2] == second.split()[:2] == [tmp_path.name, "{}"]
    assert first.split()[-1] != second.split()[-1] != str(os.getpid())


def test_a_killed_one_and_one_that_fails_end_as_interpreters_do(tmp_path: Path) -> None:
    killed = original(ME).run(["0", "kill"], cwd=tmp_path, env={})
    assert killed.returncode == -signal.SIGKILL
    failed = original(ME).run(["0", "raise"], cwd=tmp_path, env={})
    assert failed.returncode == 1
    assert failed.stderr.startswith("to stderr\nTraceback")
    assert failed.stderr.endswith("RuntimeError: as it was told\n")


def test_a_module_that_one_loaded_is_there_in_the_next(tmp_path: Path) -> None:
    loads = [original(ME).run(["0", "load"], cwd=tmp_path, env={}).stdout for _ in range(2)]
    assert [text.split()[-1] for text in loads] == ["False", "True"]
