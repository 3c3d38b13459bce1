"""Lineage from the text against lineage PostgreSQL itself knows.

The views and the generated statements are those that the lineage from PostgreSQL's own parsed rules
is tested with; what is true of them is confirmed on real servers there.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, assume, given, settings

from kada_dagster.sql_lineage import Origin, TableName, analyse
from kada_dagster_tests.figures import FIGURE
from kada_dagster_tests.postgres.view_corpus import HOSTILE_COLUMN, HOSTILE_TABLE, VIEWS, CorpusView
from kada_dagster_tests.postgres.view_strategies import Statement, statements
from kada_dagster_tests.sql_lineage.judge import wrong_columns


def unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"')


def named(name: str) -> TableName:
    return TableName("db", "public", name)


HOSTILE = unquoted(HOSTILE_TABLE)
COLUMNS = {
    "t": ["id", "a", "b", "d", "p", "arr", "j", "doc"],
    "u": ["id", "a", "c"],
    "w": ["id", "e"],
    "parent": ["k", "v"],
    "child": ["k", "v", "extra"],
    "ranged": ["k", "v"],
    "ranged_1": ["k", "v"],
    "select": ["from", "where", ":rtekind", ":relid 7", "name"],
    "renamed": ["old_name", "kept"],
    HOSTILE: ["one", unquoted(HOSTILE_COLUMN), "<>", "12", "\\"],
}
KNOWN = {named(table): columns for table, columns in COLUMNS.items()}
GENERATED = {named("t1"): ["a", "b"], named("t2"): ["c", "d"]}


def origins(words: str) -> set[Origin]:
    """`t.a`, `t.#2` and `t.*` of the corpus as origins."""
    found: set[Origin] = set()
    for word in words.split():
        table, _, column = word.partition(".")
        table = HOSTILE if table == "hostile" else table
        if column == "*":
            found |= {(named(table), name) for name in COLUMNS[table]}
        elif column.startswith("#"):
            found.add((named(table), COLUMNS[table][int(column[1:]) - 1]))
        else:
            found.add((named(table), column))
    return found


def compared(view: CorpusView, known: dict[TableName, list[str]] | None) -> tuple[int, int]:
    """How many columns of a view are told, and told wholly; fails where one is told wrong."""
    lineage = analyse(
        view.query, dialect="postgres", database="db", schema="public", columns_of=known
    )
    if len(lineage.columns) != len(view.expected):
        assert lineage.problems, view.name
        return 0, 0
    truth = dict(zip(lineage.columns, map(origins, view.expected)))
    assert wrong_columns(lineage, truth) == {}, view.name
    return len(truth), len(truth) - len(lineage.incomplete)


@pytest.mark.parametrize("known", [KNOWN, None], ids=["columns known", "columns unknown"])
def test_nothing_untrue_is_said_of_the_views_of_the_rule_corpus(
    known: dict[TableName, list[str]] | None, record_property: Callable[[str, object], None]
) -> None:
    counts = [compared(view, known) for view in VIEWS]
    total = sum(len(view.expected) for view in VIEWS)
    told, whole = (sum(numbers) for numbers in zip(*counts))
    line = f"sql_lineage views: columns={total} told={told} whole={whole} wrong=0"
    record_property(FIGURE, line)
    assert whole > total * (0.8 if known else 0.6)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(statements())
def test_a_generated_statement_has_the_origins_it_was_built_with(statement: Statement) -> None:
    assume(not re.search("{[{%#]", statement.sql))  # names that make a template of the text
    truth = {
        name: {(named(table), column) for table, _, column in (n.partition(".") for n in names)}
        for name, names in (("x", statement.x), ("y", statement.y))
    }
    for known in (GENERATED, None):
        lineage = analyse(
            statement.sql, dialect="postgres", database="db", schema="public", columns_of=known
        )
        assert set(lineage.columns) == {"x", "y"}, lineage.problems
        assert wrong_columns(lineage, truth) == {}
