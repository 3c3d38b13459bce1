"""Answers that are not asked for twice: of a crawl that died, and of what did not change.

Belongs here: two journals and which of them an answer goes to. Not here: how to ask, and what tells
that something changed; both come from the source's room.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from typing_extensions import Self

from kada_dagster.api.journal import Journal

T = TypeVar("T")
RESUME_WITHIN = 24 * 3600
"""Seconds after its begin in which a crawl that died is gone on with."""

_BEGAN = "began"


class KeptAnswers:
    """Remembers answers. A context manager; for use from many threads.

    Args:
        folder: where answers are kept; None keeps nothing.
        name: of the source's type, for names of files.
        resume: go on with a crawl that died.
        skip_unchanged: do not ask again for what has a mark and did not change.
        clock: the time, in seconds since 1970.
    """

    def __init__(
        self,
        folder: Path | None,
        name: str,
        *,
        resume: bool = True,
        skip_unchanged: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clock, self._stack = clock, ExitStack()
        self._crawl = self._journal(folder, f".{name}-crawl.journal", resume)
        self._unchanged = self._journal(folder, f".{name}-unchanged.journal", skip_unchanged)

    def __enter__(self) -> Self:
        if self._crawl is not None:
            self._begin(self._crawl)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def answer(self, what: str, mark: str, fetch: Callable[[], T]) -> T:
        """The answer that is kept, else the one `fetch` gives, which is kept from then on.

        Args:
            what: is asked for: the path of the call.
            mark: what changes when the answer may have changed; empty if nothing tells.
            fetch: asks; gives what JSON can hold, and no secrets.

        Raises:
            StagingError: a journal cannot be written.
            KadaError: what `fetch` raises.
        """
        journal = self._unchanged if mark and self._unchanged is not None else self._crawl
        if journal is None:
            return fetch()
        key = hashlib.sha256(f"{what}\n{mark}".encode(errors="surrogatepass")).hexdigest()[:24]
        return journal.answer(key, fetch)

    def complete(self) -> None:
        """The crawl is done: forget it, and what is no longer there."""
        if self._crawl is not None:
            self._crawl.complete(keep=False)
        if self._unchanged is not None:
            self._unchanged.complete()

    def _journal(self, folder: Path | None, name: str, wanted: bool) -> Journal | None:
        if folder is None or not wanted:
            return None
        return self._stack.enter_context(Journal(folder / name))

    def _begin(self, journal: Journal) -> None:
        """Drop what an older crawl left."""
        began, now = journal.get(_BEGAN), self._clock()
        if not isinstance(began, (int, float)) or not 0 <= now - began < RESUME_WITHIN:
            journal.complete(keep=False)
            journal.put(_BEGAN, now)
