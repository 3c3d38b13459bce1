"""Project folders for tests, written from a mapping of paths to texts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

CONNECTIONS = """\
target: {type: postgres, host: localhost, database: dwh, username: loader, password: "${DWH}"}
erp: {type: sqlite, path: erp.db}
"""


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write the files, and a connections.yaml and route.yaml where they are left out."""
    routes = {path.split("/")[1] for path in files if path.startswith("routes/")}
    usual = {f"routes/{route}/route.yaml": "source: erp\n" for route in routes}
    for path, text in {"connections.yaml": CONNECTIONS, **usual, **files}.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(dedent(text), encoding="utf-8")
    (folder / "routes").mkdir(exist_ok=True)
    return folder
