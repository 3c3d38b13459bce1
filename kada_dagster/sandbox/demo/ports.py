"""The demo's configuration file, and the ports in it: others where they are taken.

A port of the demo is the number in a line that ends in `# demo: <service>`.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from shutil import copytree, rmtree

from kada_dagster.config.find import DEMO_FOLDER, FILE_NAME, demo_config

_READ = ("loader",)
"""Folders beside the packaged file that it refers to."""
_PORT = re.compile(r"\b\d{4,5}\b(?=[^\n]*# demo: (\w+)$)", re.MULTILINE)


def current_config() -> Path:
    """The copy with other ports, if there is one of this version; else the packaged file."""
    own, packaged = _own(), _text(demo_config())
    if own.is_file() and with_ports(packaged, ports_of(_text(own))) == _text(own):
        return own
    return demo_config()


def ports_of(text: str) -> dict[str, int]:
    """The port of each service, by its name."""
    return {match[1]: int(match[0]) for match in _PORT.finditer(text)}


def with_ports(text: str, ports: Mapping[str, int]) -> str:
    """The text with these ports; those of other services stay as they are."""
    return _PORT.sub(lambda match: str(ports.get(match[1], match[0])), text)


def config_with_free_ports() -> Path:
    """A configuration whose ports can all be listened on; written where it must be another."""
    config, own = current_config(), _own()
    ports = ports_of(_text(config))
    taken = [name for name, port in ports.items() if not _is_free(port)]
    if not taken and config != own:
        return config
    own.parent.mkdir(exist_ok=True)
    own.write_text(with_ports(_text(config), _free_ports(taken)), encoding="utf-8")
    for folder in _READ:
        rmtree(own.parent / folder, ignore_errors=True)  # another version had other files there
        copytree(demo_config().parent / folder, own.parent / folder)
    return own


def is_served(port: int) -> bool:
    """Whether somebody listens there."""
    with closing(socket.socket()) as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _own() -> Path:
    return Path.cwd() / DEMO_FOLDER / FILE_NAME


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def _free_ports(names: Iterable[str]) -> dict[str, int]:
    """A free port for each, no two the same: all are held until the last is found."""
    probes = {name: socket.socket() for name in names}
    try:
        for probe in probes.values():
            probe.bind(("127.0.0.1", 0))
        return {name: int(probe.getsockname()[1]) for name, probe in probes.items()}
    finally:
        for probe in probes.values():
            probe.close()


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
