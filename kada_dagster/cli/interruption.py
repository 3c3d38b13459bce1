"""A signal to terminate counts as Ctrl-C: what a command does on its way out is the same."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def terminable() -> Generator[None, None, None]:
    """Let SIGTERM raise KeyboardInterrupt inside the block, once.

    Runners of pipelines send it to a job that is cancelled, some of them more than once, and
    kill what has not ended some seconds later: the second one must not disturb the cleaning up.
    Only the main thread gets signals; in another one this changes nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - signal's signature
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
