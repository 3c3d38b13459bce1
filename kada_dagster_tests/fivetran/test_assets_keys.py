"""Keys of connections and tables: short where they are unique, longer where two would clash."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kada_dagster.config import FivetranAccountSettings
from kada_dagster.fivetran.props import Key, account_props
from kada_dagster.fivetran.snapshot_model import KnownConnection, KnownSchema, KnownTable, Snapshot

NOW = datetime(2026, 11, 2, tzinfo=timezone.utc)


def account(name: str = "ft", **fields: object) -> FivetranAccountSettings:
    given = {"name": name, "api_key": "${KEY}", "api_secret": "${SECRET}"}
    return FivetranAccountSettings.model_validate(
        {**given, "snapshot": Path(f"{name}.json"), **fields}
    )


def connection(
    number: str, *tables: tuple[str, str], group: str = "g", source: str = "public"
) -> KnownConnection:
    """A connection with tables, each `(schema, table)` in the destination."""
    schemas = tuple(
        KnownSchema(f"{source}_{place}", schema, (KnownTable(table, table),))
        for place, (schema, table) in enumerate(tables)
    )
    return KnownConnection(number, group, "postgres", number, schemas=schemas)


def snapshot(*connections: KnownConnection) -> Snapshot:
    return Snapshot(NOW, {"g": "Warehouse", "h": "Marketing"}, connections=connections)


def keys(
    *accounts: tuple[FivetranAccountSettings, Snapshot | None], taken: Sequence[Key] = ()
) -> list[str]:
    """The keys of all tables, in order."""
    found = account_props(accounts, taken)
    return ["/".join(t.key) for one in found for _, tables in one.connections for t in tables]


def test_a_table_is_called_as_in_the_destination() -> None:
    found = keys((account(), snapshot(connection("c", ("shop", "orders"), ("shop", "items")))))
    assert found == ["shop/orders", "shop/items"]


def test_a_connection_is_called_by_its_account_and_id() -> None:
    ((parent, _),) = account_props([(account(), snapshot(connection("c")))])[0].connections
    assert parent.key == ("ft", "c")
    assert (parent.group, parent.service_title, parent.destination) == (
        "Warehouse",
        "postgres",
        None,
    )


def test_tables_of_one_name_in_two_groups_are_told_apart_by_the_group() -> None:
    one, two = connection("c", ("shop", "t")), connection("d", ("shop", "t"), group="h")
    assert keys((account(), snapshot(one, two))) == [
        "ft/Warehouse/shop/t",
        "ft/Marketing/shop/t",
    ]


def test_tables_of_one_name_in_one_group_are_told_apart_by_the_connection() -> None:
    one, two = connection("c", ("shop", "t")), connection("d", ("shop", "t"), ("shop", "u"))
    assert keys((account(), snapshot(one, two))) == ["ft/c/shop/t", "ft/d/shop/t", "shop/u"]


def test_two_tables_of_a_source_that_fill_one_table_are_told_apart_by_the_source() -> None:
    both = connection("c", ("shop", "t"), ("shop", "t"))
    assert keys((account(), snapshot(both))) == [
        "ft/c/shop/t/public_0/t",
        "ft/c/shop/t/public_1/t",
    ]


def test_tables_of_one_name_in_two_accounts_are_told_apart_by_the_account() -> None:
    one = snapshot(connection("c", ("shop", "t")))
    assert keys((account("a"), one), (account("b"), one)) == [
        "a/Warehouse/shop/t",
        "b/Warehouse/shop/t",
    ]


def test_a_key_of_another_asset_is_not_taken() -> None:
    one = snapshot(connection("c", ("shop", "extract")))
    taken = [("shop", "extract"), ("ft", "Warehouse", "shop", "extract")]
    assert keys((account(), one), taken=taken) == ["ft/c/shop/extract"]


def test_a_table_never_takes_the_key_of_a_connection() -> None:
    one = snapshot(connection("c", ("ft", "c")), connection("d", ("ft", "x")))
    assert keys((account(), one)) == ["ft/Warehouse/ft/c", "ft/x"]


def test_without_tables_or_a_snapshot_there_are_none() -> None:
    one = snapshot(connection("c", ("shop", "t")))
    assert keys((account(tables=False), one)) == []
    assert keys((account(), None)) == []
    assert account_props([(account(), None)])[0].connections == []


names = st.sampled_from(["a", "b", "ft", "Warehouse", "public_0", "c0"])
parts = st.lists(st.tuples(names, names), max_size=4)


@given(
    listed=st.lists(st.tuples(parts, st.sampled_from("gh")), max_size=4),
    taken=st.lists(st.tuples(names, names), max_size=3),
)
def test_whatever_is_there_no_two_assets_have_one_key(
    listed: list[tuple[list[tuple[str, str]], str]], taken: list[Key]
) -> None:
    found = [
        connection(f"c{place}", *tables, group=group)
        for place, (tables, group) in enumerate(listed)
    ]
    keys_of = [account(name) for name in ("ft", "other")]
    props = account_props([(one, snapshot(*found)) for one in keys_of], taken)
    all_keys = [t.key for one in props for _, tables in one.connections for t in tables]
    assert not set(all_keys) & set(taken)
    all_keys += [p.key for one in props for p, _ in one.connections]
    sources = [t.source_key for one in props for _, tables in one.connections for t in tables]
    assert len(set(all_keys)) == len(all_keys) == 2 * sum(1 + len(t) for t, _ in listed)
    assert not set(all_keys) & set(sources)
    assert len(set(sources)) == len(sources)


@pytest.mark.parametrize("place", [0, 1])
def test_the_order_of_connections_does_not_change_keys(place: int) -> None:
    one, two = connection("c", ("shop", "t")), connection("d", ("shop", "t"), ("shop", "u"))
    ordered = (one, two) if place == 0 else (two, one)
    assert sorted(keys((account(), snapshot(*ordered)))) == ["ft/c/shop/t", "ft/d/shop/t", "shop/u"]
