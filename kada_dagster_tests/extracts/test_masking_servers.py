"""A real server takes masked SQL for the same SQL, and agrees on where literals end."""

from __future__ import annotations

from typing import Any

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kada_dagster.extracts.masking import MaskingError, mask_sql
from kada_dagster_tests.extracts.sql_scan import skeleton
from kada_dagster_tests.extracts.sql_texts import TEXTS, contents, string_literals

# PL/pgSQL's validator sends every statement of a body through the server's own grammar and stops
# there. That is what masking promises: the analysis behind it would rightly refuse '***'::date.
VALIDATE = "CREATE OR REPLACE FUNCTION pg_temp.judge() RETURNS void LANGUAGE plpgsql AS %s"
BODY = "BEGIN\n{}\nEND"

VIEWS = """
SELECT '2020-01-01'::date AS d, interval '1 day 2 hours' AS i, 1_000.5e3 AS n, .5 AS h, 10 / 3 AS q;
SELECT E'it\\'s' AS a, U&'d\\0061t' AS b, B'1010' AS c, X'1F' AS d, N'n' AS e, $$it's$$ AS f;
SELECT 'a'
  'b' AS joined, 'x' LIKE 'a\\%' AS l, replace('a\\b', E'\\\\', '/') AS r;
SELECT CASE WHEN g > 5 THEN 'big' ELSE 'it''s' END AS size, g - -1 AS m
  FROM generate_series(1, 10) g;
SELECT (ARRAY[1, 2, 3])[1:2] AS s, '{"k": [1]}'::jsonb -> 'k' ->> 0 AS j, 5::numeric(10, 2) AS t;
SELECT "it's"."a""b" AS "-- no /* comment", 1 AS "0", 2 AS "$$x"
  FROM (VALUES (1)) AS "it's"("a""b");
SELECT count(*) FILTER (WHERE g = ANY ('{1,2}'::int[])) OVER (ORDER BY g ROWS 2 PRECEDING) AS w
  FROM generate_series(1, 9, 2) g ORDER BY 1 OFFSET 1 LIMIT 5;
SELECT x AT TIME ZONE 'UTC' AS z, extract(epoch FROM x) AS e, x::timestamp(3) AS p,
    substring('abc' FROM 2 FOR 1) AS u
  FROM (SELECT now() AS x) AS q WHERE x > '1999-01-01'
"""


def set_up_views(connection: Any) -> None:
    with connection.cursor() as cursor:
        for number, query in enumerate(VIEWS.split(";")):
            if "1_000" in query and connection.server_version < 160000:
                query = query.replace("1_000", "1000")
            cursor.execute(f"CREATE VIEW public.sample_{number} AS {query}")


def test_the_grammar_of_every_server_accepts_each_of_its_views_when_masked(
    every_postgres: Any,
) -> None:
    connection = every_postgres.connect(every_postgres.create_database())
    set_up_views(connection)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT oid::regclass::text, pg_get_viewdef(oid) FROM pg_class WHERE relkind = 'v'"
        )
        views = cursor.fetchall()
        assert len(views) > 100
        for name, text in views:
            masked = mask_sql(text, standard_conforming_strings=True)
            assert skeleton(masked) == skeleton(text), name
            cursor.execute(VALIDATE, [BODY.format(masked)])
    connection.close()


def test_the_judge_refuses_a_view_with_a_token_lost_or_joined(postgres: Any) -> None:
    connection = postgres.connect(postgres.create_database())
    with connection.cursor() as cursor:
        for broken in (
            "SELECT , '***';",
            "SELECT a0.b 0 FROM t;",
            "SELECT '***' '***';",
            "SELECT 0x;",
        ):
            with pytest.raises(psycopg2.errors.SyntaxError):
                cursor.execute(VALIDATE, [BODY.format(broken)])
    connection.close()


# Left out is what PL/pgSQL checks beyond grammar: RAISE with arguments (its format string must hold
# one % an argument) and type modifiers in declarations (numeric(0,0) is no type).
PLPGSQL = [
    "DECLARE t numeric := 1.5; BEGIN FOR i IN 1..10 LOOP t := t + i * .5; END LOOP; END",
    "#variable_conflict use_column\nBEGIN /* x /* ' */ */ EXECUTE $q$SELECT 'x'$q$; END -- it's",
    "<<top>> BEGIN PERFORM 'a' || E'\\'' || $$b$$; EXIT top WHEN 1=1; RAISE NOTICE 'x'; END",
    "DECLARE a int[] := '{1,2}'; BEGIN a[1] := a[2]-1; IF a[1]>-5 THEN RETURN; END IF; END",
    "BEGIN WHILE 1<2LOOP NULL; END LOOP; END",
]


def test_the_server_accepts_masked_function_bodies(postgres: Any) -> None:
    connection = postgres.connect(postgres.create_database())
    with connection.cursor() as cursor:
        for body in PLPGSQL[:-1]:
            cursor.execute(VALIDATE, [body])
            masked = mask_sql(body)
            assert skeleton(masked) == skeleton(body)
            cursor.execute(VALIDATE, [masked])
    with pytest.raises(MaskingError):  # and what it does not accept is refused here too
        mask_sql(PLPGSQL[-1])
    connection.close()


@pytest.fixture(scope="module")
def session(postgres: Any) -> Any:
    connection = postgres.connect(postgres.create_database())
    yield connection
    connection.close()


@given(literal=string_literals())
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_the_server_reads_as_one_literal_is_masked_as_one(session: Any, literal: str) -> None:
    with session.cursor() as cursor:
        cursor.execute(f"SELECT {literal} AS a$b, 1 AS c")
        assert [column.name for column in cursor.description] == ["a$b", "c"]
    masked = mask_sql(f"SELECT {literal} AS a$b, 1 AS c", standard_conforming_strings=True)
    assert " ".join(masked.split()) == "SELECT '***' AS a$b, 0 AS c"


@given(content=contents(), quote=st.sampled_from(["''", "\\'"]))
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_with_the_setting_off_a_plain_string_ends_where_the_server_ends_it(
    session: Any, content: str, quote: str
) -> None:
    literal = "'" + content.replace("\\", "\\\\").replace("'", quote) + "'"
    with session.cursor() as cursor:
        cursor.execute("SET standard_conforming_strings = off; SET escape_string_warning = off")
        try:
            cursor.execute(f"SELECT {literal} AS a$b")
            assert cursor.fetchall() == [(content,)]
        finally:
            cursor.execute("SET standard_conforming_strings = on")
    masked = mask_sql(f"SELECT {literal} AS a$b", standard_conforming_strings=False)
    assert masked == "SELECT '***' AS a$b"


@given(TEXTS)
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_is_refused_is_no_statement_to_the_server(session: Any, text: str) -> None:
    """Refusing costs the user the text, so it may hit only text the server refuses as well."""
    try:
        mask_sql(text, standard_conforming_strings=True)
    except MaskingError:
        if not set("\0`") & set(text):  # the driver takes no NUL; a backtick may name an operator
            with session.cursor() as cursor, pytest.raises(psycopg2.Error):
                cursor.execute("PREPARE judge AS SELECT " + text)
