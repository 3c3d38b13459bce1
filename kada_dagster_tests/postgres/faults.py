"""What the fault tests share: an extract made before, and what must hold of it afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kada_dagster.errors import KadaError
from kada_dagster.postgres import Extractor
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.postgres.extract_files import END, START, extract, extractor

SLOW = """
SELECT 'SCHEMA', pg_sleep(120)::text || {0} || {1}, '', '', '', '', '', '', '', '', '', '', '',
       '', '', '', '', ''
  FROM pg_namespace n WHERE {2} LIMIT 1"""
"""Instead of `SCHEMAS_SQL`: a statement that is still running when a test wants it to be."""


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but the locks."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


class Before:
    """A good extract in `output`, which no failure of a later run may touch."""

    def __init__(self, server: PostgresServer, output: Path, database: str) -> None:
        self.server, self.output, self.database = server, output, database
        extract(server, output, database)
        self.files = contents(output)

    def slow(self, **options: Any) -> Extractor:
        """An extractor that stays in the middle of a statement."""
        return self.extractor(custom_sql={"SCHEMAS_SQL": SLOW}, **options)

    def extractor(self, **options: Any) -> Extractor:
        return extractor(self.server, self.output, self.database, **options)

    def fails(self, collector: Extractor, kind: type[KadaError], *words: str) -> KadaError:
        """The run fails with exactly this class and names these words; the files are untouched."""
        with pytest.raises(KadaError) as caught:
            collector.run(START, END)
        assert type(caught.value) is kind, caught.value
        for word in words:
            assert word in str(caught.value)
        self.untouched()
        return caught.value

    def untouched(self) -> None:
        assert contents(self.output) == self.files

    def next_run_is_clean(self) -> None:
        """The next run works and leaves nothing but its folder."""
        extract(self.server, self.output, self.database)
        assert {Path(name).parts[:2] for name in contents(self.output)} == {
            Path(name).parts[:2] for name in self.files
        }


def wait_until(condition: Callable[[], object]) -> None:
    """Polls; a condition that never comes true fails the test."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "waited for a minute"
        time.sleep(0.02)


def backends(server: PostgresServer, database: str, state: str = "") -> list[int]:
    """Process ids of the collector's connections to a database."""
    connection = server.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'kada_dagster'"
                " AND datname = %s AND query LIKE %s",
                (database, f"%{state}%"),
            )
            return [row[0] for row in cursor.fetchall()]
    finally:
        connection.close()
