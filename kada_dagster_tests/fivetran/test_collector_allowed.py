"""Of a configuration, names of places are kept, and nothing that may be a secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kada_dagster.fivetran.allowed import allowed, compact, scalars
from kada_dagster.sandbox.fivetran import FivetranWorld
from kada_dagster_tests.fivetran.collected import extract, served


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("db.example.com", "db.example.com"),
        (" ab12.snowflakecomputing.com ", "ab12.snowflakecomputing.com"),
        ("https://ab12.snowflakecomputing.com/", "ab12.snowflakecomputing.com"),
        ("Raw Data", "Raw Data"),
        ("a/b?c#d", "a/b?c#d"),
        (5432, "5432"),
        ("https://user:pw@host", ""),
        ("user:pw@host", ""),
        ("https://host/path?token=x", ""),
        ("https://host#x", ""),
        ("host?user=u&password=x", ""),
        ("host;password=x", ""),
        ("jdbc:sqlserver://host;password=x", ""),
        ("", ""),
        (None, ""),
        (["host"], ""),
        ({"host": "x"}, ""),
    ],
)
def test_a_value_that_may_hold_more_than_a_name_is_left_out(given: Any, kept: str) -> None:
    assert allowed({"host": given}) == ({"host": kept} if kept else {})


def test_keys_that_are_not_named_are_never_read() -> None:
    secret = {"password": "p", "private_key": "k", "api_token": "t", "user": "u", "role": "r"}
    assert allowed({**secret, "database": "d", "unknown": "x"}) == {"database": "d"}
    for config in (None, [], "host", 1):
        assert allowed(config) == {}


def test_facts_that_are_empty_are_left_out_and_those_that_are_false_stay() -> None:
    assert compact(a="", b=None, c={}, d=[], e=False, f=0, g="x") == {"e": False, "f": 0, "g": "x"}


def test_only_scalars_are_taken_from_an_answer() -> None:
    given = {"a": "x", "b": 1, "c": False, "d": None, "e": {"secret": 1}, "f": ["x"]}
    assert scalars(given, *"abcdefg") == {"a": "x", "b": 1, "c": False}


def test_what_is_no_number_of_json_is_left_out() -> None:
    given = {"a": float("nan"), "b": float("inf"), "c": 1.5, "d": 10**400}
    assert scalars(given, *"abcd") == {"c": 1.5, "d": 10**400}


@pytest.mark.parametrize("host", ["h;password=planted", "h?user=u&password=planted"])
def test_a_password_in_an_address_reaches_no_file(host: str, tmp_path: Path) -> None:
    world = FivetranWorld()
    world.add_group("Warehouse", config={"host": host, "database": "dwh"})
    fields = {"config": {"host": host, "database": "shop"}}
    world.add_connection("postgres", id="pg", schema="pg", fields=fields)
    with served(world) as server:
        text = extract(server, tmp_path).text()
    assert "planted" not in text
    assert "dwh" in text
    assert "shop" in text
