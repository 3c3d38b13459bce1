"""What can be asked of a lineage: where an output column comes from, also one behind a `*`."""

from __future__ import annotations

import pytest

from kada_dagster.sql_lineage import SqlLineage, TableName, analyse


def lineage(sql: str, dialect: str = "snowflake") -> SqlLineage:
    return analyse(sql, dialect=dialect, database="D", schema="S")


def names(found: SqlLineage, column: str) -> set[str] | None:
    origins = found.origins(column)
    return None if origins is None else {f"{table.name}.{name}" for table, name in origins}


def test_a_column_behind_a_star_of_one_table_is_its_column() -> None:
    assert names(lineage("select * from orders"), "EMAIL") == {"ORDERS.EMAIL"}


def test_a_column_named_beside_the_star_goes_before() -> None:
    found = lineage("select *, a + b as total from orders")
    assert names(found, "TOTAL") == {"ORDERS.A", "ORDERS.B"}
    assert names(found, "OTHER") == {"ORDERS.OTHER"}


def test_a_column_taken_out_of_the_star_is_not_there() -> None:
    found = lineage("select * exclude (email) from orders")
    assert names(found, "EMAIL") is None
    assert names(found, "ID") == {"ORDERS.ID"}


def test_a_column_renamed_in_the_star_has_its_new_name_only() -> None:
    found = lineage("select * rename (a as b) from orders")
    assert names(found, "B") == {"ORDERS.A"}
    assert names(found, "A") is None


@pytest.mark.parametrize(
    "sql",
    [
        "select * from a join b on true",
        "select * from a union all select * from b",
        "select * from report()",
        "select a from t",
    ],
)
def test_a_column_that_may_be_of_several_tables_is_not_told(sql: str) -> None:
    assert lineage(sql).origins("EMAIL") is None


def test_a_column_beside_those_of_a_function_is_of_the_table() -> None:
    found = lineage("select * from a, lateral flatten(input => a.x)")
    assert names(found, "EMAIL") == {"A.EMAIL"}
    assert names(found, "VALUE") == {"A.X"}


def test_a_star_through_queries_of_with_passes() -> None:
    sql = "with a as (select * from orders), b as (select * from a where x) select * from b"
    assert names(lineage(sql), "EMAIL") == {"ORDERS.EMAIL"}


def test_names_are_compared_without_case_where_the_database_does() -> None:
    found = lineage("select Id, * except (Email) from orders", "bigquery")
    assert names(found, "ID") == {"orders.Id"}
    assert names(found, "email") is None


def test_tables_take_what_they_lack_from_the_caller_or_have_none() -> None:
    assert analyse("select a from t", dialect="postgres").tables == (TableName(None, None, "t"),)
    assert lineage("select a from x.t").tables == (TableName("D", "X", "T"),)
