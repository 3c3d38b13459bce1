"""Processes that are copies of one that has loaded what they need: to start one takes milliseconds.

A process started this way has a working folder, an environment, standard files, a return code and
an end of its own, as with a new interpreter; only its modules are there already. The original
does nothing but load the modules that the copies before needed. What is about the loading itself,
or about signals, starts a new interpreter instead.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

_LOADED = "loaded"
_STREAMS = ("stdin", "stdout", "stderr")


@dataclass
class Original:
    """The process whose copies run a function; see `original`."""

    function: str
    _process: subprocess.Popen[str] = field(repr=False)

    def run(
        self,
        arguments: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        given: str | None = None,
        timeout: int = 120,
    ) -> subprocess.CompletedProcess[str]:
        """Run the function in a copy.

        Args:
            arguments: what it is called with.
            cwd: the working folder of the copy.
            env: all of its environment.
            given: its standard input; ours unless given.
            timeout: seconds after which it is killed by SIGALRM.

        Returns:
            Its return code and what it said.
        """
        with tempfile.TemporaryDirectory(prefix="copy-") as name:
            files = {stream: Path(name) / stream for stream in _STREAMS}
            files["stdin"].write_text(given or "", encoding="utf-8")
            what = {"arguments": [*arguments], "cwd": str(cwd), "env": dict(env)}
            code = self._ask({**what, "folder": name, "timeout": timeout})
            out, err = (files[stream].read_text(encoding="utf-8") for stream in _STREAMS[1:])
        return subprocess.CompletedProcess([self.function, *arguments], code, out, err)

    def _ask(self, request: dict[str, Any]) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(request), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())


@cache
def original(function: str) -> Original:
    """The original for a function, one a test process; it ends with its standard input.

    Args:
        function: as "module:name"; takes a list of arguments and gives a return code.
    """
    command = [sys.executable, "-m", __name__, function]
    pipe = subprocess.PIPE
    return Original(function, subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True))


def _serve(function: str) -> None:
    module, _, name = function.partition(":")
    called = getattr(importlib.import_module(module), name)
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(request)
            try:
                sys.exit(called(request["arguments"]))
            finally:
                (Path(request["folder"]) / _LOADED).write_text("\n".join(sys.modules))
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        _load(Path(request["folder"]) / _LOADED)
        print(code, flush=True)


def _become(request: dict[str, Any]) -> None:
    """What a new process would have from its start."""
    signal.alarm(request["timeout"])
    for number, stream in enumerate(_STREAMS):
        flags = os.O_WRONLY | os.O_CREAT if number else os.O_RDONLY
        file = os.open(Path(request["folder"]) / stream, flags, 0o600)
        os.dup2(file, number)
        os.close(file)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()


def _load(names: Path) -> None:
    """Load the modules a copy had to load; those it did not live to tell are left out."""
    for name in names.read_text().splitlines() if names.exists() else ():
        with suppress(ImportError):  # some are made by others
            importlib.import_module(name)


if __name__ == "__main__":
    _serve(sys.argv[1])
