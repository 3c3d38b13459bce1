"""Names of tables: any that fits exactly one is found, and none is guessed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kada_dagster.fivetran.errors import TableDisabledError, TableNotFoundError
from kada_dagster.fivetran.tables import resolve


def config_of(schemas: dict[str, tuple[str, dict[str, str]]]) -> dict[str, Any]:
    """A schema configuration: source names to destination names."""
    return {
        "schemas": {
            schema: {
                "name_in_destination": arrives,
                "enabled": True,
                "tables": {
                    name: {"name_in_destination": there, "enabled": True}
                    for name, there in tables.items()
                },
            }
            for schema, (arrives, tables) in schemas.items()
        }
    }


CASES = config_of({"s": ("d", {"Orders": "orders_1", "orders": "orders_2", "x": "Orders_1"})})


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Orders", "Orders"),
        ("orders", "orders"),
        ("orders_1", "Orders"),
        ("Orders_1", "x"),
        ("ORDERS_2", "orders"),
        ("X", "x"),
    ],
)
def test_the_more_exact_name_counts(name: str, found: str) -> None:
    assert resolve(CASES, {"s": [name]}, "one") == {"s": [found]}


@pytest.mark.parametrize("name", ["ORDERS", "ORDERS_1"])
def test_a_name_that_fits_two_is_refused_with_both(name: str) -> None:
    with pytest.raises(TableNotFoundError, match=r"more than one: Orders, (orders|x)"):
        resolve(CASES, {"s": [name]}, "one")


def test_two_schemas_that_arrive_as_one_are_told_apart_by_the_source() -> None:
    config = config_of({"a": ("d", {"t": "t"}), "b": ("d", {"t": "t"})})
    with pytest.raises(TableNotFoundError, match="more than one: a, b"):
        resolve(config, {"d": ["t"]}, "one")
    assert resolve(config, {"b": ["t"]}, "one") == {"b": ["t"]}


@pytest.mark.parametrize("enabled", [False, "false", 0])
def test_what_is_not_synced_is_refused(enabled: object) -> None:
    config = config_of({"s": ("d", {"t": "t"})})
    config["schemas"]["s"]["tables"]["t"]["enabled"] = enabled
    with pytest.raises(TableDisabledError, match="table t in schema s"):
        resolve(config, {"s": ["t"]}, "one")


@pytest.mark.parametrize(
    "config", [{}, {"schemas": None}, {"schemas": []}, {"schemas": {"s": None}}, {"schemas": "s"}]
)
def test_a_configuration_with_nothing_in_it_has_no_tables(config: dict[str, Any]) -> None:
    with pytest.raises(TableNotFoundError, match="at all"):
        resolve(config, {"s": ["t"]}, "one")


NAMES = st.text("aAbB ./%ß", min_size=1, max_size=3)


@given(
    st.dictionaries(
        NAMES, st.tuples(NAMES, st.dictionaries(NAMES, NAMES, min_size=1, max_size=5)), min_size=1
    ),
    NAMES,
    NAMES,
)
def test_whatever_is_found_is_there_and_fits_and_nothing_else_does(
    schemas: dict[str, tuple[str, dict[str, str]]], schema: str, table: str
) -> None:
    def fits(entries: dict[str, str], name: str) -> list[str]:
        for same in (
            lambda key, there: key == name,
            lambda key, there: there == name,
            lambda key, there: name.casefold() in (key.casefold(), there.casefold()),
        ):
            if found := [key for key, there in entries.items() if same(key, there)]:
                return found
        return []

    expected = fits({key: arrives for key, (arrives, _) in schemas.items()}, schema)
    tables = fits(schemas[expected[0]][1], table) if len(expected) == 1 else []
    if len(tables) == 1:
        found = resolve(config_of(schemas), {schema: [table]}, "one")
        assert found == {expected[0]: tables}
    else:
        with pytest.raises(TableNotFoundError):
            resolve(config_of(schemas), {schema: [table]}, "one")
