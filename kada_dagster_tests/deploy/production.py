"""The production instance on one machine: code server, web server and daemon, each a process.

They run the very commands of deploy/compose.yaml in a DAGSTER_HOME like that of the image; only
addresses and ports are others.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import requests

from kada_dagster.sandbox.free_port import free_port
from kada_dagster.sandbox.guarded_process import GuardedProcess
from kada_dagster_tests.deploy.files import command, home
from kada_dagster_tests.live.dev_server import HOST, LOG_NAME, ROOT, DevServer

START_SECONDS = 120.0


@dataclass
class Production:
    """What runs.

    Attributes:
        folder: all of it is below: `home`, logs of the processes.
        environment: of every process.
        code_environment: what the code server has beyond that: secrets of sources.
        ports: by service.
        server: the web server, to ask and to wait for.
    """

    folder: Path
    environment: Mapping[str, str] = field(repr=False)
    code_environment: Mapping[str, str] = field(repr=False)
    ports: Mapping[str, int]
    _running: dict[str, GuardedProcess] = field(default_factory=dict[str, GuardedProcess])

    @property
    def home(self) -> Path:
        """The folder DAGSTER_HOME names."""
        return self.folder / "home"

    @property
    def server(self) -> DevServer:
        """The web server."""
        url = f"http://{HOST}:{self.ports['webserver']}"
        return DevServer(self.folder, url, self._running["webserver"])

    def start(self, service: str) -> None:
        """Start a service of compose.yaml."""
        name = LOG_NAME if service == "webserver" else f"{service}.log"
        scratch = Path(tempfile.mkdtemp(prefix=f"{service}-", dir=self.folder))
        self._running[service] = GuardedProcess.start(
            ["/bin/sh", "-c", 'cd "$DAGSTER_HOME" && exec "$@"', service, *self.line(service)],
            log=self.folder / name,
            scratch=scratch,
            environment=self.variables(service),
        )

    def line(self, service: str) -> list[str]:
        """The command of a service, on this machine."""
        return self.adapted(command(service))

    def adapted(self, line: Sequence[str]) -> list[str]:
        """A command line of the container, on this machine."""
        ports = {"4000": str(self.ports["code"]), "3000": str(self.ports["webserver"])}
        own = {**ports, "0.0.0.0": HOST}
        words = [own.get(word, word) for word in line]
        for port, other in ports.items():
            words = [word.replace(f"{HOST}:{port}/", f"{HOST}:{other}/") for word in words]
        return [str(Path(sys.executable).with_name(words[0])), *words[1:]]

    def variables(self, service: str) -> dict[str, str]:
        """The environment of a service."""
        return {**self.environment, **(self.code_environment if service == "code" else {})}

    def check(self, service: str, line: Sequence[str]) -> None:
        """Run a health check of compose.yaml.

        Raises:
            subprocess.CalledProcessError: it says that the service is not well.
        """
        assert line[0] == "CMD"
        subprocess.run(
            self.adapted(line[1:]),
            env=self.variables(service),
            cwd=self.home,
            check=True,
            capture_output=True,
            timeout=60,
        )

    def kill(self, service: str) -> None:
        """End a service and all its processes without a word, as a container is killed."""
        process = self._running.pop(service)
        family = _family(process.pid)
        for one in family:
            with suppress(psutil.Error):
                one.kill()
        psutil.wait_procs(family, timeout=10)
        process.stop("KILL")

    def stop(self) -> None:
        """End all of them."""
        for service in [*self._running]:
            self.kill(service)

    def answers(self) -> bool | None:
        """True once the web server answers."""
        with suppress(requests.RequestException):
            return requests.get(f"{self.server.url}/server_info", timeout=5).ok or None
        return None

    def loaded(self) -> bool | None:
        """True once the web server has the code location of the code server."""
        workspace = self.server.ask("Location")["workspaceOrError"]
        for entry in workspace.get("locationEntries", ()):
            location = entry["locationOrLoadError"]
            if location and location["__typename"] == "RepositoryLocation":
                return True
        return None


@contextmanager
def production(
    folder: Path, environment: Mapping[str, str], code_environment: Mapping[str, str]
) -> Generator[Production, None, None]:
    """Run the three services until the block ends.

    Args:
        folder: for their files.
        environment: what dagster.yaml refers to; beside PATH, HOME and PYTHONPATH.
        code_environment: what kada.yaml refers to; of the code server alone.
    """
    ports = {"code": free_port(), "webserver": free_port()}
    whole = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "DAGSTER_HOME": str(_home(folder)),
        "KADA_CODE_HOST": HOST,
        "KADA_CODE_PORT": str(ports["code"]),
        "TMPDIR": str(folder),
        **environment,
    }
    running = Production(folder, whole, code_environment, ports)
    with ExitStack() as stack:
        stack.callback(running.stop)
        for service in ("code", "webserver"):
            running.start(service)
        running.server.wait_for("an answer", running.answers, START_SECONDS)
        running.server.wait_for("the code location", running.loaded, START_SECONDS)
        running.start("daemon")  # its first look finds the schedules; the next is a minute later
        yield running


def _home(folder: Path) -> Path:
    """The instance of S3 as it is, but for what runs print: Dagster puts that below /tmp first."""
    filled = home(folder / "home", "s3")
    file = filled / "dagster.yaml"
    ours = f"local_dir: {folder}\n    bucket:"
    file.write_text(file.read_text("utf-8").replace("bucket:", ours), encoding="utf-8")
    return filled


def _family(pid: int) -> list[psutil.Process]:
    """A process and all below it."""
    with suppress(psutil.Error):
        own = psutil.Process(pid)
        return [own, *own.children(recursive=True)]
    return []
