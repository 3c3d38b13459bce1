"""The demo as the world of a page: its servers, and a folder in which it has run once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kada_dagster.config.find import DEMO_FOLDER, FILE_NAME, VARIABLE, demo_config
from kada_dagster.sandbox.demo import ports
from kada_dagster.sandbox.demo.servers import demo_servers
from kada_dagster_tests.docs.pages import ROOT
from kada_dagster_tests.docs.world import World

VENDOR_FILE = "kada_postgres_extractor_config.json"
_MADE = ("extracts", "landing", "marks", "loader")


@dataclass(frozen=True)
class DemoRun:
    """A demo that has run, and whose servers go on.

    Attributes:
        folder: where it ran.
        printed: what it printed.
        variables: that its kada.yaml refers to.
        ports: of its servers, by name.
    """

    folder: Path
    printed: str
    variables: dict[str, str]
    ports: dict[str, int]

    @property
    def vendor_config(self) -> dict[str, object]:
        """The vendor's configuration file for the demo's database."""
        place = {"host": "shop.example.org", "server": "127.0.0.1", "port": self.ports["postgres"]}
        role = {"username": "shop_reader", "password": "", "databases": ["shop"]}
        options = {"mask": True, "compress": True, "meta_only": True, "output_path": "output"}
        return {**place, **role, **options}

    def copy(self, folder: Path) -> World:
        """A folder in which the demo has run just now, for one page."""
        own = folder / DEMO_FOLDER
        for name in _MADE:
            if (made := self.folder / DEMO_FOLDER / name).is_dir():
                shutil.copytree(made, own / name)
        shutil.copytree(demo_config().parent / "loader", own / "loader", dirs_exist_ok=True)
        packaged = demo_config().read_text(encoding="utf-8")
        (own / FILE_NAME).write_text(ports.with_ports(packaged, self.ports), encoding="utf-8")
        (folder / "kada_dagster").symlink_to(ROOT / "kada_dagster")
        (folder / VENDOR_FILE).write_text(json.dumps(self.vendor_config), encoding="utf-8")
        variables = self.variables | {VARIABLE: str(own / FILE_NAME)}
        return World(folder, variables)


@contextmanager
def demo_run(folder: Path) -> Generator[DemoRun]:
    """Serve the demo in a folder and let it run there, as `make demo` does."""
    before = Path.cwd()
    os.chdir(folder)  # the demo is one of the working folder
    try:
        with demo_servers() as demo:
            served = ports.ports_of(demo.config.read_text(encoding="utf-8"))
            yield DemoRun(folder, _run(folder), dict(demo.variables), served)
    finally:
        os.chdir(before)


def _run(folder: Path) -> str:
    bare = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "kada_dagster.sandbox.demo"]
    done = subprocess.run(
        command, cwd=folder, env=bare, capture_output=True, text=True, timeout=200, check=True
    )
    printed = done.stdout.replace(f"{os.path.relpath(ROOT, folder)}/", "")  # run in the checkout
    packaged = demo_config().parent.relative_to(ROOT)
    return printed.replace(f"project {DEMO_FOLDER}", f"project {packaged}")  # a port was taken
