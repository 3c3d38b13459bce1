"""The corpus: what a person read off each query is what the analysis says, no more and no less."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from kada_dagster.sql_lineage import SqlLineage, analyse
from kada_dagster_tests.figures import FIGURE
from kada_dagster_tests.sql_lineage.corpus_file import DEFAULTS, Query, corpus
from kada_dagster_tests.sql_lineage.judge import wrong_columns

QUERIES = corpus()


def analysed(query: Query, *, with_columns: bool = True) -> SqlLineage:
    database, schema = DEFAULTS[query.dialect]
    known = query.known if with_columns else None
    return analyse(
        query.sql, dialect=query.dialect, database=database, schema=schema, columns_of=known
    )


def found(query: Query) -> dict[str, object]:
    """What the analysis says, in the form of `expected`."""
    lineage = analysed(query)
    return {
        "tables": set(lineage.tables),
        "targets": set(lineage.targets),
        "columns": {name: set(origins) for name, origins in lineage.columns.items()},
        "incomplete": set(lineage.incomplete),
        "problems": {problem.split(":")[0] for problem in lineage.problems},
        "passed": lineage.passed,
    }


def expected(query: Query) -> dict[str, object]:
    return {
        "tables": set(query.tables.values()),
        "targets": query.targets,
        "columns": query.columns,
        "incomplete": query.incomplete,
        "problems": query.problems,
        "passed": query.passed,
    }


def test_the_corpus_is_large_and_its_score_is_whole(
    record_property: Callable[[str, object], None],
) -> None:
    right = Counter(query.dialect for query in QUERIES if found(query) == expected(query))
    total = Counter(query.dialect for query in QUERIES)
    open_ = sum(bool(query.problems) for query in QUERIES)
    by_dialect = " ".join(f"{name}={right[name]}/{total[name]}" for name in sorted(total))
    score = f"sql_lineage right={right.total()}/{total.total()} {by_dialect}"
    record_property(FIGURE, f"{score} with_problems={open_}")
    assert set(total) == set(DEFAULTS)
    assert total.total() >= 150
    assert right == total


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: f"{query.dialect}: {query.name}")
def test_a_query_has_the_lineage_read_off_by_hand(query: Query) -> None:
    assert found(query) == expected(query)


@pytest.mark.parametrize(
    "query",
    [query for query in QUERIES if query.known],
    ids=lambda query: f"{query.dialect}: {query.name}",
)
def test_without_the_columns_of_tables_less_is_said_and_nothing_else(query: Query) -> None:
    lineage = analysed(query, with_columns=False)
    folded = {
        name.lower(): {(table, column.lower()) for table, column in origins}
        for name, origins in query.columns.items()
    }
    said = SqlLineage(
        columns={
            name.lower(): frozenset((table, column.lower()) for table, column in origins)
            for name, origins in lineage.columns.items()
        },
        incomplete=frozenset(name.lower() for name in lineage.incomplete),
    )
    assert wrong_columns(said, folded) == {}
    assert set(lineage.tables) == set(query.tables.values())
    assert lineage.columns or lineage.problems


def test_names_in_the_corpus_are_told_apart() -> None:
    assert len({(query.dialect, query.name) for query in QUERIES}) == len(QUERIES)
