"""Databases that are not UTF-8: all of their text is there, and what is no text is counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from psycopg2.errors import UntranslatableCharacter

from kada_dagster.extracts.identity import object_id
from kada_dagster.postgres.encodings import copied_as
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.postgres.extract_files import HOST, Extracted, extract

ONE_BYTE = (
    *(f"LATIN{number}" for number in range(1, 11)),
    *(f"WIN{number}" for number in (866, 874, *range(1250, 1259))),
    *(f"ISO_8859_{number}" for number in range(5, 9)),
    "KOI8R",
    "KOI8U",
)


def execute(server: PostgresServer, database: str, *statements: str | bytes) -> None:
    """Texts are sent as UTF-8, bytes as they are."""
    with closing(server.connect(database)) as connection, connection.cursor() as cursor:
        for statement in statements:
            as_is = isinstance(statement, bytes)
            connection.set_client_encoding("SQL_ASCII" if as_is else "UTF8")
            cursor.execute(statement)


def create(name: str, encoding: str) -> str:
    return (
        f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING '{encoding}'"
        " LC_COLLATE 'C' LC_CTYPE 'C'"
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A server of its own: everybody would see its roles."""
    folder = tmp_path_factory.mktemp("encodings") / "data"
    with PostgresServer.start(folder, settings={"fsync": "off"}) as server:
        execute(
            server, "postgres", create("win", "WIN1252"), create("größe", "LATIN1"),
            create("bytes", "SQL_ASCII"), create("korean", "EUC_KR"),
            create("secret", "WIN1252"),
            'CREATE ROLE "Ágnes"', 'CREATE ROLE "éva"', 'GRANT "Ágnes" TO "éva"',
            "COMMENT ON ROLE \"éva\" IS 'Éva'", "COMMENT ON DATABASE \"größe\" IS 'naïve'",
        )  # fmt: skip
        execute(
            server, "win", b"CREATE TABLE t (a int)", b"COMMENT ON TABLE t IS 'a \x81 \x80'",
            b"CREATE VIEW v AS SELECT a AS \"a\x81\" FROM t",
        )  # fmt: skip
        execute(
            server, "größe", 'CREATE TABLE "prüf" (a int)',
            b'ALTER TABLE "pr\xfcf" OWNER TO "\xc3\x81gnes"',
        )  # fmt: skip
        yield server


def roles(extracted: Extracted) -> set[str]:
    return {one for one in extracted.ids("USER") if ".(role).pg_" not in one}


def role(name: str) -> str:
    return f"{object_id(HOST)}.(role).{name}"


def test_bytes_that_stand_for_nothing_are_replaced_and_counted(
    server: PostgresServer, tmp_path: Path
) -> None:
    extracted = extract(server, tmp_path, "win", mask=True)
    table, view = (object_id(HOST, "win", "public", name) for name in "tv")
    assert extracted.object(table)["DESCRIPTION"] == "a \ufffd €"
    assert (f"{table}.a", f"{view}.a\ufffd") in extracted.links("LINEAGE", "COLUMN")
    assert set(extracted.warnings()) == {"not_utf8"}


@pytest.mark.parametrize("database", ["secret", "bytes"])
def test_the_sample_of_what_was_replaced_names_it_and_shows_no_code(
    server: PostgresServer, tmp_path: Path, database: str
) -> None:
    execute(
        server, database,
        b"CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$SELECT 'planted \x81'$$",
    )  # fmt: skip
    extracted = extract(server, tmp_path, database, mask=True)
    procedure = f"{object_id(HOST, database, 'public')}.f()"
    assert extracted.object(procedure)["QUERY_CODE"] == "SELECT '***'"
    assert extracted.samples() == {"not_utf8": f"PROCEDURE {procedure}"}
    assert "planted" not in (extracted.folder / "manifest.json").read_text()


