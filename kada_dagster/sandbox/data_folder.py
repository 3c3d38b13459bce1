"""The data folder of a PostgreSQL server: made whole or not at all, checked, and waited for.

What is done before a server may start on a folder belongs here; the running server does not.
Facts: PostgreSQL documentation, "initdb" and "Database File Layout" (PG_VERSION, postmaster.pid).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from kada_dagster.errors import KadaError

from .unprivileged import Account, give

SUPERUSER = "postgres"
RELEASE_SECONDS = 10.0


class PostgresServerError(KadaError):
    """A sandbox server cannot be made or started; the message ends with what it logged."""


def server_environment() -> dict[str, str]:
    """Our environment without the PG* variables, which initdb, postgres and libpq all obey."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C"}


def major_version(bin_dir: Path) -> int:
    """The major version of the programs in `bin_dir`, as 15.

    Raises PostgresServerError when there is no `postgres` that can be run.
    """
    try:
        answer = subprocess.run(
            [str(bin_dir / "postgres"), "--version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise PostgresServerError(f"{bin_dir} holds no PostgreSQL that runs here") from error
    # "postgres (PostgreSQL) 15.18 (Debian ...)", "... 19beta1"
    number = answer.stdout.split()[2].split(".")[0]
    return int("".join(character for character in number if character.isdigit())[:2])


def prepare(
    data_dir: Path, bin_dir: Path, version: int, account: Account | None, password: str | None
) -> None:
    """Leaves `data_dir` a data folder of major `version`, owned by who the server runs as.

    Raises PostgresServerError when the folder holds something else, belongs to another major
    version, is served by a running server, or initdb fails.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    if not any(data_dir.iterdir()):
        _initialise(data_dir, bin_dir, account, password)
    found = _version_of(data_dir)
    if found != version:
        raise PostgresServerError(
            f"{data_dir} was made by PostgreSQL {found}, {bin_dir} has {version}: "
            "use the programs of that version, or give an empty folder"
        )
    _wait_until_free(data_dir)
    if account is not None:
        give(data_dir, account)


def _version_of(data_dir: Path) -> int:
    try:
        return int((data_dir / "PG_VERSION").read_text())
    except (OSError, ValueError) as error:
        raise PostgresServerError(
            f"{data_dir} is neither empty nor a PostgreSQL data folder: give another one"
        ) from error


def _initialise(
    data_dir: Path, bin_dir: Path, account: Account | None, password: str | None
) -> None:
    # Beside the place and then renamed: initdb killed half-way leaves no half data folder.
    work = Path(tempfile.mkdtemp(prefix=".initdb-", dir=data_dir.parent))
    try:
        fresh = work / "data"
        fresh.mkdir(mode=0o700)
        options = _authentication(work, password)
        if account is not None:
            give(work, account)
        _run_initdb([str(bin_dir / "initdb"), "-D", str(fresh), *options], account, bin_dir, work)
        fresh.rename(data_dir)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _authentication(work: Path, password: str | None) -> list[str]:
    if password is None:
        return ["--auth=trust"]
    file = work / "password"
    file.touch(mode=0o600)
    file.write_text(password, encoding="utf-8")
    return ["--auth=scram-sha-256", f"--pwfile={file}"]


def _run_initdb(command: list[str], account: Account | None, bin_dir: Path, work: Path) -> None:
    command = [*command, "-U", SUPERUSER, "--encoding=UTF8", "--locale=C", "--no-sync"]
    if account is not None:
        command = account.command(command, [bin_dir / "initdb", work / "data"])
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        errors="replace",
        cwd="/",
        env=server_environment(),
        start_new_session=True,
        check=False,  # what it says is more use than its exit code
    )
    if done.returncode != 0:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-8:])
        raise PostgresServerError(f"initdb failed with code {done.returncode}:\n{last}")


def _wait_until_free(data_dir: Path) -> None:
    """Waits for the last server on the folder to go: its owner may have been killed just now."""
    deadline = time.monotonic() + RELEASE_SECONDS
    while (pid := _holder(data_dir)) is not None:
        if time.monotonic() > deadline:
            raise PostgresServerError(
                f"{data_dir} is served by the running process {pid}: stop that one first"
            )
        time.sleep(0.05)


def _holder(data_dir: Path) -> int | None:
    """The running server the folder's postmaster.pid speaks of, or None.

    A number that now belongs to a process of another kind counts as None and the file goes,
    since the server would refuse to start over it.
    """
    file = data_dir / "postmaster.pid"
    try:
        pid = abs(int(file.read_bytes().split(b"\n", 1)[0]))
        os.kill(pid, 0)
    except (OSError, ValueError):
        return None
    if _is_elsewhere(pid, data_dir):
        file.unlink(missing_ok=True)
        return None
    return pid


def _is_elsewhere(pid: int, data_dir: Path) -> bool:
    # A server works in its data folder. Where that cannot be seen, the file is believed.
    if not sys.platform.startswith("linux"):
        return False
    try:
        return not Path(f"/proc/{pid}/cwd").samefile(data_dir)
    except FileNotFoundError:  # it has just ended, or has and nobody waited for it yet
        return True
    except OSError:
        return False
