"""Names of any characters, and answers that are not as documented."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.sandbox.fivetran import FivetranWorld
from kada_dagster.sandbox.fivetran.catalogue import LEAK
from kada_dagster.sandbox.fivetran.schema_config import Column, Schema, SchemaConfig, Table
from kada_dagster_tests.fivetran.collected import (
    HOST,
    Extracted,
    altered,
    assert_is_the_truth,
    extract,
    served,
)

NAMES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=6
)
SERVICES = st.sampled_from(["postgres", "mysql", "salesforce", "snowflake_db", "any thing"])
DESTINATIONS = st.sampled_from(
    ["snowflake", "redshift", "databricks", "big_query", "mysql_warehouse", "postgres_warehouse"]
)
CONFIGS = st.sampled_from(
    [
        {},
        {"host": "db.example.com", "database": "shop", "password": LEAK},
        {"host": "ab12.snowflakecomputing.com", "database": "Raw Data"},
        {"host": "my.example.com", "port": 3306},
        {"project_id": "acme", "private_key": LEAK},
        {"server_host_name": "dbc.example.com", "catalog": "Main", "schema_prefix": "p"},
        {"host": f"https://u:{LEAK}@h/", "database": f"x@{LEAK}", "account": ["no text"]},
    ]
)
COLUMNS = st.lists(
    st.builds(Column, NAMES, NAMES | st.just(""), *[st.booleans()] * 4),
    max_size=3,
    unique_by=lambda one: one.name,
)
TABLES = st.lists(
    st.builds(
        Table,
        NAMES,
        NAMES | st.just(""),
        COLUMNS.map(tuple),
        st.booleans(),
        locked=st.sampled_from(["", "DELETED", "SYSTEM_TABLE"]),
    ),
    max_size=3,
    unique_by=lambda one: one.name,
)
SCHEMAS = st.lists(
    st.builds(
        Schema,
        NAMES,
        NAMES | st.just(""),
        st.none() | TABLES.map(lambda tables: {one.name: one for one in tables}),
        st.booleans(),
    ),
    max_size=2,
    unique_by=lambda one: one.name,
)


@st.composite
def worlds(draw: st.DrawFn) -> FivetranWorld:
    """An account with names of any characters."""
    world = FivetranWorld()
    for number in range(2):
        name, config = draw(NAMES | st.just("")), draw(CONFIGS)
        world.add_group(name, id=f"g{number}", service=draw(DESTINATIONS), config=config)
    for number in range(draw(st.integers(0, 3))):
        schemas = draw(SCHEMAS)
        fields: dict[str, Any] = {"config": draw(CONFIGS)}
        if draw(st.booleans()):
            fields["destination_schema_names"] = "SOURCE_NAMING"
        world.add_connection(
            draw(SERVICES),
            id=draw(NAMES.filter(lambda name: name not in world.estate.connections)),
            group=f"g{number % 2}",
            schema=draw(NAMES),
            fields=fields,
            layout=partial(SchemaConfig, {one.name: one for one in schemas}),
        )
    return world


@settings(max_examples=25, deadline=None)
@given(world=worlds(), columns=st.booleans(), mapped=st.booleans())
def test_names_of_any_characters_are_extracted_exactly(
    world: FivetranWorld, columns: bool, mapped: bool
) -> None:
    mapping: dict[str, Any] = {}
    if mapped:
        names = [one.schema for one in world.estate.connections.values()][:1]
        names += [group.name or group.id for group in world.estate.groups.values()][:1]
        mapping = {name.casefold(): {"host": f"k {number}"} for number, name in enumerate(names)}
    with served(world) as server, TemporaryDirectory() as output:
        found = extract(server, Path(output), columns=columns, mapping=mapping)
        assert_is_the_truth(found, world, columns=columns, mapping=mapping)
        assert LEAK not in found.text()


def shop(**fields: Any) -> FivetranWorld:
    """One connection with two tables."""
    tables = {
        "orders": Table("orders", "orders", (Column("id", "id", is_primary_key=True),)),
        "items": Table("items", "items", (Column("note", "note", hashed=True, overridden=True),)),
    }
    config = SchemaConfig({"public": Schema("public", "pg_public", tables)})
    world = FivetranWorld()
    world.add_group("Warehouse", config={"host": "AB.snowflakecomputing.com", "database": "dwh"})
    world.add_connection("postgres", id="pg", schema="pg", layout=lambda: config, fields=fields)
    return world


ID = f'"{HOST}"'
PG: dict[str, Any] = {"pg": {"host": "pg.k", "database": "shop"}}


def changed(path: str, output: Path, change: Any, **options: Any) -> Extracted:
    """What becomes of an answer that is changed on its way."""
    with served(shop()) as server:
        server.fail(altered(path, change))
        return extract(server, output, **{"mapping": PG, **options})


def test_tables_and_columns_are_tied_from_source_to_destination(tmp_path: Path) -> None:
    with served(shop()) as server:
        found = extract(server, tmp_path, mapping=PG, columns=True)
    connection = f"{ID}.connection.pg"
    orders = ('"pg.k".shop.public.orders', "ab.DWH.PG_PUBLIC.ORDERS")
    items = ('"pg.k".shop.public.items', "ab.DWH.PG_PUBLIC.ITEMS")
    assert found.ends("TABLE", "TABLE") == {orders, items}
    assert found.ends("TABLE", "PIPELINE") == {(orders[0], connection), (items[0], connection)}
    assert found.ends("PIPELINE", "TABLE") == {(connection, orders[1]), (connection, items[1])}
    assert found.ends("COLUMN", "COLUMN") == {
        (f"{orders[0]}.id", f"{orders[1]}.ID"),
        (f"{items[0]}.note", f"{items[1]}.NOTE"),
    }
    assert found.ends("PIPELINE", "WORKSPACE", "MEMBER_OF") == {
        (connection, f"{ID}.group.warehouse")
    }
    assert found.ends("PIPELINE", "TOOL", "DEPENDS_ON") == {
        (connection, f"{ID}.destination.warehouse")
    }
    attributes = {one.object_id: one.attributes for one in found.meta}
    assert attributes[f"{ID}.column.pg.public.items.note"] == (
        '{"enabled":true,"hashed":true,"is_primary_key":false,"name_in_destination":"note"}'
    )
    assert found.warnings == {"sync_not_in_history": 1}


def without(*keys: str) -> Any:
    """A change that takes keys from whatever has them."""

    def change(value: Any) -> Any:
        if isinstance(value, list):
            return [change(one) for one in value]
        if isinstance(value, dict):
            return {key: change(one) for key, one in value.items() if key not in keys}
        return value

    return change


@pytest.mark.parametrize(
    "answer",
    [
        {"data": {}},
        {"data": {"schemas": None}},
        {"data": {"schemas": []}},
        {"data": {"schemas": {"public": None}}},
        {"data": {"schemas": {"public": {"tables": None}}}},
        {"data": {"schemas": {"public": {"tables": [1]}}}},
        {"data": None},
        [],
    ],
)
def test_a_schema_config_of_another_shape_has_what_it_has(answer: Any, tmp_path: Path) -> None:
    found = changed("/schemas$", tmp_path, lambda _: answer)
    assert f"{ID}.connection.pg" in {one.object_id for one in found.meta}
    assert not [one for one in found.meta if one.object_type == "DATASET_TABLE"]
    assert not found.ends("TABLE", "TABLE")


def test_a_table_of_which_no_name_in_the_destination_is_said_is_not_named(tmp_path: Path) -> None:
    found = changed("/schemas$", tmp_path, without("name_in_destination"))
    assert found.warnings["table_not_named"] == 2
    assert "pg: public.orders" in found.samples["table_not_named"]
    assert len(found.ends("TABLE", "PIPELINE")) == 2
    assert not found.ends("PIPELINE", "TABLE")


def test_what_does_not_say_that_it_is_enabled_is(tmp_path: Path) -> None:
    found = changed("/schemas$", tmp_path, without("enabled", "enabled_patch_settings"))
    assert len(found.ends("TABLE", "TABLE")) == 2
    assert len(found.ends("COLUMN", "COLUMN")) == 1


@pytest.mark.parametrize("answer", [{"data": {}}, {"data": {"columns": None}}, {"data": []}, 1])
def test_columns_of_another_shape_leave_those_that_are_known(answer: Any, tmp_path: Path) -> None:
    found = changed("/columns$", tmp_path, lambda _: answer, columns=True)
    names = {one.name for one in found.meta if one.object_type == "DATASET_FIELD"}
    assert names == {"note"}


@pytest.mark.parametrize("path", ["/v1/groups$", "/v1/destinations$", "/v1/transformations$"])
def test_a_row_without_an_id_is_counted(path: str, tmp_path: Path) -> None:
    def add(answer: Any) -> Any:
        answer["data"]["items"] += [{"name": "nobody"}, {"id": None}]
        return answer

    found = changed(path, tmp_path, add)
    assert found.warnings["without_id"] == 2
    assert path.strip("/v1$").rstrip("s") in found.samples["without_id"]
    assert len(found.ends("TABLE", "TABLE")) == 2


def test_a_connection_of_which_little_is_said_is_written_with_that(tmp_path: Path) -> None:
    def bare(answer: Any) -> Any:
        answer["data"]["items"] = [{"id": "pg"}, {"id": 7, "status": "well", "config": "none"}]
        return answer

    found = changed("/v1/connections$", tmp_path, bare)
    rows = {one.object_id: one for one in found.meta}
    assert rows[f"{ID}.connection.pg"].name == "pg"
    assert rows[f"{ID}.connection.pg"].parent_id == ""
    assert rows[f"{ID}.connection.7"].attributes == ""
    assert found.warnings["destination_missing"] == 2


def test_a_transformation_with_a_config_is_named_by_it(tmp_path: Path) -> None:
    row = {
        "id": "t",
        "transformation_config": {
            "project_id": "p",
            "name": "nightly",
            "connection_ids": ["pg", None, "pg"],
            "steps": [{"name": "run", "command": f"dbt run --vars {LEAK}"}],
        },
        "schedule": {"connection_ids": "pg", "transformation_ids": [None, "u"]},
        "output_model_names": ["a", "", None, "a"],
    }

    def add(answer: Any) -> Any:
        answer["data"]["items"] = [row, {**row, "transformation_config": {"package_name": "q"}}]
        return answer

    found = changed("/v1/transformations$", tmp_path, add)
    [one] = [one for one in found.meta if one.tool_object_type == "FIVETRAN_TRANSFORMATION"]
    assert (one.name, one.attributes) == ("nightly", '{"project_id":"p"}')
    item = f"{ID}.transformation.t"
    assert found.ends("PIPELINE", "PIPELINE", "DEPENDS_ON") == {
        (item, f"{ID}.connection.pg"),
        (item, f"{ID}.transformation.u"),
    }
    assert found.ends("PIPELINE", "DATASET_TABLE") == {(item, f"{ID}.model.t.a")}
    assert LEAK not in found.text()


def test_what_no_extract_may_hold_is_taken_out_and_counted(tmp_path: Path) -> None:
    def odd(answer: Any) -> Any:
        tables = answer["data"]["schemas"]["public"]["tables"]
        tables["nul\0"] = tables.pop("orders")
        tables["half\ud800"] = tables.pop("items")
        return answer

    found = changed("/schemas$", tmp_path, odd, columns=True)
    names = {one.name for one in found.meta if one.object_type == "DATASET_TABLE"}
    assert names == {"nul", "half\ufffd"}
    assert found.warnings["not_text"] > 0
    assert found.warnings["not_found"] == 2  # such tables are not there


@pytest.mark.parametrize(
    ("fields", "said", "arrives", "confidence"),
    [
        ({}, "pg_public", "PG_PUBLIC", "DIRECT"),
        ({}, "PG_public", "PG_PUBLIC", "DIRECT"),
        ({}, "public", "PUBLIC", "INFERRED"),
        ({"config": {"schema_prefix": "raw"}}, "raw_public", "RAW_PUBLIC", "DIRECT"),
        ({"config": {"schema_prefix": "raw"}}, "public", "RAW_PUBLIC", "INFERRED"),
        ({"destination_schema_names": "SOURCE_NAMING"}, "public", "public", "DIRECT"),
    ],
)
def test_a_schema_without_its_connections_prefix_is_an_inference(
    fields: dict[str, Any], said: str, arrives: str, confidence: str, tmp_path: Path
) -> None:
    world = shop(**fields)

    def change(answer: Any) -> Any:
        answer["data"]["schemas"]["public"]["name_in_destination"] = said
        return answer

    with served(world) as server:
        server.fail(altered("/schemas$", change))
        found = extract(server, tmp_path, mapping=PG)
    links = [one for one in found.links if one.target_object_type == "TABLE"]
    assert {one.target_object_id.split(".")[2] for one in links} == {arrives}
    assert {one.confidence for one in links} == {confidence}
    assert found.warnings.get("schema_without_prefix", 0) == (confidence == "INFERRED")


def test_connections_of_one_name_in_two_groups_stay_apart(tmp_path: Path) -> None:
    world = shop()
    world.add_group("Test", config={"host": "AB.snowflakecomputing.com", "database": "test"})
    config = world.estate.connections["pg"].config
    world.add_connection("postgres", id="pg2", group="test", schema="pg", layout=lambda: config)
    with served(world) as server:
        unmapped = extract(server, tmp_path, mapping={})
        mapped = extract(server, tmp_path, mapping={"Test.pg": "test.k", "pg": "live.k"})
    assert {one[0] for one in unmapped.ends("TABLE", "TABLE") if "orders" in one[0]} == {
        *("pg.pg.public.orders", "pg.pg2.public.orders"),
    }
    assert unmapped.warnings["connection_unmapped"] == 2
    assert unmapped.samples["connection_unmapped"] == "Warehouse.pg"
    assert mapped.warnings["table_not_named"] == 4  # a host alone names no database of Postgres


def test_columns_that_fivetran_adds_have_no_source(tmp_path: Path) -> None:
    def add(answer: Any) -> Any:
        tables = answer["data"]["schemas"]["public"]["tables"]
        tables["items"]["columns"]["x"] = {"name_in_destination": "_Fivetran_id", "enabled": True}
        return answer

    found = changed("/schemas$", tmp_path, add)
    assert "x" in {one.name for one in found.meta}
    assert len(found.ends("COLUMN", "COLUMN")) == 1


def test_a_paused_or_broken_connection_still_tells_what_it_loaded(tmp_path: Path) -> None:
    world = shop()
    world.pause("pg")
    world.break_connection("pg")
    with served(world) as server:
        found = extract(server, tmp_path, mapping=PG, columns=True)
        assert not server.calls("GET", "/columns$")  # its source cannot be asked
    assert len(found.ends("TABLE", "TABLE")) == 2
    [row] = [one for one in found.meta if one.tool_object_type == "FIVETRAN_CONNECTION"]
    assert row.status == "broken"
    assert '"sync_state":"paused"' in row.attributes
