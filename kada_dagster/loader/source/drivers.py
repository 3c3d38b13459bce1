"""Drivers and readers that are installed with extras: imported when they are needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from kada_dagster.errors import ConfigError


def driver(module: str, extra: str) -> Any:
    """Import a module of an extra.

    Args:
        module: as `pymysql`.
        extra: of this package that installs it.

    Raises:
        ConfigError: it is not installed; names the extra.
    """
    try:
        return import_module(module)
    except ImportError as error:
        missing = error.name or module
    raise ConfigError(
        f"{missing} is not installed; install it with: pip install 'kada_dagster[{extra}]'"
    )
