"""Any text at all: a lineage or problems, never an exception, soon, and no literal in a problem."""

from __future__ import annotations

import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kada_dagster.sql_lineage import SqlLineage, analyse
from kada_dagster_tests.sql_lineage.corpus_file import DEFAULTS, corpus

SECRET = "hunter2-swordfish"
_CORPUS = [(query.dialect, query.sql) for query in corpus()]
_WORDS = sorted(
    {word for _, sql in _CORPUS for word in sql.split()}
    | {"(", ")", "((", "))", ",", ";", "[", "]", "{{", "}}", "{%", "%}", "{#", "'", '"', "`", "$$"}
    | {"$1", "@x", ".", "::", "/*", "*/", "--\n", "*", "\0", "\\", ":", "->", "=>", "é", "😀"}
)
_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


def sound(lineage: SqlLineage) -> bool:
    """Whether a lineage agrees with itself."""
    named = {table for origins in lineage.columns.values() for table, _ in origins}
    return (
        lineage.incomplete <= set(lineage.columns)
        and named <= set(lineage.tables)
        and (lineage.passed is None or lineage.passed in lineage.tables)
        and (not lineage.incomplete or bool(lineage.problems))
    )


@settings(suppress_health_check=_SLOW, deadline=None, max_examples=150)
@given(st.sampled_from(sorted(DEFAULTS)), st.text(max_size=200))
def test_any_characters_give_a_lineage_or_problems(dialect: str, sql: str) -> None:
    assert sound(analyse(sql, dialect=dialect))


@settings(suppress_health_check=_SLOW, deadline=None, max_examples=300)
@given(st.sampled_from(sorted(DEFAULTS)), st.lists(st.sampled_from(_WORDS), max_size=40))
def test_any_words_of_sql_give_a_lineage_or_problems(dialect: str, words: list[str]) -> None:
    assert sound(analyse(" ".join(words), dialect=dialect))


@settings(suppress_health_check=_SLOW, deadline=None, max_examples=300)
@given(st.data())
def test_a_damaged_query_in_any_dialect_gives_a_lineage_or_problems(data: st.DataObject) -> None:
    words = data.draw(st.sampled_from(_CORPUS))[1].split()
    place = data.draw(st.integers(0, len(words)))
    taken = data.draw(st.integers(0, 3))
    put = data.draw(st.lists(st.sampled_from(_WORDS), max_size=3))
    sql = " ".join([*words[:place], *put, *words[place + taken :]])
    assert sound(analyse(sql, dialect=data.draw(st.sampled_from(sorted(DEFAULTS)))))


@pytest.mark.parametrize("dialect", sorted(DEFAULTS))
@pytest.mark.parametrize(
    "sql",
    [
        "select " + "(" * 5_000 + "1" + ")" * 5_000,
        "select " + "f(" * 5_000 + "1" + ")" * 5_000,
        "select " + "not " * 5_000 + "a from t",
        "select " + "- " * 5_000 + "a from t",
        "select * from " + "(select * from " * 3_000 + "t" + ") x" * 3_000,
        "select " + "case when a then " * 3_000 + "1" + " end" * 3_000 + " from t",
        "select " + "a[" * 5_000 + "1" + "]" * 5_000 + " from t",
        "select a from t where " + "x = 1 or " * 3 + "(" * 199 + "y" + ")" * 199,
        "select a from t -- " + "x" * 1_000_000,
    ],
    ids=[
        "brackets",
        "functions",
        "not",
        "minus",
        "subqueries",
        "cases",
        "subscripts",
        "as deep as allowed",
        "long",
    ],
)
def test_a_text_too_deep_or_too_long_is_a_problem_or_is_read(dialect: str, sql: str) -> None:
    lineage = analyse(sql, dialect=dialect)
    assert sound(lineage)
    assert lineage.problems or lineage.tables


def test_brackets_past_the_limit_are_named_as_the_limit() -> None:
    sql = "select " + "(" * 500 + "1" + ")" * 500
    assert analyse(sql, dialect="snowflake").problems == ("limit: nested deeper than 200 levels",)


def test_a_long_chain_of_unions_is_read_whole() -> None:
    sql = " union all ".join(f"select c{number} as x from t{number}" for number in range(1_500))
    lineage = analyse(sql, dialect="postgres", database="d", schema="s")
    assert lineage.problems == ()
    assert len(lineage.tables) == len(lineage.columns["x"]) == 1_500


def test_queries_of_with_that_double_each_time_do_not_take_for_ever() -> None:
    steps = ", ".join(
        f"c{n} as (select a.x || b.x as x from c{n - 1} a join c{n - 1} b on true)"
        for n in range(1, 200)
    )
    sql = f"with c0 as (select x from t), {steps} select x from c199"
    lineage = analyse(sql, dialect="snowflake", database="D", schema="S")
    assert lineage.problems == ()
    assert len(lineage.columns["X"]) == 1


@pytest.mark.parametrize(
    "sql",
    [
        f"select a frm t where password = '{SECRET}' (",
        f"select '{SECRET}",
        f"call login('{SECRET}')",
        f"create user u password '{SECRET}'",
        f"set search_path = '{SECRET}'",
        f"select * from t where {{{{ secret('{SECRET}') }}}}",
        f"select {{% if token == '{SECRET}' %}} a {{% endif %}} from t",
        f"select case when x = '{SECRET}' then a end, f('{SECRET}') from t, g('{SECRET}')",
        f"copy into t from 's3://x' credentials = (aws_secret_key = '{SECRET}')",
        f"select * from read_files('{SECRET}')",
        f"unload ('select 1') to 's3://x' credentials '{SECRET}'",
        f"select * from t pivot(sum(a) for b in ('{SECRET}'))",
    ],
)
@pytest.mark.parametrize("dialect", sorted(DEFAULTS))
def test_no_literal_of_the_text_is_in_a_problem_or_in_the_log(
    sql: str, dialect: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        lineage = analyse(sql, dialect=dialect)
    assert SECRET not in "".join(lineage.problems)
    assert SECRET not in caplog.text


def test_a_dialect_nobody_knows_is_a_problem() -> None:
    assert analyse("select 1", dialect="cobol").problems == ("dialect: cobol is not known",)


def test_the_dialect_may_be_called_postgresql() -> None:
    lineage = analyse("select a from t", dialect="PostgreSQL", database="d", schema="s")
    assert lineage.problems == ()
    assert list(lineage.columns) == ["a"]
