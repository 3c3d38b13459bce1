"""Engines of SQLAlchemy, kept as long as a test's Dagster instance.

Dagster makes one for each event it stores in SQLite, which then compiles every statement anew: a
third of the time of a run. Connections are still opened and closed each time; what is done on them
is Dagster's own affair here too.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import pytest

_PLACES = (
    "event_log.sqlite.sqlite_event_log",
    "runs.sqlite.sqlite_run_storage",
    "schedules.sqlite.sqlite_schedule_storage",
)


@contextmanager
def kept_engines() -> Generator[None]:
    """Until the block ends, a database has one engine in each kind of storage."""
    with pytest.MonkeyPatch.context() as patch:
        for place in _PLACES:
            module = import_module(f"dagster._core.storage.{place}")
            patch.setattr(module, "create_engine", _kept(module.create_engine))
        yield


def _kept(create: Callable[..., Any]) -> Callable[..., Any]:
    made: dict[str, Any] = {}

    def create_engine(url: str, **options: Any) -> Any:
        if url not in made:
            made[url] = create(url, **options)
        return made[url]

    return create_engine
