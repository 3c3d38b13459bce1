"""Reading values of any JSON without ever failing."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kada_dagster.api.values import (
    flag,
    list_of,
    moment_iso,
    moment_ms,
    object_of,
    text,
    whole,
)

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(ANY)
def test_nothing_json_can_hold_is_an_error(value: Any) -> None:
    assert text(value).encode().decode() == text(value)  # UTF-8 can spell it
    assert isinstance(whole(value), (int, type(None)))
    assert flag(value) in (True, False, None)
    for moment in (moment_ms(value), moment_iso(value)):
        assert moment is None or moment.tzinfo is timezone.utc
    assert isinstance(object_of(value), dict)
    assert isinstance(list_of(value), list)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", "a"),
        ("", ""),
        (None, ""),
        (7, "7"),
        (7.0, "7"),
        (7.5, "7.5"),
        (1e300, str(int(1e300))),
        (float("nan"), ""),
        (float("inf"), ""),
        (True, "true"),
        (False, "false"),
        ({"a": 1}, ""),
        (["a"], ""),
    ],
)
def test_text(value: Any, expected: str) -> None:
    assert text(value) == expected


def test_a_text_that_utf8_cannot_spell_is_made_one_it_can() -> None:
    assert text(json.loads(r'"a\ud800b\ud83d\ude00"')) == "a\ufffdb😀"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, 7),
        (7.0, 7),
        ("7", 7),
        (" -7 ", -7),
        ("7.0", 7),
        (2**70, 2**70),
        (7.5, None),
        ("7.5", None),
        ("٧", None),
        ("9" * 5000, None),
        ("", None),
        (None, None),
        (True, None),
        (float("nan"), None),
        (float("-inf"), None),
        ([7], None),
    ],
)
def test_whole(value: Any, expected: int | None) -> None:
    assert whole(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        (False, False),
        (1, True),
        (0, False),
        (1.0, True),
        ("True", True),
        (" no ", False),
        ("ENABLED", None),
        (2, None),
        (None, None),
        ([], None),
    ],
)
def test_flag(value: Any, expected: bool | None) -> None:
    assert flag(value) is expected


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=timezone.utc)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1704067200000, utc(2024, 1, 1)),
        (1704067200001, utc(2024, 1, 1, 0, 0, 0, 1000)),
        ("1704067200000", utc(2024, 1, 1)),
        (1704067200000.0, utc(2024, 1, 1)),
        (0, utc(1970, 1, 1)),
        (-1, utc(1969, 12, 31, 23, 59, 59, 999000)),
        (10**18, None),
        (-(10**18), None),
        (10**400, None),
        ("2024-01-01T00:00:00Z", None),
        (None, None),
        (True, None),
    ],
)
def test_moment_ms(value: Any, expected: datetime | None) -> None:
    assert moment_ms(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2022-02-16T21:37:58.510Z", utc(2022, 2, 16, 21, 37, 58, 510000)),
        ("2023-10-17T11:06:01.713+00:00", utc(2023, 10, 17, 11, 6, 1, 713000)),
        ("2023-10-17T11:06:01+0530", utc(2023, 10, 17, 5, 36, 1)),
        ("2023-10-17T11:06:01-05", utc(2023, 10, 17, 16, 6, 1)),
        ("2023-10-17 11:06", utc(2023, 10, 17, 11, 6)),
        ("2023-10-17t11:06:01z", utc(2023, 10, 17, 11, 6, 1)),
        ("2023-10-17T11:06:01.123456789Z", utc(2023, 10, 17, 11, 6, 1, 123456)),
        ("2023-10-17T11:06:01,5Z", utc(2023, 10, 17, 11, 6, 1, 500000)),
        ("0001-01-01T00:00:00+05:00", None),
        ("2023-02-30T00:00:00Z", None),
        ("2023-10-17", None),
        ("2023-10-17T11:06:01Z and more", None),
        ("2023-10-17T11:06:01+99:00", None),
        ("yesterday", None),
        ("", None),
        (1704067200000, None),
        (None, None),
    ],
)
def test_moment_iso(value: Any, expected: datetime | None) -> None:
    found = moment_iso(value)
    assert found == expected
    assert found is None or found.tzinfo is timezone.utc


def test_objects_and_lists_are_themselves_or_empty() -> None:
    entries, values = {"a": 1}, [1]
    assert object_of(entries) is entries
    assert list_of(values) is values
    for other in (None, 1, "x", True):
        assert object_of(other) == {}
        assert list_of(other) == []
    assert object_of(values) == {}
    assert list_of(entries) == []
