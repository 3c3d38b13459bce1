"""The same catalogue gives the same bytes, however it is read; and one moment of it."""

from __future__ import annotations

import gzip
import re
import uuid
from pathlib import Path

import pytest

from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.postgres import odd_objects
from kada_dagster_tests.postgres.conftest import SAMPLE
from kada_dagster_tests.postgres.extract_files import Extracted, extract, extractor, run
from kada_dagster_tests.postgres.test_round_trip import assert_same


@pytest.mark.parametrize("compress", [False, True])
def test_the_same_catalogue_gives_the_same_bytes(
    every_postgres: PostgresServer, sample: Extracted, tmp_path: Path, compress: bool
) -> None:
    one, other = (
        extract(every_postgres, tmp_path / name, SAMPLE, compress=compress).bytes() for name in "ab"
    )
    assert one == other
    plain = [gzip.decompress(data) if compress else data for data in one.values()]
    assert plain == list(sample.bytes().values())


@pytest.mark.parametrize("connections", [1, 2, 5])
def test_any_number_of_connections_gives_the_same_bytes(
    every_postgres: PostgresServer, sample: Extracted, tmp_path: Path, connections: int
) -> None:
    extracted = extract(every_postgres, tmp_path, SAMPLE, connections=connections)
    assert extracted.bytes() == sample.bytes()


@pytest.mark.parametrize("connections", [1, 2])
def test_what_changes_while_it_is_read_is_not_in_the_extract(
    every_postgres: PostgresServer, tmp_path: Path, connections: int
) -> None:
    database = every_postgres.create_database()
    connection = every_postgres.connect(database)
    odd_objects.build(connection)
    before = extract(every_postgres, tmp_path / "before", database)
    collector = extractor(every_postgres, tmp_path / "during", database, connections=connections)

    def change(what: str, _rows: int) -> None:
        late = f"late_{uuid.uuid4().hex}"
        with connection.cursor() as cursor:  # while the other connection reads on
            cursor.execute(
                f"CREATE TABLE {late} (id serial PRIMARY KEY CHECK (id > 0));"
                f" CREATE VIEW {late}_view AS SELECT id FROM {late};"
                f" CREATE SCHEMA {late}_schema; GRANT SELECT ON {late} TO PUBLIC"
            )

    collector.on_progress = change
    during = run(collector)
    after = extract(every_postgres, tmp_path / "after", database)
    connection.close()
    for family, rows in before.rows.items():  # their order may follow another plan
        assert_same(during.rows[family], rows)
    assert len(after.rows["META"]) > len(before.rows["META"])


def test_each_kind_of_object_is_one_query_however_many_there_are(
    every_postgres: PostgresServer, tmp_path: Path
) -> None:
    empty, full = every_postgres.create_database(), every_postgres.create_database()
    connection = every_postgres.connect(full)
    odd_objects.build(connection)
    connection.close()
    counts = [_copies(every_postgres, tmp_path, database) for database in (empty, full)]
    kinds = len(extractor(every_postgres, tmp_path).list_sql()) - 1  # without the statement log
    assert counts == [kinds, kinds]


def _copies(server: PostgresServer, output: Path, database: str) -> int:
    """How many queries read the database; every transaction is checked to be read-only."""
    log = server.data_dir / "server.log"
    connection = server.connect()
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE \"{database}\" SET log_statement = 'all'")
    connection.close()
    start = log.stat().st_size
    extract(server, output, database)
    with log.open("rb") as file:
        file.seek(start)
        text = file.read().decode(errors="replace")
    begins = re.findall(r"statement: (BEGIN[^;]*)", text)
    assert begins == ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"] * 2
    assert text.count("SET TRANSACTION SNAPSHOT '") == 1
    return len(re.findall(r"statement: COPY \(", text))
