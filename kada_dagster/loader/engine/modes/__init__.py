"""The ways to load, one module each, found by the word of task.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from kada_dagster.loader.engine.context import Mode
from kada_dagster.loader.errors import NotSupportedError

_MODES: Mapping[str, str] = {
    "diff": "diff:load_diff",
    "file": "reading:load_read",
    "full": "full:load_full",
    "history": "history:load_history",
    "http": "reading:load_read",
    "incremental": "incremental:load_incremental",
    "sql": "transform:load_select",
    "upsert": "upsert:load_upsert",
}


def mode_of(name: str) -> Mode:
    """The function that loads in a mode.

    Raises:
        NotSupportedError: there is no such mode.
    """
    if name not in _MODES:
        raise NotSupportedError(f"mode: {name}: there is no such mode")
    module, _, function = _MODES[name].partition(":")
    return getattr(import_module(f"{__name__}.{module}"), function)
