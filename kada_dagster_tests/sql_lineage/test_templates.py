"""Liquid and Jinja: every branch is rendered, values are made-up names, nothing is made up from."""

from __future__ import annotations

import pytest

from kada_dagster.sql_lineage import analyse
from kada_dagster.sql_lineage.templates import MAX_VARIANTS, variants


def rendered(sql: str) -> list[str]:
    texts, complete = variants(sql)
    assert complete
    return [" ".join(text.split()) for text in texts]


def tables(sql: str) -> set[str]:
    return {table.name for table in analyse(sql, dialect="postgres").tables}


def test_a_text_without_tags_is_itself() -> None:
    assert rendered("select 1") == ["select 1"]


def test_branches_are_rendered_one_after_the_other() -> None:
    sql = "{% if a %} x {% elsif b %} y {% else %} z {% endif %}"
    assert rendered(sql) == ["x", "y", "z"]


def test_an_if_without_else_is_rendered_with_and_without() -> None:
    assert rendered("a {% if b %}c{% endif %} d") == ["a c d", "a d"]


def test_branches_inside_branches_are_all_rendered() -> None:
    sql = "{% if a %}{% if b %}x{% else %}y{% endif %}{% else %}z{% endif %}"
    assert set(rendered(sql)) == {"x", "y", "z"}


def test_blocks_side_by_side_take_their_branches_together() -> None:
    sql = "{% if a %}x{% else %}y{% endif %} {% if a %}1{% else %}2{% endif %}"
    assert rendered(sql) == ["x 1", "y 2"]


def test_comments_and_verbatim_parts_are_told_apart() -> None:
    sql = "a {# {{ b }} #} {% comment %} c {% endcomment %} {% raw %} d {% endraw %}"
    assert rendered(sql) == ["a d"]


def test_tags_that_do_not_match_do_no_harm() -> None:
    assert rendered("a {% endif %} b {% else %} c {% if x %} d")


def test_more_branches_than_are_rendered_are_a_problem() -> None:
    nested = "{% if a %}1{% else %}" * 10 + "x" + "{% endif %}" * 10
    texts, complete = variants(nested)
    assert not complete
    assert len(texts) <= MAX_VARIANTS
    problems = analyse(f"select a from t where {nested}", dialect="postgres").problems
    assert any(problem.startswith("template: more than") for problem in problems)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select a from {{ schema }}.t", set[str]()),
        ("select a from raw_{{ suffix }}", set[str]()),
        ('select a from "{{ schema }}"."t"', set[str]()),
        ("select a from {{ source('a', 'b') }} s join t on true", {"t"}),
        ("select a from t where x in (select y from u where {{ filter }})", {"t", "u"}),
        ("select a from t where x = '{{ value }}'", {"t"}),
    ],
)
def test_a_table_named_by_a_template_is_none(sql: str, expected: set[str]) -> None:
    assert tables(sql) == expected
    assert analyse(sql, dialect="postgres").problems


def test_the_value_of_a_template_is_no_origin() -> None:
    lineage = analyse("select {{ a }} as x, b || {{ c }} as y, {{ d }} from t", dialect="postgres")
    assert {name: {c for _, c in o} for name, o in lineage.columns.items()} == {
        "x": set[str](),
        "y": {"b"},
    }
    assert lineage.incomplete == {"x", "y"}


def test_a_name_made_up_for_a_value_is_never_handed_out() -> None:
    sql = "select {{ a }}, {{ b }} as {{ c }}, {{ d }}.e, f.{{ g }} from {{ h }} f, t {{ i }}"
    lineage = analyse(sql, dialect="postgres", database="d", schema="s")
    assert "kada_template" not in repr((lineage.tables, lineage.columns, lineage.passed))
