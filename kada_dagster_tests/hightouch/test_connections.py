"""Names of tables, from what Hightouch says of a connection and from the mapping."""

from __future__ import annotations

from typing import Any

import pytest

from kada_dagster.extracts.mapping import ConnectionMapping
from kada_dagster.hightouch.allowed import allowed, schedule_of, shown
from kada_dagster.hightouch.connections import Connection
from kada_dagster.hightouch.databases import split_name

Configuration = dict[str, Any]


def connection(
    kind: str, configuration: Configuration, mapping: dict[str, Any] | None = None
) -> Connection:
    given: dict[str, Any] = {"id": 7, "name": "Orders", "slug": "orders", "type": kind}
    given["configuration"] = configuration
    return Connection.read(given, ConnectionMapping(mapping or {}))


def name_of(kind: str, configuration: Configuration, *parts: str, **options: Any) -> Any:
    named = connection(kind, configuration, options.get("mapping")).table(*parts)
    return named and (tuple(named.table), named.is_usual)


@pytest.mark.parametrize(
    ("kind", "configuration", "expected"),
    [
        ("postgres", {"host": "h", "database": "d", "schema": "s"}, (("h", "d", "s", "t"), False)),
        ("postgresql", {"host": "h", "database": "D"}, (("h", "D", "public", "t"), True)),
        ("redshift", {"host": "h", "database": "D"}, (("h", "d", "public", "t"), True)),
        ("snowflake", {"account": "AB1", "database": "d"}, (("ab1", "D", "PUBLIC", "t"), True)),
        (
            "snowflake",
            {"account": "https://Org-Acc.snowflakecomputing.com/?t=x", "database": "d"},
            (("org-acc", "D", "PUBLIC", "t"), True),
        ),
        (
            "snowflake",
            {"account": "ab1", "region": "eu-west-1", "database": "d", "schema": "My s"},
            (("ab1.eu-west-1", "D", "My s", "t"), False),
        ),
        ("snowflake", {"database": "d"}, (("Orders", "D", "PUBLIC", "t"), True)),
        (
            "bigquery",
            {"projectId": "p", "dataset": "S"},
            (("bigquery", "p", "S", "t"), False),
        ),
        ("bigquery", {"project": "p"}, None),
        ("databricks", {"hostname": "h", "catalog": "C"}, (("h", "c", "default", "t"), True)),
        ("mysql", {"host": "h", "database": "d"}, (("h", "d", "d", "t"), False)),
        ("mssql", {"host": "h", "database": "d"}, (("h", "d", "dbo", "t"), True)),
        ("airtable", {}, None),
        ("postgres", {"host": "u:secret@h", "database": "d", "schema": "s"},
         (("Orders", "d", "s", "t"), False)),
        ("postgres", {"host": "https://h/?token=x", "database": "d", "schema": "s"},
         (("h", "d", "s", "t"), False)),
        ("postgres", {"host": "h;password=x", "database": "d", "schema": "s"},
         (("h", "d", "s", "t"), False)),
        ("mssql", {"host": "jdbc:sqlserver://h:1433;password=x", "database": "d"},
         (("h", "d", "dbo", "t"), True)),
        ("snowflake", {"account": "Org-Acc.snowflakecomputing.com?token=x", "database": "d"},
         (("org-acc", "D", "PUBLIC", "t"), True)),
        ("postgres", {"host": "h", "database": "d?password=x", "schema": "s"}, None),
    ],
)  # fmt: skip
def test_a_table_is_named_by_its_connection(
    kind: str, configuration: Configuration, expected: Any
) -> None:
    assert name_of(kind, configuration, "", "", "t") == expected


@pytest.mark.parametrize("key", ["Orders", "ORDERS", "orders", "7"])
def test_a_mapping_is_found_by_name_slug_or_id(key: str) -> None:
    mapping = {key: {"host": "pg.example.org", "database": "Shop"}}
    configuration = {"host": "10.0.0.1", "database": "d", "schema": "s"}
    assert name_of("postgres", configuration, "", "", "t", mapping=mapping) == (
        ("pg.example.org", "Shop", "s", "t"),
        False,
    )


@pytest.mark.parametrize(("said", "expected"), [("D", "Shop"), ("other", "other")])
def test_a_mapping_speaks_of_the_configured_database_only(said: str, expected: str) -> None:
    mapping = {"Orders": {"host": "pg", "database": "Shop"}}
    named = name_of("postgres", {"database": "d"}, said, "s", "t", mapping=mapping)
    assert named[0][1] == expected


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("t", ("", "", "t")),
        ("s.t", ("", "s", "t")),
        ('d."a.b"."c""d"', ("d", "a.b", 'c"d')),
        ("[d].[s].t", ("d", "s", "t")),
        ("`p-1.s.t`", ("p-1", "s", "t")),
        ("Line Items", ("", "", "Line Items")),
        ("a.b.c.d", None),
        ("a..t", None),
        ("a.", None),
        ('"a', None),
        ("", None),
    ],
)
def test_the_name_of_a_table_is_split(name: str, parts: tuple[str, str, str] | None) -> None:
    assert split_name(name) == parts


def test_only_known_keys_without_credentials_are_kept() -> None:
    given = {
        "host": "u:p@h",
        "hostname": "https://h?token=t",
        "port": 5432.0,
        "password": "p",
        "schema": None,
        "warehouse": {"name": "w"},
    }
    assert allowed(given) == {"hostname": "https://h?token=t", "port": "5432"}
    assert shown(allowed(given)) == {"port": "5432"}


@pytest.mark.parametrize(
    "value", ["h?password=p", "h;password=p", "https://h?token=p", "u:p@h", "host=h password=p"]
)
def test_no_address_is_stored(value: str) -> None:
    keys = ("host", "hostname", "account", "database", "schema", "warehouse", "location")
    assert shown(allowed(dict.fromkeys(keys, value))) == {}


@pytest.mark.parametrize(
    ("schedule", "kept"),
    [
        (None, {}),
        (
            {"type": "interval", "schedule": {"interval": {"unit": "day", "quantity": 1, "x": 2}}},
            {"type": "interval", "interval": {"unit": "day", "quantity": 1}},
        ),
        ({"type": "cron", "schedule": {"expression": "0 * * * *", "secret": "s"}},
         {"type": "cron", "expression": "0 * * * *"}),
        ({"type": "dbt", "schedule": {"account": {"id": 1}, "job": {"id": 2, "token": "t"}}},
         {"type": "dbt", "account": {"id": 1}, "job": {"id": 2}}),
    ],
)  # fmt: skip
def test_only_what_is_documented_of_a_schedule_is_kept(schedule: Any, kept: Any) -> None:
    assert schedule_of(schedule) == kept