@pytest.mark.parametrize("database", ["postgres", "win", "größe", "bytes"])
def test_names_of_the_cluster_are_the_same_wherever_they_are_read(
    server: PostgresServer, tmp_path: Path, database: str
) -> None:
    execute(server, database, "CREATE SCHEMA s", b'GRANT USAGE ON SCHEMA s TO "\xc3\xa9va"')
    extracted = extract(server, tmp_path, database)
    assert roles(extracted) == {role(name) for name in ("postgres", "Ágnes", "éva")}
    assert extracted.object(role("éva"))["DESCRIPTION"] == "Éva"
    assert (role("Ágnes"), role("éva")) in {link[::-1] for link in extracted.links("MEMBER_OF")}
    assert (role("éva"), object_id(HOST, database, "s")) in extracted.links("GRANT")
    assert extracted.object(object_id(HOST, database))["NAME"] == database


def test_a_latin1_database_of_another_name_keeps_its_own_text(
    server: PostgresServer, tmp_path: Path
) -> None:
    extracted = extract(server, tmp_path, "größe")
    table = extracted.object(object_id(HOST, "größe", "public", "prüf"))
    assert table["OWNER"] == "Ágnes"
    assert extracted.object(object_id(HOST, "größe"))["DESCRIPTION"] == "naïve"
    assert extracted.warnings() == {}


def test_signs_of_east_asian_encodings_are_kept(server: PostgresServer, tmp_path: Path) -> None:
    execute(server, "korean", 'CREATE TABLE "값€" (a int)')
    extracted = extract(server, tmp_path, "korean")
    assert object_id(HOST, "korean", "public", "값€") in extracted.ids("TABLE")
    assert role("Ágnes") in extracted.ids("USER")


def test_an_encoding_python_reads_otherwise_is_converted_by_the_server(tmp_path: Path) -> None:
    with PostgresServer.start(tmp_path / "data", settings={"fsync": "off"}) as server:
        execute(server, "postgres", create("japanese", "EUC_JP"))
        execute(server, "japanese", 'CREATE TABLE "①～" (a int)')
        extracted = extract(server, tmp_path / "out", "japanese")
    assert object_id(HOST, "japanese", "public", "①～") in extracted.ids("TABLE")


@pytest.mark.parametrize("encoding", ONE_BYTE)
def test_python_reads_every_byte_as_the_server_does(
    postgres: PostgresServer, encoding: str
) -> None:
    told, codec = copied_as(encoding)
    assert told == "SQL_ASCII"
    with closing(postgres.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SET client_encoding = 'UTF8'")
        for number in range(1, 256):
            byte = bytes([number])
            try:
                cursor.execute("SELECT convert_from(%s, %s)", (byte, encoding))
                expected = cursor.fetchall()[0][0]
            except UntranslatableCharacter:
                expected = "\ufffd"
            assert byte.decode(codec, "replace") == expected, (encoding, byte)


def test_a_database_whose_name_is_no_utf8_is_left_out_and_named(
    server: PostgresServer, tmp_path: Path
) -> None:
    execute(server, "win", create("gr\xf6", "LATIN1").encode("latin-1"))
    execute(server, "postgres", "DROP DATABASE korean")
    extracted = extract(server, tmp_path)
    assert len(extracted.ids("DATABASE")) == 5
    assert extracted.samples()["database_not_connectable"] == "gr\ufffd"


def test_statements_of_a_database_with_another_name_are_logged(
    every_postgres: PostgresServer, tmp_path: Path
) -> None:
    name = "größe_log"
    execute(every_postgres, "postgres", f'DROP DATABASE IF EXISTS "{name}"', create(name, "LATIN1"))
    with closing(every_postgres.connect(name)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements'")
        if not cursor.rowcount:
            pytest.skip("this server has no pg_stat_statements")
        cursor.execute("CREATE EXTENSION pg_stat_statements")
        cursor.execute("SELECT pg_stat_statements_reset()")
        cursor.execute("CREATE TABLE counted (a int)")
    extracted = extract(every_postgres, tmp_path, name, meta_only=False)
    execute(every_postgres, "postgres", f'DROP DATABASE "{name}"')
    rows = [row for row in extracted.rows["DATABASE_LOG"] if "counted" in row["QUERY_TEXT"]]
    assert [row["DATABASE_ID"] for row in rows] == [object_id(HOST, name)]
    assert extracted.warnings() == {}
