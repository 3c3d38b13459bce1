"""Answers that are not asked for twice: of a crawl that died, and of what did not change.

The rate limit makes calls dear: a crawl of 10,000 mappings takes 100 minutes.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from kada_dagster.api.journal import Journal
from kada_dagster.api.values import object_of
from kada_dagster.hevo.client import HevoClient

RESUME_WITHIN = 24 * 3600
"""Seconds after its begin in which a crawl that died is gone on with."""

_BEGAN = "began"
Trim = Callable[[dict[str, Any]], dict[str, Any]]


def as_it_is(answer: dict[str, Any]) -> dict[str, Any]:
    """All of an answer."""
    return answer


class Answers:
    """Asks for single things, and keeps what it was told. A context manager.

    Args:
        client: what to ask.
        folder: where answers are kept; None keeps nothing.
        resume: go on with a crawl that died.
        skip_unchanged: do not ask again for what has a mark and did not change.
        clock: the time, in seconds since 1970.
    """

    def __init__(
        self,
        client: HevoClient,
        folder: Path | None,
        *,
        resume: bool = True,
        skip_unchanged: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client, self._clock = client, clock
        self._stack = ExitStack()
        self._crawl = self._journal(folder, ".hevo-crawl.journal", resume)
        self._unchanged = self._journal(folder, ".hevo-unchanged.journal", skip_unchanged)

    def __enter__(self) -> Answers:
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

    def get(self, path: str, mark: str, trim: Trim) -> dict[str, Any]:
        """A single thing.

        Args:
            path: of the call.
            mark: what changes when the answer may have changed; empty if nothing tells.
            trim: takes from an answer what is used, and may be kept: no secrets.

        Raises:
            KadaError: see `ApiClient.get`.
        """
        journal = self._unchanged if mark and self._unchanged is not None else self._crawl
        if journal is None:
            return trim(self._client.one(path))
        key = hashlib.sha256(f"{path}\n{mark}".encode(errors="surrogatepass")).hexdigest()[:24]
        return object_of(journal.answer(key, lambda: trim(self._client.one(path))))

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
