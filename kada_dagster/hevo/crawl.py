"""The order of a crawl: calls run side by side, rows are written in the order of the lists."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from kada_dagster.api.errors import ApiError, ApiForbiddenError, ApiNotFoundError
from kada_dagster.api.lookahead import Stream
from kada_dagster.api.values import text
from kada_dagster.extracts.seen import Seen
from kada_dagster.hevo.answers import Answers, Trim, as_it_is
from kada_dagster.hevo.client import HevoClient, path_of

GONE = frozenset({"DELETED", "DELETING"})
"""Statuses of pipelines that are gone, or will be soon."""

_WIDTH = 8  # pipelines whose lists are read at the same time
_DEPTH = 500  # entries of one pipeline's lists that are held
_CLIENT_ERRORS = range(400, 500)
_LOST = (
    "its runs would be missing for good, so nothing of this window is written: run it again when "
    "the list can be read"
)
Warn = Callable[[str, str], None]


@dataclass(frozen=True)
class Task:
    """Rows to write, after a call or without one.

    Attributes:
        write: called with the answer, in the thread that writes; an empty one if there is none.
        path: of the call, empty for none.
        mark: what changes when the answer may have changed; empty if nothing tells.
        trim: takes from an answer what is used, and may be kept.
        is_kept: whether the answer may be kept: code may hold secrets.
    """

    write: Callable[[dict[str, Any]], None]
    path: str = ""
    mark: str = ""
    trim: Trim = as_it_is
    is_kept: bool = True


@dataclass(frozen=True)
class Crawl:
    """Reads what may be refused, or gone, without giving up the rest.

    Attributes:
        client: what to ask.
        answers: what was asked before.
        warn: counts what was not there.
    """

    client: HevoClient
    answers: Answers
    warn: Warn

    def run(self, streams: Iterable[Stream[Task]]) -> None:
        """Do the tasks of all streams, in order.

        Raises:
            KadaError: the crawl cannot go on.
        """
        gather = self.client.api.gather_streams
        with closing(gather(streams, self._answer, width=_WIDTH, depth=_DEPTH)) as found:
            for task, answer in found:
                task.write(answer)

    def items(self, family: str, *names: str, key: str = "id") -> Iterator[dict[str, Any]]:
        """A list; where it is refused or gone, what of it was had.

        Args:
            family: `CLASSIC` or `EDGE`.
            names: parts of the path behind it, not encoded.
            key: field that tells entries apart: rows that move between pages come twice.
        """
        return once(self._tolerated_items(self.client.items(family, *names)), key)

    def runs(
        self, family: str, pipeline: str, items: Iterator[dict[str, Any]]
    ) -> Iterator[dict[str, Any]]:
        """A list that tells of runs of a pipeline; what there is where the pipeline is gone.

        Its window is read once: runs that are not in it now would never be.

        Args:
            family: `CLASSIC` or `EDGE`.
            pipeline: id.
            items: of the list.

        Raises:
            KadaError: it cannot be read to its end, and the pipeline is not gone.
        """
        try:
            yield from items
        except ApiNotFoundError as error:
            if not self._is_gone(family, pipeline):
                raise error.saying(f"the pipeline is there, and {_LOST}") from error
            self.warn("not_found", str(error))
        except (ApiForbiddenError, ApiError) as error:
            raise error.saying(_LOST) from error

    def _is_gone(self, family: str, pipeline: str) -> bool:
        try:
            found = self.client.one(path_of(family, "pipelines", pipeline))
        except ApiNotFoundError:
            return True
        return text(found.get("status")).upper() in GONE

    def _tolerated_items(self, items: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        with self._tolerant():
            yield from items

    def one(self, path: str) -> dict[str, Any]:
        """A single thing; empty where it is refused or gone, which is counted."""
        with self._tolerant():
            return self.client.one(path)
        return {}

    def _answer(self, task: Task) -> dict[str, Any]:
        if not task.path:
            return {}
        if not task.is_kept:
            return task.trim(self.one(task.path))
        with self._tolerant():
            return self.answers.get(task.path, task.mark, task.trim)
        return {}

    @contextmanager
    def _tolerant(self) -> Generator[None, None, None]:
        """Counts what is refused or gone, and leaves it there; all else ends the crawl."""
        try:
            yield
        except ApiForbiddenError as error:
            self.warn("not_permitted", str(error))
        except ApiNotFoundError as error:
            self.warn("not_found", str(error))
        except ApiError as error:
            if error.status not in _CLIENT_ERRORS:
                raise
            self.warn("not_readable", str(error))


def once(entries: Iterator[dict[str, Any]], key: str) -> Iterator[dict[str, Any]]:
    """Entries without those that come again: rows move between pages.

    Args:
        entries: of a list.
        key: field that tells them apart; entries without it are all there.
    """
    seen = Seen()
    for entry in entries:
        name = text(entry.get(key))
        if not name or seen.add(name):
            yield entry
