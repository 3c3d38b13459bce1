"""Somebody who reads a table all the time, over a connection of his own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing

import psycopg2

from kada_dagster.sandbox.postgres_server import PostgresServer

PAUSE = 0.003  # seconds between two reads


class Reader:
    """Reads until it is left, and keeps what it should not have seen; a context manager.

    Args:
        server: of the database.
        database: with the table.
        query: gives one row.
        number_of: the generation that row is of; raises KeyError where it is of none.

    Attributes:
        reads: so far.
        wrong: what was read that is of no generation, or of one that was over already.
    """

    def __init__(
        self,
        server: PostgresServer,
        database: str,
        query: str,
        number_of: Callable[[tuple[int, ...]], int],
    ) -> None:
        self._server, self._database, self._query = server, database, query
        self._number_of = number_of
        self._seen = -1
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.reads = 0
        self.wrong: list[object] = []

    def _run(self) -> None:
        while not self._end.is_set():
            try:
                with closing(self._server.connect(self._database)) as raw, raw.cursor() as cursor:
                    while not self._end.wait(PAUSE):
                        cursor.execute(self._query)
                        self._take(tuple(map(int, cursor.fetchall()[0])))
            except psycopg2.OperationalError:  # the server starts again
                self._end.wait(0.05)

    def _take(self, row: tuple[int, ...]) -> None:
        self.reads += 1
        try:
            number = self._number_of(row)
        except KeyError:
            self.wrong.append(row)
            return
        if number < self._seen:
            self.wrong.append((number, "after", self._seen))
        self._seen = number

    def wait_for(self, reads: int) -> None:
        """Go on until there were so many."""
        while self.reads < reads and self._thread.is_alive():
            self._end.wait(0.01)

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(self, *_details: object) -> None:
        self._end.set()
        self._thread.join()
