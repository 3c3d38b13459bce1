"""The small parts: names of tables, masks, the set of rows, streams that are read ahead."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta, timezone
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kada_dagster.api.lookahead import ahead
from kada_dagster.extracts.code_masking import CodeMasker
from kada_dagster.extracts.mapping import ConnectionMapping
from kada_dagster.extracts.seen import Seen
from kada_dagster.extracts.tables import Table
from kada_dagster.hevo.connections import Connection, classic_name
from kada_dagster.hevo.dialects import dialect_of, stored
from kada_dagster.hevo.jobs import NewestFirst

NOBODY = ConnectionMapping({})


def source(kind: str = "POSTGRES", **config: str) -> Connection:
    return Connection.read({"name": "src", "type": kind, "config": config}, NOBODY)


def target(kind: str, **config: str) -> Connection:
    given = {"name": "dst", "type": kind, "config": config}
    return Connection.read(given, NOBODY, is_destination=True)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("orders", ("cfg", "orders")),
        ("public.orders", ("public", "orders")),
        ("shop.public.orders", ("public", "orders")),
        ("SHOP.public.a.b", ("public", "a.b")),
        ("other.public.orders", ("other", "public.orders")),
        ("shop.orders", ("shop", "orders")),
    ],
)
def test_a_classic_name_is_schema_and_table(name: str, wanted: tuple[str, str]) -> None:
    one = source(db_host="h", db_name="shop", schema_name="cfg")
    assert one.table("", *classic_name(one, name)) == Table("h", "shop", *wanted)


def test_the_name_of_a_database_may_hold_a_dot() -> None:
    one = source(db_host="h", db_name="my.shop", schema_name="cfg")
    named = [classic_name(one, name) for name in ("My.Shop.public.orders", "my.orders", "orders")]
    assert named == [("public", "orders"), ("my", "orders"), ("", "orders")]


@pytest.mark.parametrize("name", [".orders", "public.", "."])
def test_half_a_name_names_no_table(name: str) -> None:
    one = source(db_host="h", db_name="shop")
    assert one.table("", *classic_name(one, name)) is None


def test_a_service_has_its_own_name_and_type() -> None:
    one = Connection.read({"name": "crm", "type": "SALESFORCE", "config": {"x": "y"}}, NOBODY)
    assert one.table("", *classic_name(one, "a.b c")) == ("crm", "SALESFORCE", "default", "a.b c")


def test_of_mysql_database_and_schema_are_one() -> None:
    one = source("Google Cloud MySQL", db_host="h", db_name="shop")
    assert one.table("", *classic_name(one, "orders")) == ("h", "shop", "shop", "orders")
    assert source("MARIADB", host="h").table("", "shop", "t") == ("h", "shop", "shop", "t")


@pytest.mark.parametrize(
    ("config", "host"),
    [
        ({"account_name": "ab1", "region": "eu-1"}, "ab1.eu-1"),
        ({"account_name": "ab1", "region": "us-west-2"}, "ab1"),
        ({"account_name": "ab1"}, "ab1"),
        ({"account_name": "org-acc", "region": "eu-1"}, "org-acc"),
        ({"account_name": "ab1.eu.azure", "region": "eu-1"}, "ab1.eu.azure"),
        ({"account_url": "https://org-acc.snowflakecomputing.com"}, "org-acc"),
        ({"account": "org-acc", "account_name": "ab1"}, "org-acc"),
    ],
)
def test_a_snowflake_account_is_its_host(config: dict[str, str], host: str) -> None:
    named = target("Snowflake", **config).table("d", "s", "t")
    assert named == (host, "D", "S", "T")


@pytest.mark.parametrize("kind", ["S3", "DATABRICKS", "POSTGRES"])
def test_a_destination_that_does_not_say_where_names_no_table(kind: str) -> None:
    assert target(kind, schema_name="s").table("", "", "t") is None


def test_a_mapping_speaks_of_the_configured_database_only() -> None:
    mapping = ConnectionMapping({"src": {"host": "k", "database": "mapped"}})
    given = {"name": "SRC", "config": {"host": "h", "database": "shop"}}
    one = Connection.read(given, mapping, kind="PostgreSQL")
    assert one.table("Shop", "s", "t") == ("k", "mapped", "s", "t")
    assert one.table("", "s", "t") == ("k", "mapped", "s", "t")
    assert one.table("archive", "s", "t") == ("k", "archive", "s", "t")


@pytest.mark.parametrize(
    ("kind", "dialect", "spelt"),
    [
        ("SNOWFLAKE", "snowflake", "A_B"),
        ("Amazon Redshift", "redshift", "a_b"),
        ("DATABRICKS", "databricks", "a_b"),
        ("Google BigQuery", "bigquery", "a_B"),
        ("PostgreSQL", "postgres", "a_B"),
        ("AZURE_SYNAPSE", "", "a_B"),
    ],
)
def test_names_are_as_the_destination_stores_them(kind: str, dialect: str, spelt: str) -> None:
    assert dialect_of(kind) == dialect
    assert stored(dialect, "a_B") == spelt
    assert target(kind).column("a_B") == spelt


def test_snowflake_keeps_names_that_must_be_quoted() -> None:
    assert stored("snowflake", "Sales Dept") == "Sales Dept"


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        ("snowflake", "select 1 // it is planted"),
        ("bigquery", 'select "planted"'),
        ("bigquery", "select 1 # planted"),
        ("bigquery", "select '''it's planted'''"),
        ("bigquery", "select a from `p.planted`"),
        ("mysql", 'select "planted"'),
        ("databricks", 'select "planted"'),
        ("", "select [planted]"),
        ("", 'select "planted"'),
    ],
)
def test_what_another_database_reads_in_another_way_is_blanked(dialect: str, sql: str) -> None:
    masker = CodeMasker(True)
    assert masker.sql(sql, dialect) == ""
    assert masker.blanked == 1
    assert CodeMasker(False).sql(sql, dialect) == sql


@pytest.mark.parametrize("dialect", ["snowflake", "bigquery", "databricks", "postgres", ""])
def test_what_all_databases_read_alike_is_masked(dialect: str) -> None:
    masker = CodeMasker(True)
    assert masker.sql("select a, 'x', 5 from t -- no", dialect).strip() == (
        "select a, '***', 0 from t"
    )
    assert masker.blanked == 0


@given(st.lists(st.tuples(st.text(max_size=3), st.text(max_size=2))))
def test_the_set_of_rows_knows_what_it_saw(keys: list[tuple[str, str]]) -> None:
    seen, known = Seen(), set[tuple[str, str]]()
    for key in keys:
        assert (key in seen) == (key in known)
        assert seen.add(*key) == (key not in known)
        known.add(key)
        assert key in seen
    assert len(seen) == len(known)


def test_the_set_of_rows_stays_small_and_right_when_it_is_large() -> None:
    seen = Seen()
    assert all(seen.add(str(n)) for n in range(100_000))
    assert not any(seen.add(str(n)) for n in range(100_000))
    assert len(seen) == 100_000
    assert sys.getsizeof(seen._slots) <= 24 * 100_000  # pyright: ignore[reportPrivateUsage]


@given(st.lists(st.integers(0, 30), max_size=12), st.integers(1, 5), st.integers(1, 40))
def test_streams_come_out_whole_and_in_order(sizes: list[int], width: int, depth: int) -> None:
    streams = [partial(iter, range(size)) for size in sizes]
    with closing(ahead(streams, width=width, depth=depth)) as groups:
        assert [list(group) for group in groups] == [list(range(size)) for size in sizes]


def test_a_stream_is_not_read_further_ahead_than_it_may_be() -> None:
    made: list[int] = []

    def stream() -> Iterator[int]:
        for number in range(1000):
            made.append(number)
            yield number

    with closing(ahead([stream], width=2, depth=5)) as groups:
        first = next(next(groups))
        assert first == 0
        assert len(made) <= 5 + 3


def test_what_a_stream_raises_comes_out_in_its_place_and_threads_end() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise KeyError("planted")

    def endless() -> Iterator[int]:
        while True:
            yield 0

    before = threading.active_count()
    got: list[int] = []
    with closing(ahead([broken, endless], width=2, depth=3)) as groups:
        group = next(groups)
        got.append(next(group))
        with pytest.raises(KeyError, match="planted"):
            next(group)
    assert got == [1]
    assert threading.active_count() == before


NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)


def page(*hours: float | None) -> list[dict[str, object]]:
    """Jobs created so many hours before noon."""
    moments = [None if hour is None else NOON - timedelta(hours=hour) for hour in hours]
    return [
        {"created_ts": None if moment is None else round(moment.timestamp() * 1000)}
        for moment in moments
    ]


@pytest.mark.parametrize(
    ("pages", "is_enough"),
    [
        ([page(1, 2, 3)], True),
        ([page(0.1, 0.2)], False),
        ([page(0.1, 0.2), page(0.3, 1.5)], True),
        ([page(3, 2, 1, 4)], False),
        ([page(2, 2, 2)], False),
        ([page(1.5, None, 3)], False),
        ([page()], False),
        ([page(0, 0.5), page(0.2, 5), page(6, 7)], False),
    ],
)
def test_older_pages_are_spared_only_where_the_order_holds(
    pages: list[list[dict[str, object]]], is_enough: bool
) -> None:
    order = NewestFirst(NOON - timedelta(hours=1))
    assert [order.is_enough(one) for one in pages][-1] == is_enough
