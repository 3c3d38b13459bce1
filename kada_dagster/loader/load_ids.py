"""The id that names a load in all attempts of a run to do it; see `run_task`.

It is not an argument of `LoaderResource.load`, which people write their own of.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

_CURRENT: ContextVar[str | None] = ContextVar("load_id", default=None)


def current_load_id() -> str | None:
    """The id of the loads this thread asks for; None where every one is a load of its own."""
    return _CURRENT.get()


@contextmanager
def naming(load_id: str) -> Generator[None]:
    """Name the loads that are asked for in here.

    Args:
        load_id: the same in every attempt; a task or range is loaded once under it.
    """
    token = _CURRENT.set(load_id)
    try:
        yield
    finally:
        _CURRENT.reset(token)
