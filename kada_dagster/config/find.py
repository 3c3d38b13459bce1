"""Which kada.yaml is meant when none, or one, is named."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from kada_dagster.errors import ConfigError

VARIABLE = "KADA_CONFIG"
FILE_NAME = "kada.yaml"
DEMO_FOLDER = ".demo"
"""Folder of the current directory in which the packaged demo keeps what it makes."""


def find_config(explicit: str | None = None) -> Path:
    """The configuration file to use.

    The first that applies: the file that is named; the one the environment variable KADA_CONFIG
    names; `kada.yaml` in the current directory; the packaged demo.

    Args:
        explicit: path given by the user, if any.

    Raises:
        ConfigError: the named file is not there; says who named it.
    """
    if explicit is not None:
        return _existing(Path(explicit), "")
    if named := os.environ.get(VARIABLE):
        return _existing(Path(named), f"; ${VARIABLE} names it")
    local = Path(FILE_NAME)
    return local if local.is_file() else demo_config()


@cache
def demo_config() -> Path:
    """The configuration of the packaged demo."""
    return Path(__file__).parents[1] / "sandbox" / "demo" / FILE_NAME


def _existing(path: Path, origin: str) -> Path:
    try:
        if path.is_file():
            return path
        reason = "there is no such file"
        if path.is_dir():
            reason = f"is a folder; name the file in it, as {path / FILE_NAME}"
    except OSError as error:  # as of a name that no file can have
        reason = (error.strerror or "cannot be read").lower()
    raise ConfigError(f"{path}: {reason}{origin}")
