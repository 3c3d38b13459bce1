"""Running a command as an account without privileges; PostgreSQL refuses to run as root.

Only the change of identity belongs here, nothing about the command. The file is also run as a
script, by path, by the very process that then becomes the command; so it imports nothing but the
standard library.

A data folder or a virtual environment below `/root` cannot be reached by another account. Instead
of opening such folders to everyone, the command keeps one capability, `CAP_DAC_READ_SEARCH` (or
`CAP_DAC_OVERRIDE`, the one containers usually have): see capabilities(7), "ambient".
"""

from __future__ import annotations

import ctypes
import os
import pwd
import stat
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

_OVERRIDE, _READ_SEARCH = 1, 2
_PR_SET_SECUREBITS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 28, 47, 2
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_CAPABILITY_VERSION_3 = 0x20080522


@dataclass(frozen=True)
class Account:
    """An account of this machine, by number."""

    uid: int
    gid: int
    name: str

    def command(self, command: Sequence[str], paths: Iterable[Path]) -> list[str]:
        """`command` so that it runs as this account and reaches `paths`; to be started as root."""
        search = "search" if any(not self.reaches(path) for path in paths) else "plain"
        launcher = [sys.executable, "-I", "-S", str(Path(__file__).resolve())]
        return [*launcher, str(self.uid), str(self.gid), search, *command]

    def reaches(self, path: Path) -> bool:
        """Whether the account may walk down to `path` by the permission bits alone."""
        return all(self._may_enter(folder) for folder in path.resolve().parents)

    def _may_enter(self, folder: Path) -> bool:
        status = folder.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)


def unprivileged_account() -> Account | None:
    """The account to run servers as: None (this one) unless we are root.

    `nobody` where it is, else any account that is not root. initdb wants one with a name.
    """
    if os.geteuid() != 0:
        return None
    entries = sorted(pwd.getpwall(), key=lambda entry: (entry.pw_name != "nobody", entry.pw_uid))
    for entry in entries:
        if entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid, entry.pw_name)
    raise LookupError(
        "PostgreSQL does not run as root and /etc/passwd names no other account: "
        "add one (useradd postgres) or run as an ordinary user"
    )


def give(folder: Path, account: Account) -> None:
    """Makes `account` the owner of `folder` and of all that is in it. Links are not followed."""
    if folder.stat().st_uid == account.uid:
        return
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.lchown(Path(parent) / name, account.uid, account.gid)
    # The top comes last: it is what says that the rest is done.
    os.chown(folder, account.uid, account.gid)


def _permitted(capability: int) -> bool:
    lines = Path("/proc/self/status").read_text().splitlines()
    mask = next(int(line.split()[1], 16) for line in lines if line.startswith("CapPrm:"))
    return bool(mask >> capability & 1)


def _search_capability() -> int | None:
    if not sys.platform.startswith("linux"):
        return None
    return next((each for each in (_READ_SEARCH, _OVERRIDE) if _permitted(each)), None)


def _keep(libc: ctypes.CDLL, capability: int) -> None:
    """Leaves the process and what it executes with `capability` and no other."""
    bit = 1 << capability
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)  # effective, permitted, inheritable
    if libc.capset(header, data) or libc.prctl(
        _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0
    ):
        raise OSError(ctypes.get_errno(), "cannot keep a capability")


def become(uid: int, gid: int, capability: int | None) -> None:
    """Turns this process from root into `uid` for good, with at most that one capability."""
    libc = ctypes.CDLL(None, use_errno=True)
    if capability is not None and libc.prctl(
        # Else setuid drops capabilities, and access(2), which initdb asks, ignores them.
        _PR_SET_SECUREBITS,
        _SECBIT_NO_SETUID_FIXUP,
        0,
        0,
        0,
    ):
        capability = None
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if capability is not None:
        _keep(libc, capability)


def main(arguments: Sequence[str]) -> None:
    """`UID GID search|plain COMMAND...`: becomes that account, then the command."""
    uid, gid, search, *command = arguments
    capability = _search_capability() if search == "search" else None
    if search == "search" and capability is None:
        print(
            f"account {uid} cannot enter all of the folders needed, and this root lacks "
            "CAP_DAC_READ_SEARCH to help it: put the data folder where every account may enter "
            "(below /var/tmp, say) or run as an ordinary user",
            file=sys.stderr,
        )
    become(int(uid), int(gid), capability)
    try:
        os.execvp(command[0], command)
    except PermissionError:
        sys.exit(
            f"account {uid} cannot reach {command[0]}: install where every account may "
            "read, or run as an ordinary user"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
