"""Putting a new project down: into an empty folder, and over nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kada_dagster.errors import ConfigError

_WELCOME = {".git", ".venv"}
"""What may be there before: one has to run `kada` from somewhere."""


def check_empty(folder: Path) -> None:
    """Refuse a folder that holds something.

    Raises:
        ConfigError: it does, is no folder, or cannot be one; names what is there.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise ConfigError(f"{folder} is a file; choose another folder")
        there = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    except OSError as error:
        raise _unusable(folder, error) from None
    if found := [name for name in there if name not in _WELCOME]:
        raise ConfigError(
            f"{folder} is not empty, it holds {found[0]}; nothing was written: choose another "
            "folder"
        )


def write_files(folder: Path, contents: Mapping[str, str]) -> None:
    """Write new files; none that is there is touched.

    Args:
        folder: made where it is missing.
        contents: text by path from the folder.

    Raises:
        ConfigError: one cannot be written, or somebody made it meanwhile.
    """
    for name, text in contents.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
        except OSError as error:
            raise _unusable(path, error) from None


def _unusable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(f"{path}: {(error.strerror or 'cannot be written').lower()}")
