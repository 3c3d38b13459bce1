"""A child process that ends when its owner ends, however the owner ends.

Only starting, watching and ending belong here, not what the process does.

The child's standard input is a pipe held by us. A shell forks a watcher that reads that pipe, and
then becomes the command. A word on the pipe, or its end because we are gone (kill -9 included),
makes the watcher send the signal. This needs no thread and nothing that only Linux has.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .unprivileged import Account

# $1 is a folder for sockets, removed after the process with them; the rest is the command.
_GUARD = """
scratch=$1; shift
exec 3<&0 </dev/null
(
  read -r signal <&3
  kill -"${signal:-INT}" $$ 2>/dev/null
  tries=0
  while kill -0 $$ 2>/dev/null && [ $tries -lt 600 ]; do sleep 0.1; tries=$((tries + 1)); done
  rm -f "$scratch"/.s.* && rmdir "$scratch"
) >/dev/null 2>&1 &
exec "$@" 3<&-
"""


@dataclass
class GuardedProcess:
    """A running command; `start` makes one."""

    process: subprocess.Popen[bytes]

    @classmethod
    def start(
        cls,
        command: Sequence[str],
        *,
        log: Path,
        scratch: Path,
        account: Account | None = None,
        paths: Sequence[Path] = (),
        environment: Mapping[str, str] | None = None,
    ) -> GuardedProcess:
        """Starts `command` in a session of its own, away from the terminal's Ctrl-C.

        `log` takes its output and errors (appended); `scratch` is a folder for its sockets that is
        removed after it; `account` is who it runs as (None: us), `paths` what it must reach.
        """
        guarded = ["/bin/sh", "-c", _GUARD, "guard", str(scratch), *command]
        if account is not None:
            guarded = account.command(guarded, paths)
        with log.open("ab") as output:
            process = subprocess.Popen(
                guarded,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                cwd="/",
                env=None if environment is None else dict(environment),
                start_new_session=True,
            )
        return cls(process)

    @property
    def pid(self) -> int:
        """The process id of the command itself."""
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def stop(self, signal: str = "INT", timeout: float = 60.0) -> None:
        """Sends `signal` (a name as kill(1) takes it), waits; kills after `timeout` seconds."""
        # Signal 0 is none at all: the number of a dead process may be another's by now.
        self._tell(signal if self.running else "0")
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _tell(self, signal: str) -> None:
        pipe = self.process.stdin
        if pipe is None or pipe.closed:
            return
        with suppress(BrokenPipeError):
            os.write(pipe.fileno(), f"{signal}\n".encode())
        pipe.close()
