"""What a project and its package may be called."""

from __future__ import annotations

import keyword
import re
import sys
from importlib.util import find_spec

from kada_dagster.errors import ConfigError

_PROJECT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\Z")
_PACKAGE = re.compile(r"[a-z_][a-z0-9_]*\Z")
_SOURCE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def package_of(project: str) -> str:
    """The package of a project: its name in small letters, with `_` for what no module may have.

    Raises:
        ConfigError: the name is none of a project, or its package could not be imported.
    """
    if not _PROJECT.match(project):
        raise ConfigError(
            f"{project!r} is no name of a project: letters, digits, '.', '-' and '_', and a letter "
            "or digit at both ends; choose another folder"
        )
    return checked_package(re.sub(r"[.-]", "_", project.lower()), "choose another folder, or give ")


def checked_package(name: str, cure: str = "choose another ") -> str:
    """The name of a package.

    Args:
        name: of it.
        cure: what to do, before `--package`.

    Raises:
        ConfigError: it could not be imported, or would stand in the way of another module.
    """
    if not _PACKAGE.match(name):
        reason = "a package begins with a letter and has small letters, digits and '_' alone"
    elif keyword.iskeyword(name) or keyword.issoftkeyword(name):
        reason = "that is a word of the Python language"
    elif name in sys.stdlib_module_names:
        reason = "that is a module of Python itself, which would not be found any more"
    elif _is_installed(name):
        reason = "that is a module that is installed, which would not be found any more"
    else:
        return name
    raise ConfigError(f"{name!r} is no name for the package: {reason}; {cure}--package")


def checked_source(name: str) -> str:
    """The name of a source.

    Raises:
        ConfigError: it cannot be part of asset keys and names of files.
    """
    if _SOURCE.match(name):
        return name
    raise ConfigError(f"--name {name}: must be letters, digits and '_', and not begin with a digit")


def _is_installed(name: str) -> bool:
    """Whether a module of that name is there; an empty folder is none."""
    found = find_spec(name)
    return found is not None and found.origin is not None
