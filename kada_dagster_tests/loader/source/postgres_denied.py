"""A schema of PostgreSQL with a table in it that may not be read."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from kada_dagster.loader.source.base import Source
from kada_dagster_tests.loader.source.landing import Landing

_MAKE = """
CREATE ROLE {0} LOGIN; CREATE SCHEMA guarded; GRANT USAGE ON SCHEMA guarded TO {0};
CREATE TABLE guarded.a (id int PRIMARY KEY); CREATE TABLE guarded.b (id int);
CREATE TABLE guarded.c (id int PRIMARY KEY); GRANT SELECT ON guarded.a, guarded.c TO {0}; SELECT 1
"""


@contextmanager
def some_denied(origin: Landing) -> Generator[None]:
    """Tables a, b and c; a role called like the database may read the first and the last."""
    origin.rows(_MAKE.format(origin.database))
    try:
        yield
    finally:
        origin.rows(f"DROP SCHEMA guarded CASCADE; DROP ROLE {origin.database}; SELECT 1")


def require_listed(source: Source) -> None:
    """All three are told, and why one has no columns; rows can still be read."""
    first, second, third = source.tables("guarded")
    assert [one.name for one in (first, second, third)] == [("guarded", name) for name in "abc"]
    assert "permission denied for table b" in second.problem
    assert (second.columns, first.problem, third.problem) == ((), "", "")
    assert [column.name for column in third.columns] == ["id"]
