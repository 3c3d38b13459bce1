"""Any values PostgreSQL can hold travel without change, as binary data and as text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kada_dagster.loader.server import Server
from kada_dagster.loader.source.base import Encoding, Selection
from kada_dagster.loader.source.postgres import PostgresSource
from kada_dagster.postgres.client import ServerAddress
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.loader.fidelity.postgres_strategies import ANY
from kada_dagster_tests.loader.source.landing import Landing, new_landing

ROWS = st.lists(st.tuples(*(st.none() | one for one in ANY.values())), min_size=1, max_size=9)


@pytest.fixture(scope="module")
def origin(postgres: PostgresServer) -> Iterator[Landing]:
    """A database with a table for the values, and an unlike one for those that travel as text."""
    with new_landing(postgres) as made:
        columns = ", ".join(f"c{at} {kind}" for at, kind in enumerate(ANY))
        made.create(f"n serial, {columns}")
        with made.raw.cursor() as cursor:
            cursor.execute("CREATE VIEW mixed AS SELECT *, n::text::money AS price FROM t")
        yield made


@given(ROWS)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_any_value_travels_without_change(
    origin: Landing, landing: Landing, rows: list[tuple[str | None, ...]]
) -> None:
    marks = ", ".join(f"%s::{kind}" for kind in ANY)
    with origin.raw.cursor() as cursor:
        cursor.execute("TRUNCATE t")
        for row in rows:
            cursor.execute(f"INSERT INTO t VALUES (DEFAULT, {marks})", row)
    address = ServerAddress(server="127.0.0.1", port=origin.server.port, username="postgres")
    with PostgresSource(Server(address, origin.database)) as source:
        for table, encoding in (("t", Encoding.BINARY), ("mixed", Encoding.TEXT)):
            selection = Selection(table=("public", table))
            kinds = ", ".join(f"{c.name} {c.target_type}" for c in source.columns(selection))
            into = landing.create(kinds)
            stream = source.stream(selection, into)
            assert stream.encoding == encoding
            assert landing.take(stream, into) == len(rows)
            shown = "SELECT t::text, record_send(t) FROM {} AS t ORDER BY n"
            theirs = landing.rows(shown.format("t"))
            ours = origin.rows(shown.format(table))
            assert [(text, bytes(data)) for text, data in theirs] == [
                (text, bytes(data)) for text, data in ours
            ]
