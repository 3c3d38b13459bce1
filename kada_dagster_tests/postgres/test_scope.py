"""Which databases and schemas are read, and what is done about what may not be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from kada_dagster.extracts.checks import check_extract
from kada_dagster.extracts.identity import object_id
from kada_dagster.postgres.statements import packaged
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.postgres.conftest import SAMPLE
from kada_dagster_tests.postgres.extract_files import HOST, Extracted, extract, extractor, run


def execute(server: PostgresServer, database: str, *statements: str) -> None:
    connection = server.connect(database)
    connection.set_client_encoding("UTF8")
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        connection.close()


def databases(extracted: Extracted) -> set[str]:
    return {row["NAME"] for row in extracted.rows["META"] if row["OBJECT_TYPE"] == "DATABASE"}


def schemas(extracted: Extracted) -> set[str]:
    return {row["NAME"] for row in extracted.rows["META"] if row["OBJECT_TYPE"] == "SCHEMA"}


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> PostgresServer:
    """A server of its own: every database of it is read."""
    folder = tmp_path_factory.mktemp("many") / "data"
    server = PostgresServer.start(folder, settings={"fsync": "off", "autovacuum": "off"})
    execute(
        server, "postgres",
        "CREATE ROLE guest LOGIN", "CREATE ROLE only_one LOGIN CONNECTION LIMIT 1",
        "CREATE DATABASE open_to_all", "CREATE DATABASE closed", "CREATE DATABASE refuses_all",
        "REVOKE CONNECT ON DATABASE closed FROM PUBLIC",
        "ALTER DATABASE refuses_all ALLOW_CONNECTIONS false",
        "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'",
        "CREATE DATABASE bytes TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'",
        "CREATE DATABASE \"ünï 😀\"",
    )  # fmt: skip
    execute(
        server, "latin", 'CREATE TABLE "größe" ("prüf" text DEFAULT \'ñ\')',
        "COMMENT ON TABLE \"größe\" IS 'Übersicht'",
    )  # fmt: skip
    execute(
        server, "bytes",
        "CREATE TABLE good (a int); COMMENT ON TABLE good IS E'\\xff bad \\xfe'",
        "CREATE TABLE utf (a int); COMMENT ON TABLE utf IS 'ü'",
    )  # fmt: skip
    yield server  # type: ignore[misc]
    server.stop("immediate")


def test_no_database_named_means_every_one_that_may_be_connected_to(
    many: PostgresServer, tmp_path: Path
) -> None:
    extracted = extract(many, tmp_path, username="guest")
    assert databases(extracted) == {"postgres", "open_to_all", "latin", "bytes", "ünï 😀"}
    assert extracted.warnings()["database_not_connectable"] == 1
    assert extracted.samples()["database_not_connectable"] == "closed"


def test_a_database_named_twice_is_read_once(many: PostgresServer, tmp_path: Path) -> None:
    extracted = extract(many, tmp_path, "postgres", "postgres")
    ids = [row["OBJECT_ID"] for row in extracted.rows["META"]]
    assert len(ids) == len(set(ids))


def test_a_latin1_database_comes_out_as_utf8(many: PostgresServer, tmp_path: Path) -> None:
    extracted = extract(many, tmp_path, "latin", meta_only=False)
    table = extracted.object(object_id(HOST, "latin", "public", "größe"))
    assert table["DESCRIPTION"] == "Übersicht"
    column = extracted.object(table["OBJECT_ID"] + ".prüf")
    assert column["DEFAULT_VALUE"] == "'ñ'::text"


def test_bytes_that_are_no_text_are_replaced_and_counted(
    many: PostgresServer, tmp_path: Path
) -> None:
    extracted = extract(many, tmp_path, "bytes")
    table = object_id(HOST, "bytes", "public")
    assert extracted.object(f"{table}.good")["DESCRIPTION"] == "\ufffd bad \ufffd"
    assert extracted.object(f"{table}.utf")["DESCRIPTION"] == "ü"
    assert extracted.warnings() == {"not_utf8": 1}


def test_a_role_that_may_connect_once_is_read_with_one_connection(
    many: PostgresServer, tmp_path: Path
) -> None:
    extracted = extract(many, tmp_path, "open_to_all", username="only_one", connections=4)
    assert schemas(extracted) == {"public"}


@pytest.fixture(scope="module")
def patterned(postgres: PostgresServer) -> str:
    database = postgres.create_database()
    for name in ("a", "ab", "a.b", "a*b", "A", "[ab]"):
        execute(postgres, database, f'CREATE SCHEMA "{name}"; CREATE TABLE "{name}".t (id int)')
    return database


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        (["*"], [], {"public", "a", "ab", "a.b", "a*b", "A", "[ab]"}),
        (["a"], [], {"a"}),
        (["a?"], [], {"ab"}),
        (["a*"], [], {"a", "ab", "a.b", "a*b"}),
        (["a.b"], [], {"a.b"}),
        (["[ab]"], [], {"[ab]"}),
        (["*"], ["a*"], {"public", "A", "[ab]"}),
        (["a", "A"], ["a"], {"A"}),
        (["nothing"], [], set()),
        (["pg_catalog", "information_schema"], [], set()),
    ],
)
def test_schema_patterns_choose(
    postgres: PostgresServer,
    patterned: str,
    tmp_path: Path,
    include: list[str],
    exclude: list[str],
    expected: set[str],
) -> None:
    extracted = extract(
        postgres, tmp_path, patterned, include_schemas=include, exclude_schemas=exclude
    )
    assert schemas(extracted) == expected
    tables = {row["PARENT_ID"] for row in extracted.rows["META"] if row["OBJECT_TYPE"] == "TABLE"}
    assert tables == {object_id(HOST, patterned, name) for name in expected - {"public"}}


def test_lineage_from_a_schema_left_out_still_names_it(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    database = postgres.create_database()
    execute(
        postgres, database, "CREATE SCHEMA raw; CREATE TABLE raw.t (id int)",
        "CREATE VIEW public.v AS SELECT id FROM raw.t",
    )  # fmt: skip
    extracted = extract(postgres, tmp_path, database, exclude_schemas=["raw"])
    names = [object_id(HOST, database, *name) for name in (("raw", "t"), ("public", "v"))]
    assert extracted.links("LINEAGE", "TABLE") == {(names[0], names[1])}
    assert extracted.links("LINEAGE", "COLUMN") == {(f"{names[0]}.id", f"{names[1]}.id")}


def test_temporary_and_system_objects_are_left_out(
    every_postgres: PostgresServer, tmp_path: Path
) -> None:
    database = every_postgres.create_database()
    connection = every_postgres.connect(database)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE passing (body text); CREATE TABLE stays (body text)")
        extracted = extract(every_postgres, tmp_path, database)
    connection.close()
    assert extracted.ids("TABLE") == {object_id(HOST, database, "public", "stays")}
    assert schemas(extracted) == {"public"}


def test_a_user_with_few_privileges_gets_what_the_catalogue_shows(
    every_postgres: PostgresServer, sample: Extracted, tmp_path: Path
) -> None:
    extracted = extract(every_postgres, tmp_path, SAMPLE, username="shop_reader")
    assert extracted.warnings() == {}
    for family in ("META", "LINKAGE"):
        rows = [tuple(row.items()) for row in extracted.rows[family]]
        assert rows == [tuple(row.items()) for row in sample.rows[family]]


def test_a_catalogue_that_may_not_be_read_is_a_counted_warning_and_the_rest_is_there(
    every_postgres: PostgresServer, tmp_path: Path
) -> None:
    database = every_postgres.create_database()
    execute(
        every_postgres, database,
        "REVOKE SELECT ON pg_catalog.pg_proc FROM PUBLIC",
        "DROP ROLE IF EXISTS few", "CREATE ROLE few LOGIN",
        "CREATE TABLE t (id int PRIMARY KEY); CREATE VIEW v AS SELECT id FROM t",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    )  # fmt: skip
    extracted = extract(every_postgres, tmp_path, database, username="few")
    assert extracted.warnings() == {"not_readable": 4}
    sample = extracted.samples()["not_readable"]
    for name in ("DEPENDENCIES_SQL", "GRANTS_SQL", "PROCEDURES_SQL", "TRIGGERS_SQL", "pg_proc"):
        assert name in sample
    assert len(extracted.ids("TABLE")) == 2
    assert len(extracted.links("LINEAGE", "COLUMN")) == 1


def test_a_named_database_is_whole_but_for_its_attributes_where_pg_database_may_not_be_read(
    every_postgres: PostgresServer, tmp_path: Path
) -> None:
    database = every_postgres.create_database()
    execute(
        every_postgres, database,
        "REVOKE SELECT ON pg_catalog.pg_database FROM PUBLIC",
        "DROP ROLE IF EXISTS fewer", "CREATE ROLE fewer LOGIN", "CREATE TABLE t (id int)",
    )  # fmt: skip
    extracted = extract(every_postgres, tmp_path, database, username="fewer")
    assert set(extracted.warnings()) == {"not_readable"}
    found = extracted.object(object_id(HOST, database))
    assert {key for key, value in found.items() if value} == {
        "OBJECT_TYPE", "OBJECT_ID", "TOOL_OBJECT_TYPE", "NAME", "PATH",
    }  # fmt: skip
    results = check_extract(extracted.folder, min_share_of_last=0)
    assert all(one.passed for one in results), results


def test_what_a_statement_gave_before_it_was_refused_is_taken_back(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    database = postgres.create_database()
    execute(
        postgres, database,
        "CREATE FUNCTION last(n int) RETURNS text LANGUAGE plpgsql AS $$BEGIN "
        "IF n < 5000 THEN RETURN repeat('x', 200); END IF; "
        "RAISE insufficient_privilege USING MESSAGE = 'no more'; END$$",
    )  # fmt: skip
    text = packaged()["SCHEMAS_SQL"].sql.replace("d.description", "public.last(i)", 1)
    text = text.replace(" WHERE {2}", " CROSS JOIN generate_series(1, 5000) i WHERE {2}")
    extracted = extract(postgres, tmp_path, database, custom_sql={"SCHEMAS_SQL": text})
    assert extracted.warnings() == {"not_readable": 1}
    assert schemas(extracted) == set()
    assert databases(extracted) == {database}
    assert sum(extracted.manifest.counts.values()) == len(extracted.rows["META"])


def test_the_window_changes_nothing_but_the_names_of_the_files(
    every_postgres: PostgresServer, sample: Extracted, tmp_path: Path
) -> None:
    collector = extractor(every_postgres, tmp_path, SAMPLE)
    later = run(collector, end="2026-06-01 00:00:00")
    assert list(later.bytes().values()) == list(sample.bytes().values())
    assert set(later.bytes()) == {"META_20260601000000.csv", "LINKAGE_20260601000000.csv"}
