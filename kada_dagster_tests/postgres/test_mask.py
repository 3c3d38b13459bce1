"""Masking of a whole extract: what is blanked, and what need not be."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from kada_dagster.extracts.contract import COLUMNS, META
from kada_dagster.extracts.reader import rows
from kada_dagster.postgres import Extractor
from kada_dagster.sandbox.postgres_server import PostgresServer

WINDOW = ("2026-01-01 00:00:00", "2026-01-02 00:00:00")
BODY = r"SELECT replace(a, '\', '/') || 'secret'"


def code(
    server: PostgresServer, database: str, folder: Path, username: str = "postgres"
) -> tuple[dict[str, str], set[str]]:
    """QUERY_CODE by name of what a masked extract holds, and the warnings."""
    extractor = Extractor(
        server="127.0.0.1",
        port=server.port,
        username=username,
        databases=[database],
        output_path=folder,
        mask=True,
        meta_only=True,
    )
    manifest = extractor.run(*WINDOW)
    file = extractor.staging.run_folder(manifest.window) / manifest.files[0].file
    name, text = COLUMNS[META].index("NAME"), COLUMNS[META].index("QUERY_CODE")
    found = {row[name]: row[text] for row in rows(file, len(COLUMNS[META]))}
    return found, {warning.code for warning in manifest.warnings}


@pytest.fixture
def database(postgres: PostgresServer) -> str:
    database = postgres.create_database()
    with closing(postgres.connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE FUNCTION f(a text) RETURNS text LANGUAGE sql AS $f${BODY}$f$")
        cursor.execute(r"CREATE VIEW v AS SELECT 'x_secret' LIKE 'x\_%' ESCAPE '\' AS b")
    return database


def test_backslashes_in_plain_strings_are_masked_and_do_not_blank_the_code(
    postgres: PostgresServer, database: str, tmp_path: Path
) -> None:
    found, warnings = code(postgres, database, tmp_path)
    assert found["f"] == "SELECT replace(a, '***', '***') || '***'"
    assert "like_escape" in found["v"]
    assert "secret" not in found["v"]
    assert "code_blanked" not in warnings


def test_a_body_whose_strings_may_end_elsewhere_is_blanked(
    postgres: PostgresServer, database: str, tmp_path: Path
) -> None:
    with closing(postgres.connect("postgres")) as connection, connection.cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{database}" SET standard_conforming_strings = off')
    found, warnings = code(postgres, database, tmp_path)
    assert found["f"] == ""
    assert found["v"]
    assert "code_blanked" in warnings


@pytest.mark.parametrize("catalogue", ["pg_settings", "pg_db_role_setting"])
def test_a_body_is_blanked_where_the_setting_may_not_be_asked(
    postgres: PostgresServer, database: str, tmp_path: Path, catalogue: str
) -> None:
    revoke(postgres, database, catalogue)
    found, warnings = code(postgres, database, tmp_path, "asks_little")
    assert found["f"] == ""
    assert "secret" not in found["v"]
    assert warnings == {"code_blanked"}


@pytest.mark.parametrize("catalogue", ["pg_proc", "pg_database"])
def test_a_revoked_catalogue_costs_a_masked_extract_no_more_than_its_objects(
    postgres: PostgresServer, database: str, tmp_path: Path, catalogue: str
) -> None:
    revoke(postgres, database, catalogue)
    found, warnings = code(postgres, database, tmp_path, "asks_little")
    assert "secret" not in found["v"]
    assert "not_readable" in warnings


def revoke(server: PostgresServer, database: str, catalogue: str) -> None:
    with closing(server.connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute("DROP ROLE IF EXISTS asks_little")
        cursor.execute("CREATE ROLE asks_little LOGIN")
        cursor.execute(f"REVOKE SELECT ON pg_catalog.{catalogue} FROM PUBLIC")
