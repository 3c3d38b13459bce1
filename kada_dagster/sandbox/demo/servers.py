"""Starts and stops what the demo's sources connect to; two demos of one folder share it."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from kada_dagster.config.find import DEMO_FOLDER
from kada_dagster.sandbox.demo.ports import (
    config_with_free_ports,
    current_config,
    is_served,
    ports_of,
)
from kada_dagster.sandbox.demo.services import SERVICES

_PATIENCE = 60.0
"""Seconds that another process may take to start."""


@dataclass(frozen=True)
class Demo:
    """A demo that is served.

    Attributes:
        config: the configuration file that leads to the servers.
        variables: of the environment, that it and the loader's project refer to: secrets, and as
            KADA_DEMO_<SERVICE>_PORT the ports.
    """

    config: Path
    variables: dict[str, str] = field(repr=False)

    @classmethod
    def of(cls, config: Path) -> Demo:
        """The demo that a configuration leads to."""
        ports = ports_of(config.read_text(encoding="utf-8"))
        secrets = {name: value for one in SERVICES for name, value in one.secrets.items()}
        named = {f"KADA_DEMO_{name.upper()}_PORT": str(port) for name, port in ports.items()}
        return cls(config, {**secrets, **named})


@contextmanager
def demo_servers() -> Generator[Demo, None, None]:
    """Keep the demo's servers running, below ./.demo.

    Uses those of a demo that is running already. Where another program holds a port, a copy of the
    configuration with a free one is used.

    Yields:
        Where they are, and what they let in.

    Raises:
        TimeoutError: another process of this folder has begun to serve, and does not.
    """
    folder = Path.cwd() / DEMO_FOLDER
    folder.mkdir(exist_ok=True)
    lock = FileLock(folder / "servers.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield Demo.of(_served_by_another(lock))
        return
    with lock, ExitStack() as running:
        lock.release()  # the acquisition above: `with` holds one of its own
        config = config_with_free_ports()
        ports = ports_of(config.read_text(encoding="utf-8"))
        for service in SERVICES:
            running.enter_context(service.serve(ports[service.name]))
        yield Demo.of(config)


def _served_by_another(lock: FileLock) -> Path:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        config = current_config()
        if all(map(is_served, ports_of(config.read_text(encoding="utf-8")).values())):
            return config
        time.sleep(0.1)
    message = f"{lock.lock_file}: the process that holds it does not serve the demo; end it"
    raise TimeoutError(message)
