"""Planted secrets: in no file, whatever the settings; with mask, no literal of any code either."""

from __future__ import annotations

from pathlib import Path

import pytest

from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.postgres.extract_files import Extracted, attributes, extract

STORED = """
CREATE FOREIGN DATA WRAPPER keeper OPTIONS (secret 'planted-stored');
CREATE SERVER kept TYPE 'x' FOREIGN DATA WRAPPER keeper
    OPTIONS (host 'h', port '1', dbname 'd', password 'planted-stored', user 'planted-stored');
CREATE USER MAPPING FOR PUBLIC SERVER kept OPTIONS (user 'u', password 'planted-stored');
CREATE USER MAPPING FOR postgres SERVER kept OPTIONS (user 'u', password 'planted-stored');
CREATE FOREIGN TABLE far (a int OPTIONS (secret 'planted-stored')) SERVER kept
    OPTIONS (table_name 't', password 'planted-stored');
DROP ROLE IF EXISTS keeps_password;
CREATE ROLE keeps_password LOGIN PASSWORD 'planted-stored';
ALTER ROLE keeps_password SET search_path = 'planted-stored';
CREATE SUBSCRIPTION kept_subscription CONNECTION 'host=nowhere.invalid password=planted-stored'
    PUBLICATION p WITH (connect = false, enabled = false, create_slot = false, slot_name = NONE);
"""
CODE = """
CREATE FUNCTION secret_sql(a text DEFAULT 'planted-code') RETURNS text LANGUAGE sql
    AS $$SELECT 'planted-code' || $q$planted-code$q$ -- planted-code
    $$;
CREATE FUNCTION secret_plpgsql() RETURNS trigger LANGUAGE plpgsql
    AS $$BEGIN /* planted-code */ RAISE NOTICE E'planted-code \\' %', 987654321; RETURN NEW; END$$;
CREATE TABLE holder (a text DEFAULT 'planted-code' CHECK (a <> 'planted-code'),
    b int DEFAULT 987654321);
CREATE INDEX ON holder ((a || 'planted-code')) WHERE a > 'planted-code';
CREATE TRIGGER told BEFORE INSERT ON holder FOR EACH ROW
    EXECUTE PROCEDURE secret_plpgsql('planted-code');
CREATE POLICY seen ON holder USING (a = 'planted-code') WITH CHECK (b = 987654321);
CREATE VIEW looked AS SELECT a || 'planted-code' AS a FROM holder WHERE b = 987654321;
CREATE MATERIALIZED VIEW kept AS SELECT 'planted-code'::text AS a;
CREATE DOMAIN checked AS text DEFAULT 'planted-code' CHECK (VALUE <> 'planted-code');
CREATE TABLE split (a text) PARTITION BY LIST ((a || 'planted-code'));
CREATE TABLE split_one PARTITION OF split FOR VALUES IN ('planted-code');
"""
SINCE = {
    12: "ALTER TABLE holder ADD c text GENERATED ALWAYS AS (a || 'planted-code') STORED",
    14: "CREATE FUNCTION parsed() RETURNS text LANGUAGE sql RETURN 'planted-code' || 987654321",
}


@pytest.fixture(scope="module")
def planted(every_postgres: PostgresServer) -> str:
    database = every_postgres.create_database()
    connection = every_postgres.connect(database)
    with connection.cursor() as cursor:
        cursor.execute(CODE)
        for statement in STORED.strip().split(";\n"):
            cursor.execute(statement)
        for since, statement in SINCE.items():
            if every_postgres.version >= since:
                cursor.execute(statement)
    yield database  # type: ignore[misc]
    with connection.cursor() as cursor:
        cursor.execute("DROP SUBSCRIPTION kept_subscription")
    connection.close()


def everything(extracted: Extracted) -> str:
    return "".join(path.read_text() for path in extracted.folder.iterdir() if path.is_file())


@pytest.mark.parametrize("mask", [False, True])
def test_passwords_kept_in_the_catalogue_are_never_written(
    every_postgres: PostgresServer, planted: str, tmp_path: Path, mask: bool
) -> None:
    extracted = extract(every_postgres, tmp_path, planted, mask=mask)
    assert "planted-stored" not in everything(extracted)
    server = next(row for row in extracted.rows["META"] if row["OBJECT_TYPE"] == "SERVER")
    assert attributes(server)["host"] == "h"
    assert len(extracted.ids("USER_MAPPING")) == 2
    assert len(extracted.ids("SUBSCRIPTION")) == 1


def test_mask_takes_every_literal_and_comment_out_of_code(
    every_postgres: PostgresServer, planted: str, tmp_path: Path
) -> None:
    plain = extract(every_postgres, tmp_path, planted)
    masked = extract(every_postgres, tmp_path, planted, mask=True)
    kinds = {
        row["OBJECT_TYPE"]
        for row in plain.rows["META"]
        if "planted-code" in row["QUERY_CODE"] + row["DEFAULT_VALUE"]
    }
    assert kinds == {
        "COLUMN",
        "CONSTRAINT",
        "INDEX",
        "POLICY",
        "PROCEDURE",
        "TABLE",
        "TRIGGER",
        "TYPE",
    }
    text = everything(masked)
    assert "planted-code" not in text
    assert "987654321" not in text
    assert masked.warnings() == {}


def test_mask_changes_code_and_nothing_else(
    every_postgres: PostgresServer, planted: str, tmp_path: Path
) -> None:
    plain = extract(every_postgres, tmp_path, planted)
    masked = extract(every_postgres, tmp_path, planted, mask=True)
    assert masked.rows["LINKAGE"] == plain.rows["LINKAGE"]
    for one, other in zip(plain.rows["META"], masked.rows["META"], strict=True):
        changed = {key for key in one if one[key] != other[key]}
        assert changed <= {"QUERY_CODE", "DEFAULT_VALUE"}
