"""A production instance on this machine: code server, web server and daemon, a process each.

The instance is that of `deploy/s3`. All three keep what they know in PostgreSQL and find the code
server by its port; only the code server has the secrets of sources. Each may be killed and
started again, as a supervisor would.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import dagster as dg
import requests
import yaml

from bench.part import Part
from kada_dagster.sandbox.free_port import free_port
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.live.dev_server import HOST, LOCATION, LOG_NAME, ROOT, DevServer

_PASSWORD = "of-the-role-dagster"
_NONE: Mapping[str, str] = MappingProxyType({})
_START_SECONDS = 600.0
_PATIENCE = {"DAGSTER_BACKFILL_RETRY_DEFINITION_CHANGED_ERROR": "1"}
"""A backfill waits for a code server that is away; without it, it fails at once."""

_INSTANCE = ROOT / "deploy" / "s3" / "dagster.yaml"


@dataclass
class Deployment:
    """The three processes; `deployed` makes one.

    Attributes:
        home: DAGSTER_HOME.
        code_server, webserver, daemon: the processes.
        url: where the web server answers.
        database: what they store is in.
        instance: reads what they stored.
    """

    home: Path
    code_server: Part
    webserver: Part
    daemon: Part
    url: str
    database: str
    instance: dg.DagsterInstance

    @property
    def parts(self) -> tuple[Part, ...]:
        """All of them, in the order they are started."""
        return self.code_server, self.webserver, self.daemon

    @property
    def web(self) -> DevServer:
        """The web server as it is now, to be asked."""
        process = self.webserver.process
        assert process is not None
        return DevServer(self.webserver.log.parent, self.url, process)

    def graphql(self, query: str, **variables: str) -> dict[str, Any]:
        """What the web server answers to a query of one's own."""
        body = {"query": query, "variables": variables}
        answer = requests.post(f"{self.url}/graphql", json=body, timeout=60).json()
        data: dict[str, Any] = answer["data"]
        return data

    def start(self) -> None:
        """Start what does not run; returns when the web server has the code location."""
        for part in self.parts:
            if not part.is_running:
                part.start()
        self.wait_until_loaded()

    def wait_until_loaded(self) -> None:
        """Until the web server answers, with the code location loaded.

        Raises:
            DevServerError: it does not, for minutes, or the code location is broken.
        """
        self.web.wait_for("the code location", self._is_loaded, _START_SECONDS)

    def _is_loaded(self) -> bool | None:
        with suppress(requests.RequestException):
            (entry,) = self.web.ask("Location")["workspaceOrError"]["locationEntries"]
            found = entry["locationOrLoadError"]
            if found is not None and found["__typename"] == "RepositoryLocation":
                return True
        return None


@contextmanager
def deployed(
    home: Path,
    server: PostgresServer,
    *,
    database: str = "dagster",
    code: Sequence[str] = ("-m", "kada_dagster.definitions"),
    secrets: Mapping[str, str],
    variables: Mapping[str, str] = _NONE,
    settings: Mapping[str, Mapping[str, Any]],
) -> Generator[Deployment, None, None]:
    """Start a deployment; whatever of it runs at the end of the block is ended.

    Args:
        home: DAGSTER_HOME, made and filled here.
        server: where they store.
        database: is made here, with a role of its name that has a password.
        code: options of the code server that name the code location.
        secrets: variables of the code server alone: of sources, and where kada.yaml is.
        variables: of all processes, beside those of the storage.
        settings: of dagster.yaml that are other ones than in `deploy/`, by section.
    """
    known = {**_storage_variables(server, database), **variables}
    ports = {"code_server": free_port(), "webserver": free_port()}
    _fill(home, settings, ports["code_server"])
    usual = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT)}
    usual |= {"DAGSTER_HOME": str(home), **_PATIENCE, **known}
    parts = _parts(home, code, ports, usual, secrets)
    with _variables(known), dg.DagsterInstance.from_config(str(home)) as instance:
        url = f"http://{HOST}:{ports['webserver']}"
        running = Deployment(home, *parts, url, database, instance)
        try:
            running.start()
            yield running
        finally:
            for part in reversed(running.parts):
                part.stop()


def wait_for(what: str, look: Callable[[], bool], seconds: float, pause: float = 0.5) -> bool:
    """Look again and again until something is so.

    Returns:
        Whether it came to be within the time.
    """
    until = time.monotonic() + seconds
    while not look():
        if time.monotonic() > until:
            print(f"  no {what} after {seconds:.0f} s")
            return False
        time.sleep(pause)
    return True


def _parts(
    home: Path,
    code: Sequence[str],
    ports: Mapping[str, int],
    usual: Mapping[str, str],
    secrets: Mapping[str, str],
) -> tuple[Part, Part, Part]:
    workspace = ("-w", str(home / "workspace.yaml"))
    address = ("-h", HOST, "-p")
    serve = ("dagster", "code-server", "start", *code, *address, str(ports["code_server"]))
    web = ("dagster_webserver", *workspace, *address, str(ports["webserver"]))
    logs = home / "process_logs"
    return (
        Part("code_server", serve, {**usual, **secrets}, logs / "code_server" / LOG_NAME),
        Part("webserver", web, usual, logs / "webserver" / LOG_NAME),
        Part("daemon", ("dagster._daemon", "run", *workspace), usual, logs / "daemon" / LOG_NAME),
    )


def _storage_variables(server: PostgresServer, database: str) -> dict[str, str]:
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {database} LOGIN PASSWORD '{_PASSWORD}'")
        cursor.execute(f"CREATE DATABASE {database} OWNER {database} TEMPLATE template0")
    values = {"HOST": HOST, "PORT": str(server.port), "DB": database}
    values |= {"USERNAME": database, "PASSWORD": _PASSWORD}
    return {f"DAGSTER_PG_{name}": value for name, value in values.items()}


def _fill(home: Path, settings: Mapping[str, Mapping[str, Any]], port: int) -> None:
    home.mkdir(parents=True)
    instance = yaml.safe_load(_INSTANCE.read_text(encoding="utf-8"))
    for section, values in settings.items():
        instance[section] = {**instance.get(section, {}), **values}
    instance["nux"] = {"enabled": False}  # no dialog over the first page
    (home / "dagster.yaml").write_text(yaml.safe_dump(instance), encoding="utf-8")
    name = LOCATION["repositoryLocationName"]
    place = {"grpc_server": {"host": HOST, "port": port, "location_name": name}}
    (home / "workspace.yaml").write_text(yaml.safe_dump({"load_from": [place]}), encoding="utf-8")


@contextmanager
def _variables(values: Mapping[str, str]) -> Generator[None, None, None]:
    """Variables of this process, as long as the block lasts."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
