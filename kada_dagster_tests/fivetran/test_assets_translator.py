"""What a translator makes of odd facts: nothing Dagster would refuse, nothing that is empty."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kada_dagster.config import FivetranAccountSettings
from kada_dagster.fivetran.props import ConnectionProps, TableProps, connection_props
from kada_dagster.fivetran.snapshot_model import (
    KnownColumn,
    KnownConnection,
    KnownDestination,
    KnownSchema,
    KnownTable,
)
from kada_dagster.fivetran.translator import FivetranTranslator
from kada_dagster_tests.fivetran.test_assets_keys import account

TRANSLATOR = FivetranTranslator()
COLUMNS = (KnownColumn("Id", "id", primary_key=True), KnownColumn("Mail", "mail", hashed=True))
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)


def parent(settings: FivetranAccountSettings | None = None, **facts: Any) -> ConnectionProps:
    """A connection of which next to nothing is known."""
    known = replace(KnownConnection("c", "g", "postgres", "shop"), **facts)
    return connection_props(settings or account(), known, None)


def table(of: ConnectionProps, **facts: Any) -> TableProps:
    schema = KnownSchema("Public", "shop_public", ())
    return TableProps(of, schema, replace(KnownTable("Orders", "orders"), **facts), ("s", "t"))


def test_what_is_not_known_is_left_out() -> None:
    spec = TRANSLATOR.get_connection_spec(parent())
    assert "fivetran/destination" not in spec.metadata
    assert "fivetran/created_at" not in spec.metadata
    assert all(value != "" for value in spec.metadata.values())
    assert spec.description
    assert "postgres to its destination (group g)" in spec.description


def test_a_connection_without_a_name_is_called_by_its_id() -> None:
    spec = TRANSLATOR.get_connection_spec(parent(schema=""))
    assert spec.description
    assert spec.description.startswith("**c**: ")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"setup_state": "connected"}, ""),
        ({"setup_state": ""}, ""),
        ({"setup_state": "broken"}, "It was broken when"),
        ({"setup_state": "connected", "paused": True}, "It was paused when"),
        ({"setup_state": "incomplete", "paused": True}, "It was incomplete and paused when"),
    ],
)
def test_only_what_would_stop_a_sync_is_said(facts: dict[str, Any], said: str) -> None:
    spec = TRANSLATOR.get_connection_spec(parent(**facts))
    assert ("It was " in (spec.description or "")) == bool(said)
    assert said in (spec.description or "")


@given(service=words, schema=words, group=words, destination=words)
def test_no_word_of_fivetran_makes_a_spec_that_dagster_refuses(
    service: str, schema: str, group: str, destination: str
) -> None:
    bare = parent(service=service, schema=schema)
    of = replace(bare, group=group, destination=KnownDestination(destination, group))
    one = table(of, name=schema, destination=service)
    for spec in (TRANSLATOR.get_connection_spec(of), TRANSLATOR.get_table_spec(one)):
        assert spec.group_name == "ft"
        assert dg.AssetsDefinition(specs=[spec], keys_by_input_name={}).specs_by_key.keys()


def test_tags_of_the_account_win_over_those_of_the_connection() -> None:
    settings = account(tags={"fivetran/service": "mine", "tier": "1"})
    tags = TRANSLATOR.get_connection_spec(parent(settings)).tags
    assert (tags["fivetran/service"], tags["fivetran/group"], tags["tier"]) == ("mine", "g", "1")


def test_a_table_is_named_with_its_database_where_that_is_known() -> None:
    of = parent()
    assert TRANSLATOR.get_table_spec(table(of)).metadata["dagster/table_name"] == (
        "shop_public.orders"
    )
    known = replace(of, destination=KnownDestination("big_query", "", {"project_id": "acme"}))
    spec = TRANSLATOR.get_table_spec(table(known, sync_mode="HISTORY"))
    assert spec.metadata["dagster/table_name"] == "acme.shop_public.orders"
    assert spec.metadata["fivetran/sync_mode"] == "HISTORY"
    assert spec.kinds == {"fivetran", "big_query", "table"}


@pytest.mark.parametrize("columns", [None, ()])
def test_columns_nobody_knows_are_not_shown_as_none(columns: Any) -> None:
    spec = TRANSLATOR.get_table_spec(table(parent(account(columns=True)), columns=columns))
    assert not [key for key in spec.metadata if key.startswith("dagster/column")]
    assert len(list(spec.deps)) == 2


def test_columns_have_their_source_their_key_and_their_hash() -> None:
    spec = TRANSLATOR.get_table_spec(table(parent(account(columns=True)), columns=COLUMNS))
    first, second = spec.metadata["dagster/column_schema"].columns
    assert (first.name, first.constraints.other, first.constraints.nullable) == (
        "id",
        ["primary key"],
        False,
    )
    assert (second.description, second.constraints.nullable) == ("from Mail, hashed", True)
    source = dg.AssetKey(["ft", "c", "source", "Public", "Orders"])
    assert spec.metadata["dagster/column_lineage"] == dg.TableColumnLineage(
        {"id": [dg.TableColumnDep(source, "Id")], "mail": [dg.TableColumnDep(source, "Mail")]}
    )


class Upstream(FivetranTranslator):
    """The source tables are assets of another location."""

    def get_source_spec(self, props: TableProps) -> dg.AssetSpec | None:
        return dg.AssetSpec(["erp", props.table.name])


def test_a_translator_may_name_the_asset_a_table_comes_from() -> None:
    spec = Upstream().get_table_spec(table(parent(), columns=COLUMNS))
    keys = [dep.asset_key.to_user_string() for dep in spec.deps]
    assert keys == ["ft/c", "erp/Orders"]
    lineage = spec.metadata["dagster/column_lineage"].deps_by_column
    assert lineage["id"][0].asset_key == dg.AssetKey(["erp", "Orders"])
