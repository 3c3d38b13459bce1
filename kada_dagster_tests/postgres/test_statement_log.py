"""DATABASE_LOG: the statements pg_stat_statements counted, masked, and what cannot be seen."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from kada_dagster.extracts.identity import object_id
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.postgres.extract_files import HOST, Extracted, attributes, extract

STATEMENT = "SELECT count(*) FROM counted WHERE body <> 'planted-literal'"


@pytest.fixture(scope="module")
def counted(every_postgres: PostgresServer) -> str:
    database = every_postgres.create_database()
    connection = every_postgres.connect(database)
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements'")
        if not cursor.rowcount:
            connection.close()
            pytest.skip("this server has no pg_stat_statements")
        cursor.execute('CREATE SCHEMA "e.x"; CREATE EXTENSION pg_stat_statements SCHEMA "e.x"')
        cursor.execute("CREATE TABLE counted (body text)")
        cursor.execute('SELECT "e.x".pg_stat_statements_reset()')
        for _ in range(3):
            cursor.execute(STATEMENT)
        cursor.execute("COMMENT ON TABLE counted IS 'planted-literal'")
        cursor.execute(f"CREATE ROLE looks_on_{database} LOGIN")
        cursor.execute(f'GRANT USAGE ON SCHEMA "e.x" TO looks_on_{database}')
    connection.close()
    return database


def log(extracted: Extracted) -> list[dict[str, str]]:
    return extracted.rows["DATABASE_LOG"]


def test_statements_are_logged_with_their_counters(
    every_postgres: PostgresServer, counted: str, tmp_path: Path
) -> None:
    extracted = extract(every_postgres, tmp_path, counted, meta_only=False)
    rows = [row for row in log(extracted) if "FROM counted" in row["QUERY_TEXT"]]
    assert len(rows) == 1
    row = rows[0]
    assert (row["CALLS"], row["ROWS"], row["USER_NAME"]) == ("3", "3", "postgres")
    assert row["DATABASE_ID"] == object_id(HOST, counted)
    assert float(row["DURATION_MS"]) > 0
    assert attributes(row)["counters"] == "cumulative"
    assert extracted.warnings() == {}
    ids = [row["LOG_ID"] for row in log(extracted)]
    assert len(ids) == len(set(ids))


def test_masked_statements_hold_no_literal(
    every_postgres: PostgresServer, counted: str, tmp_path: Path
) -> None:
    plain = extract(every_postgres, tmp_path, counted, meta_only=False)
    masked = extract(every_postgres, tmp_path, counted, meta_only=False, mask=True)
    assert any("planted-literal" in row["QUERY_TEXT"] for row in log(plain))
    assert not any("planted-literal" in row["QUERY_TEXT"] for row in log(masked))
    assert any("COMMENT ON TABLE counted IS '***'" in row["QUERY_TEXT"] for row in log(masked))


PASSWORDS = (
    "ALTER ROLE {role} PASSWORD 'planted-password'",
    "alter /* x */ user {role} with encrypted password $p$planted-password$p$",
    "ALTER ROLE {role} PASSWORD E'planted-password'",
    "CREATE SUBSCRIPTION {role} CONNECTION 'host=nowhere.invalid password=planted-password' "
    "PUBLICATION p WITH (connect = false, enabled = false, create_slot = false, slot_name = NONE)",
    "DROP SUBSCRIPTION {role}",
    "CREATE FOREIGN DATA WRAPPER {role}",
    "CREATE SERVER {role} FOREIGN DATA WRAPPER {role} OPTIONS (host 'h')",
    "CREATE USER MAPPING FOR PUBLIC SERVER {role} OPTIONS (user 'u', password 'planted-password')",
    "DROP FOREIGN DATA WRAPPER {role} CASCADE",
    "DO $$BEGIN EXECUTE 'ALTER ROLE {role} PASSWORD ''planted-password'''; END$$",
)


@pytest.mark.parametrize("mask", [False, True])
def test_no_password_of_a_statement_is_written_whatever_the_settings(
    every_postgres: PostgresServer, counted: str, tmp_path: Path, mask: bool
) -> None:
    with closing(every_postgres.connect(counted)) as connection, connection.cursor() as cursor:
        cursor.execute('SELECT "e.x".pg_stat_statements_reset()')
        for statement in PASSWORDS:
            cursor.execute(statement.format(role=f"looks_on_{counted}"))
        cursor.execute("COMMENT ON TABLE counted IS 'planted-literal'")
    extracted = extract(every_postgres, tmp_path, counted, meta_only=False, mask=mask)
    texts = [row["QUERY_TEXT"] for row in log(extracted)]
    assert f"ALTER ROLE looks_on_{counted} PASSWORD '***'" in texts
    assert len([text for text in texts if "'***'" in text]) >= 5
    assert not any("planted-password" in text for text in texts)
    assert any("planted-literal" in text for text in texts) is not mask
    assert extracted.warnings() == {}


def test_statements_of_others_that_are_hidden_are_counted(
    every_postgres: PostgresServer, counted: str, tmp_path: Path
) -> None:
    extracted = extract(
        every_postgres, tmp_path, counted, meta_only=False, username=f"looks_on_{counted}"
    )
    assert extracted.warnings()["statements_hidden"] > 0
    assert "pg_read_all_stats" in extracted.samples()["statements_hidden"]
    assert not any("counted" in row["QUERY_TEXT"] for row in log(extracted))


def test_a_statement_view_that_may_not_be_read_is_a_warning(
    every_postgres: PostgresServer, counted: str, tmp_path: Path
) -> None:
    connection = every_postgres.connect(counted)
    with connection.cursor() as cursor:
        cursor.execute('REVOKE SELECT ON "e.x".pg_stat_statements FROM PUBLIC')
        extracted = extract(
            every_postgres, tmp_path, counted, meta_only=False, username=f"looks_on_{counted}"
        )
        cursor.execute('GRANT SELECT ON "e.x".pg_stat_statements TO PUBLIC')
    connection.close()
    assert extracted.warnings()["pg_stat_statements_unusable"] == 1
    assert log(extracted) == []
    assert extracted.ids("TABLE")


def test_a_catalogue_of_extensions_that_may_not_be_read_is_a_warning(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    database = postgres.create_database()
    with closing(postgres.connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE outside_{database} LOGIN")
        cursor.execute("REVOKE SELECT ON pg_catalog.pg_extension FROM PUBLIC")
    extracted = extract(
        postgres, tmp_path, database, meta_only=False, username=f"outside_{database}"
    )
    assert extracted.warnings()["pg_stat_statements_unusable"] == 1
    assert extracted.ids("SCHEMA")


def test_a_server_without_the_extension_says_so_and_writes_the_header(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    extracted = extract(postgres, tmp_path, postgres.create_database(), meta_only=False)
    assert log(extracted) == []
    assert "CREATE EXTENSION" in extracted.samples()["pg_stat_statements_missing"]
