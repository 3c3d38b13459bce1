"""The kinds of mappings: which columns they name, and which of them are only counted."""

from __future__ import annotations

from typing import Any

import pytest

from kada_dagster.hightouch.fields import read_mappings


def read(*items: Any) -> list[tuple[str, str, str]]:
    found = read_mappings({"mappings": list(items)})
    assert not found.unread
    return [(one.column, one.to, one.confidence.value) for one in found.found]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"type": "standard", "from": "a b", "to": "x"}, [("a b", "x", "DIRECT")]),
        ({"from": "a", "to": "x"}, [("a", "x", "DIRECT")]),
        (
            {"type": "reference", "from": "a", "to": "x", "lookup": {"by": "id"}},
            [("a", "x", "DIRECT")],
        ),
        ({"type": "static", "to": "x", "value": "a"}, []),
        ({"type": "constant", "to": "x", "value": 7}, []),
        ({"type": "variable", "to": "x", "variable": "sync-id"}, []),
    ],
)
def test_a_mapping_of_a_documented_kind_is_read(item: Any, expected: list[Any]) -> None:
    assert read(item) == expected


@pytest.mark.parametrize(
    ("template", "columns"),
    [
        ("plain text", []),
        ("{{ row.first }} {{row['last name']}}", ["first", "last name"]),
        ('{{ row["a"] | upcase }}-{{ a }}', ["a"]),
        ("{{ name | default: 'x' }}", ["name"]),
    ],
)
def test_a_template_names_its_columns(template: str, columns: list[str]) -> None:
    found = read({"type": "template", "to": "x", "template": template})
    assert found == [(column, "x", "PARSED") for column in columns]


@pytest.mark.parametrize(
    "item",
    [
        {"type": "inline", "from": "a", "to": "x"},
        {"type": "standard", "from": {"from": "a"}, "to": "x"},
        {"type": "standard", "from": "a"},
        {"type": "standard", "from": "", "to": "x"},
        {"type": ["standard"], "from": "a", "to": "x"},
        {"type": "template", "to": "x", "template": "{% if a %}{{ b }}{% endif %}"},
        {"type": "template", "to": "x", "template": "{{ row.a + row.b }}"},
        {"type": "template", "to": "x"},
        "a",
        None,
    ],
)
def test_a_mapping_of_another_shape_is_counted_and_gives_nothing(item: Any) -> None:
    found = read_mappings({"mappings": [item]})
    assert (found.found, len(found.unread)) == ((), 1)


def test_what_is_told_of_an_unread_mapping_holds_no_value() -> None:
    found = read_mappings({"mappings": [{"type": "odd", "value": "anna@example.com", "to": 7}]})
    assert found.unread == ("mappings: type 'odd' with to, type, value",)


def test_all_places_of_mappings_are_read_in_order() -> None:
    def one(name: str) -> dict[str, str]:
        return {"type": "standard", "from": name, "to": name}

    found = read_mappings(
        {
            "externalIdMapping": one("key"),
            "customMappings": [one("custom")],
            "associationMappings": [one("other")],
            "mappings": [one("first")],
            "object": "contacts",
        }
    )
    assert [mapping.column for mapping in found.found] == ["first", "custom", "other", "key"]


@pytest.mark.parametrize("empty", [None, {}, []])
def test_mappings_that_are_not_there_are_none(empty: Any) -> None:
    found = read_mappings({"mappings": empty, "externalIdMapping": empty})
    assert found == ((), ())
