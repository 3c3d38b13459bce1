"""`kada` in a copy of a process that has its modules loaded; see `kada_dagster_tests.copies`."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from kada_dagster.cli import main
from kada_dagster_tests.copies import original

_VARIABLE = re.compile(r"(\w+)=(.*)", re.DOTALL)
_QUIET = "2>/dev/null"
_SHELL = re.compile(r"[|&;<>`*?$~]")


def merged(arguments: Sequence[str]) -> int:
    """`kada`, with its standard error in its standard output, as on a terminal."""
    os.dup2(1, 2)
    return main(arguments)


def run_copied(command: str, folder: Path, env: Mapping[str, str]) -> tuple[int, str] | None:
    """Run a command without a shell.

    Returns:
        Its exit code and what it printed; None where it is not just `kada`, with variables before
        it and standard error left out behind it.
    """
    words = shlex.split(command, comments=True)
    variables: dict[str, str] = {}
    while words and (found := _VARIABLE.fullmatch(words[0])):
        variables[found[1]], words = found[2], words[1:]
    function = "kada_dagster_tests.docs.copied:merged"
    if words and words[-1] == _QUIET:
        function, words = "kada_dagster.cli:main", words[:-1]
    if words[:1] != ["kada"] or any(map(_SHELL.search, [*words, *variables.values()])):
        return None
    done = original(function).run(words[1:], cwd=folder, env={**env, **variables})
    return done.returncode, done.stdout
