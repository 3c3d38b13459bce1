"""`dagster dev` as a managed process: the real daemon, web server and code server.

Starting, asking and stopping belong here; what is asked is in
`questions.graphql`. The benchmark of the orchestration uses this too.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import psutil
import requests
import yaml

from kada_dagster.sandbox.free_port import free_port
from kada_dagster.sandbox.guarded_process import GuardedProcess

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
LOG_NAME = "dagster_dev.log"
START_SECONDS = 120.0
_REQUEST_SECONDS = 60.0
_QUESTIONS = Path(__file__).with_name("questions.graphql").read_text(encoding="utf-8")
LOCATION = {"repositoryName": "__repository__", "repositoryLocationName": "kada_dagster"}

# An ignored SIGINT is inherited, and Dagster stops on nothing else. A folder is where we start it,
# for that is where it looks for dagster.yaml.
_LAUNCH = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.chdir(sys.argv[1])
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""

T = TypeVar("T")


class DevServerError(RuntimeError):
    """The server does not do what was asked of it; the message ends with what it logged."""


@dataclass
class DevServer:
    """A running `dagster dev`; `dev_server` makes one.

    Attributes:
        folder: its working folder, where dagster.yaml is and everything it writes.
        url: where the UI answers.
        answers: the text of every answer the web server has given to `ask`.
    """

    folder: Path
    url: str
    process: GuardedProcess = field(repr=False)
    answers: list[str] = field(default_factory=list, repr=False)

    def ask(self, operation: str, **variables: Any) -> dict[str, Any]:
        """The data the web server answers with.

        Args:
            operation: name of a query or mutation of `questions.graphql`.
            variables: of the operation.

        Raises:
            DevServerError: the answer is an error.
        """
        body = {"query": _QUESTIONS, "operationName": operation, "variables": variables}
        answer = requests.post(f"{self.url}/graphql", json=body, timeout=_REQUEST_SECONDS)
        self.answers.append(answer.text)
        found: dict[str, Any] = answer.json()
        if found.get("errors"):
            raise DevServerError(f"{found['errors']}")
        data: dict[str, Any] = found["data"]
        return data

    def wait_for(self, what: str, look: Callable[[], T | None], seconds: float) -> T:
        """Look again and again until there is something.

        Args:
            what: is waited for; for the error.
            look: called about twice a second; None means not yet.
            seconds: a generous bound.

        Raises:
            DevServerError: the bound has passed, or the server has ended.
        """
        deadline = time.monotonic() + seconds
        while True:
            found = look()
            if found is not None:
                return found
            if not self.process.running:
                raise DevServerError(f"dagster dev ended before {what}:\n{self.log_end()}")
            if time.monotonic() > deadline:
                raise DevServerError(f"no {what} after {seconds:.0f} s:\n{self.log_end()}")
            time.sleep(0.5)

    def log_end(self) -> str:
        """The end of what it logged."""
        text = (self.folder / LOG_NAME).read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-40:])


@contextmanager
def dev_server(folder: Path, environment: Mapping[str, str]) -> Iterator[DevServer]:
    """Run `dagster dev` on this checkout's code location until the block ends.

    Args:
        folder: working folder; it has a kada.yaml, and gets copies of the checkout's dagster.yaml
            and workspace.yaml.
        environment: variables beside PATH, HOME and PYTHONPATH; there are no others.

    Yields:
        The server, once the web server answers and the code location is loaded, or has failed to.
    """
    _fill(folder)
    port = free_port()
    command = [sys.executable, "-c", _LAUNCH, str(folder), "-m", "dagster", "dev"]
    command += ["-h", HOST, "-p", str(port)]
    scratch = Path(tempfile.mkdtemp(prefix="kada-dev-"))
    process = GuardedProcess.start(
        command,
        log=folder / LOG_NAME,
        scratch=scratch,
        environment=_environment(folder) | dict(environment),
    )
    server = DevServer(folder, f"http://{HOST}:{port}", process)
    try:
        server.wait_for("an answer of the web server", lambda: _answers(server.url), START_SECONDS)
        yield server
    finally:
        _stop(process)
        shutil.rmtree(scratch, ignore_errors=True)


def _fill(folder: Path) -> None:
    shutil.copy(ROOT / "dagster.yaml", folder)
    workspace = yaml.safe_load((ROOT / "workspace.yaml").read_text(encoding="utf-8"))
    workspace["load_from"][0]["python_module"]["working_directory"] = str(ROOT)
    (folder / "workspace.yaml").write_text(yaml.safe_dump(workspace), encoding="utf-8")


def _environment(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT)}


def _answers(url: str) -> bool | None:
    with suppress(requests.RequestException):
        return requests.get(f"{url}/server_info", timeout=5).ok or None
    return None


def _stop(process: GuardedProcess) -> None:
    """Interrupt it as Ctrl-C does; what still runs of its processes after that is killed."""
    below: list[psutil.Process] = []
    with suppress(psutil.Error):
        below = psutil.Process(process.pid).children(recursive=True)
    process.stop("INT", timeout=30)
    _, alive = psutil.wait_procs(below, timeout=10)
    for left in alive:
        with suppress(psutil.Error):
            left.kill()
