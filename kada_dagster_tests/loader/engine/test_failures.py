"""Messages of refused rows name the column and the row, and show nothing of their values."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from kada_dagster.loader.engine.failures import message_of
from kada_dagster.loader.errors import SourceReadError, TargetError
from kada_dagster_tests.loader.databases import Ends


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("int", "49170123456789", "value … is out of range for type integer"),
        ("int", "secret", "invalid input syntax for type integer"),
        ("float8", "1e4917", "… is out of range for type double precision"),
        ("timestamptz", "2026-01-01 00:00 secret/zone", "time zone … not recognized"),
        ("regclass", "secret_table", "relation … does not exist"),
        ("jsonpath", "$ secret here", "syntax error at or near … of jsonpath input"),
        ("date", "2026-99-99", "date/time field value out of range"),
        ("inet", 'se"cr"et', "invalid input syntax for type inet"),
    ],
)
def test_no_value_of_a_row_is_in_a_message(ends: Ends, kind: str, value: str, said: str) -> None:
    ends.at_source("CREATE TABLE t (id int, v text)")
    ends.at_source("INSERT INTO t VALUES (1, NULL), (2, %s)", value)
    ends.at_target(f"CREATE TABLE t (id int, v {kind})")
    with pytest.raises(TargetError) as caught:
        ends.load("mode: full\nsource: {table: public.t}\n")
    assert f"public.t: {said} (row 2 of what was read, column v)" in str(caught.value)
    told = str(caught.value).partition(": ")[2]  # behind port and database: these have digits
    assert not [part for part in (value, "secret", "4917", "99") if part in told]


def test_names_of_constraints_and_types_stay(ends: Ends) -> None:
    ends.at_source("CREATE TABLE t (v text); INSERT INTO t VALUES ('secret')")
    ends.at_target('CREATE DOMAIN "my d" AS text CONSTRAINT "no secrets" CHECK (value = \'x\')')
    ends.at_target('CREATE TABLE t (v "my d")')
    with pytest.raises(TargetError) as caught:
        ends.load("mode: full\nsource: {table: public.t}\n")
    assert 'violates check constraint "no secrets"' in str(caught.value)
    ends.at_target("DROP DOMAIN \"my d\" CASCADE; CREATE TYPE mood AS ENUM ('x')")
    ends.at_target("DROP TABLE t; CREATE TABLE t (v mood)")
    with pytest.raises(TargetError, match="invalid input value for enum mood \\(row 1") as caught:
        ends.load("mode: full\nsource: {table: public.t}\n")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "expression",
    [
        "v::date",
        "v::uuid::text::date",
        "v::json::text::date",
        "('{' || v)::int[]::text::date",
        "v::regclass::text::date",
        "to_date(v, 'YYYY-MM-DD')",
        "date_trunc(v, now())::date",
        "(v || ' & ')::tsquery::text::date",
    ],
)
def test_no_value_is_in_a_message_of_the_source(ends: Ends, expression: str) -> None:
    ends.at_source("CREATE TABLE raw (v text); INSERT INTO raw VALUES ('secret')")
    ends.at_target("CREATE TABLE t (d date)")
    with pytest.raises(SourceReadError) as caught:
        ends.load(
            "mode: full\nsource: {query: q.sql}\n", q__sql=f"SELECT {expression} AS d FROM raw"
        )
    assert "secr" not in str(caught.value)


@pytest.mark.parametrize("expression", ["to_date(v, 'YYYY')", "date_trunc(v, now())::date"])
def test_no_value_is_in_a_message_of_a_select_in_the_target(ends: Ends, expression: str) -> None:
    ends.at_target("CREATE TABLE raw (v text); INSERT INTO raw VALUES ('secret')")
    ends.at_target("CREATE TABLE t (d date)")
    with pytest.raises(TargetError, match=r"the SELECT of public\.t") as caught:
        ends.load("mode: sql\nsql: q.sql\n", q__sql=f"SELECT {expression} AS d FROM raw")
    assert "secr" not in str(caught.value)


def test_what_is_wrong_in_a_query_is_shown_with_its_place(ends: Ends) -> None:
    ends.at_target("CREATE TABLE t (d date)")
    with pytest.raises(SourceReadError, match=r'column "nothing" does not exist.*LINE 1'):
        ends.load("mode: full\nsource: {query: q.sql}\n", q__sql="SELECT nothing AS d")


@pytest.mark.parametrize(
    ("state", "primary", "context", "said"),
    [
        (
            "22P02",
            'ungültige Eingabesyntax für Typ integer: »sec"r"et«',
            'COPY t, Zeile 2, Spalte i: »sec"r"et«',
            "ungültige Eingabesyntax für Typ integer (row 2 of what was read, column i)",
        ),
        (
            "22P02",
            "syntaxe en entrée invalide pour le type integer : « secret »",
            "COPY t, ligne 2, colonne i : « secret »",
            "syntaxe en entrée invalide pour le type integer (row 2 of what was read, column i)",
        ),
        (
            "22003",
            "el valor «4917» está fuera de rango para el tipo integer",
            "COPY t, línea 2, columna i: «4917»",
            "el valor … está fuera de rango para el tipo integer "
            "(row 2 of what was read, column i)",
        ),
        ("22007", "ungültiger Wert »secr« für »YYYY«", None, "ungültiger Wert …"),
        (
            "23502",
            "NULL-Wert in Spalte »i« von Relation »t« verletzt Not-Null-Constraint",
            "COPY t, Zeile 2: »\\N\tsecret«",
            'NULL-Wert in Spalte "i" von Relation "t" verletzt Not-Null-Constraint '
            "(row 2 of what was read)",
        ),
    ],
)
def test_no_value_is_in_a_message_of_a_server_that_speaks_another_language(
    state: str, primary: str, context: str | None, said: str
) -> None:
    """Servers of Debian say this with `lc_messages` of Germany, France and Spain."""
    told = {"message_primary": primary, "context": context}
    diag = SimpleNamespace(**told, constraint_name=None, column_name=None)
    error: Any = SimpleNamespace(diag=diag, pgcode=state)
    assert message_of(error, None) == said
