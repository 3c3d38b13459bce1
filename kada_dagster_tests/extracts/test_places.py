"""What is taken of values that should name a place: never what may be a password."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kada_dagster.extracts.places import host_in, is_name


@pytest.mark.parametrize(
    ("value", "host"),
    [
        ("pg.example.org", "pg.example.org"),
        ("pg.example.org:5432", "pg.example.org:5432"),
        ("sql01\\instance", "sql01\\instance"),
        ("Acme Inc", "Acme Inc"),
        ("::1", "::1"),
        ("https://org-acc.snowflakecomputing.com/", "org-acc.snowflakecomputing.com"),
        ("https://h/?token=planted", "h"),
        ("h?password=planted", "h"),
        ("h;password=planted", "h"),
        ("h password=planted", "h"),
        ("h:5432/shop", "h"),
        ("jdbc:postgresql://h/db?user=u&password=planted", "h"),
        ("jdbc:postgresql://[::1]:5432/db", "[::1]"),
        ("jdbc:mysql://h1,h2:3306/db?password=planted", "h1"),
        ("jdbc:sqlserver://h:1433;databaseName=d;password=planted", "h"),
        ("jdbc:postgresql://h/db?next=https://planted", "h"),
        ("jdbc:sqlserver://;serverName=h;password=planted", ""),
        ("jdbc:oracle:thin:u/planted@h:1521/sid", ""),
        ("https://u:planted@h", ""),
        ("https://h/?password=p@planted", ""),
        ("host=h password=planted", ""),
        ("/planted", ""),
        ("", ""),
    ],
)
def test_of_an_address_only_the_host_is_taken(value: str, host: str) -> None:
    assert host_in(value) == host


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("shop", True),
        ("Sales Dept/2026;x", True),
        ("shop?user=u&password=p", False),
        ("shop;password=p", False),
        ("jdbc:postgresql://h/shop", False),
        ("u:p@h", False),
        ("a?", False),
    ],
)
def test_a_name_is_no_address_query_or_setting(value: str, expected: bool) -> None:
    assert is_name(value) == expected


@given(
    scheme=st.sampled_from(["", "https://", "jdbc:postgresql://", "jdbc:sqlserver://"]),
    path=st.sampled_from(["", "/", "/shop", ":5432/shop"]),
    joint=st.sampled_from(["?", ";", "&", " ", "?user=u&", ";user=u;"]),
    key=st.sampled_from(["password", "pwd", "token", "sslkey"]),
    secret=st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)
def test_a_setting_of_an_address_is_never_taken(
    scheme: str, path: str, joint: str, key: str, secret: str
) -> None:
    value = f"{scheme}pg.example.org{path}{joint}{key}={secret}"
    assert host_in(value) in ("pg.example.org", "")
    assert not is_name(value)
