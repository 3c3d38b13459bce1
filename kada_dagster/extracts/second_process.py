"""Work in a copy of this process, for a second core. Whoever uses it can also do without."""

from __future__ import annotations

import gc
import os
import pickle
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NoReturn, TypeVar

T = TypeVar("T")
_THREADS = Path("/proc/self/task")


def can_copy() -> bool:
    """Whether this process may be copied, and the copy would have a core of its own.

    A copy has none of the other threads but every lock they held, so only a process that has one
    thread is copied. Only Linux counts them all, those of C libraries too.
    """
    try:
        return len(list(_THREADS.iterdir())) == 1 and len(os.sched_getaffinity(0)) > 1
    except (OSError, AttributeError):
        return False


@contextmanager
def beside(work: Callable[[], T]) -> Generator[Callable[[], T | None], None, None]:
    """Do some work in a copy of this process while the body of the `with` goes on.

    Args:
        work: what to do; its result is pickled. It must not touch what others see of this
            process: connections, locks, signals.

    Yields:
        A function to call once: waits for the result; None where the work failed or was killed.

    Raises:
        OSError: there is no process to be had.
    """
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as result, os.fdopen(writer, "wb") as target:
        child = os.fork()
        if not child:
            result.close()
            _work(work, target)
        target.close()
        try:
            yield lambda: _received(result)
        finally:
            with suppress(ProcessLookupError, ChildProcessError):  # SIGCHLD is ignored here
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)


def _work(work: Callable[[], object], target: IO[bytes]) -> NoReturn:
    """Never returns, and never runs what the original does at its end."""
    try:
        gc.disable()  # looking for garbage writes to every object: each page would be copied
        pickle.dump(work(), target)
        target.flush()
    finally:
        os._exit(0)


def _received(result: IO[bytes]) -> Any:
    with suppress(EOFError, pickle.UnpicklingError):  # it ended before it had sent everything
        return pickle.load(result)  # noqa: S301 - of a copy of this very process
    return None
