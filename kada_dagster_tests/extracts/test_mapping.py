"""The mapping of connections: exact, then without case, both shapes, Snowflake by itself."""

from __future__ import annotations

import pytest

from kada_dagster.errors import ConfigError
from kada_dagster.extracts.mapping import UNMAPPED, ConnectionMapping, Place, snowflake_host


class Warnings:
    """Keeps what was warned of."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []

    def __call__(self, code: str, sample: str) -> None:
        self.found.append((code, sample))


def test_an_entry_with_host_and_database_takes_the_place_of_both() -> None:
    mapping = ConnectionMapping({"DSN": {"host": "pg.k", "database": "sales"}})
    assert mapping.place("DSN", host="10.0.0.1", database="db") == Place("pg.k", "sales")


@pytest.mark.parametrize("entry", ["pg.k", {"host": "pg.k"}, {"host": "pg.k", "database": ""}])
def test_an_entry_with_a_host_alone_leaves_the_database(entry: object) -> None:
    assert ConnectionMapping({"DSN": entry}).place("DSN", host="x", database="db") == Place(
        "pg.k", "db"
    )


def test_the_exact_name_goes_before_one_of_other_case() -> None:
    mapping = ConnectionMapping({"dsn": "lower", "DSN": "upper"})
    assert mapping.place("DSN", host="x").host == "upper"
    assert mapping.place("dsn", host="x").host == "lower"


def test_a_name_of_other_case_fits_where_it_is_the_only_one() -> None:
    assert ConnectionMapping({"My DSN": "k"}).place("my dsn", host="x").host == "k"


def test_a_name_that_fits_entries_that_disagree_is_refused() -> None:
    mapping = ConnectionMapping({"dsn": "a", "DSN": "b"})
    with pytest.raises(ConfigError, match="'Dsn' fits several entries"):
        mapping.place("Dsn", host="x")


def test_entries_of_other_case_that_agree_are_one() -> None:
    assert ConnectionMapping({"dsn": "a", "DSN": "a"}).place("Dsn", host="x").host == "a"


def test_the_exact_form_of_a_later_name_goes_before_another_case_of_an_earlier() -> None:
    mapping = ConnectionMapping({"ORDERS": "by name", "17": "by id"})
    assert mapping.place("orders", None, "17", host="x").host == "by id"
    assert mapping.place("orders", "", host="x").host == "by name"


def test_without_an_entry_the_tools_own_names_stay_and_are_counted_once() -> None:
    warnings = Warnings()
    mapping = ConnectionMapping({"other": "k"}, warnings)
    for _ in range(3):
        assert mapping.place("dsn", "slug", host="10.0.0.1", database="db") == Place(
            "10.0.0.1", "db"
        )
    mapping.place(None, host="10.0.0.2")
    assert warnings.found == [(UNMAPPED, "dsn"), (UNMAPPED, "10.0.0.2")]


def test_snowflake_needs_no_entry_but_may_have_one() -> None:
    warnings = Warnings()
    mapping = ConnectionMapping({"mapped": "k"}, warnings)
    url = "https://ab12345.australia-east.azure.snowflakecomputing.com/console"
    own = mapping.place("snow", host=url, database="DB", kind="Snowflake")
    assert own == Place("ab12345.australia-east.azure", "DB")
    assert mapping.place("mapped", host=url, kind="snowflake") == Place("k", None)
    assert warnings.found == []


@pytest.mark.parametrize(
    ("account", "region", "host"),
    [
        ("ab12345", "", "ab12345"),
        ("AB12345", "eu-west-1", "ab12345.eu-west-1"),
        ("ab12345", "us-west-2", "ab12345"),
        ("ab12345.eu-west-1", "eu-west-1", "ab12345.eu-west-1"),
        ("myorg-account1", "eu-west-1", "myorg-account1"),
        ("ab12345.snowflakecomputing.com", "", "ab12345"),
        ("http://ab12345.eu.snowflakecomputing.com:443/", "", "ab12345.eu"),
        ("https://ab12345.snowflakecomputing.cn", "", "ab12345"),
        (" ab12345 ", " ", "ab12345"),
    ],
)
def test_the_host_of_snowflake_is_the_account(account: str, region: str, host: str) -> None:
    assert snowflake_host(account, region) == host


@pytest.mark.parametrize(
    "entry",
    ["", "  ", None, 1, [], {}, {"database": "x"}, {"host": ""}, {"host": 1}]
    + [{"host": "h", "database": 1}, {"host": "h", "schema": "s"}],
)
def test_an_entry_of_another_shape_is_refused_by_name(entry: object) -> None:
    with pytest.raises(ConfigError, match=r"mapping\.DSN: must be a host"):
        ConnectionMapping({"DSN": entry})
