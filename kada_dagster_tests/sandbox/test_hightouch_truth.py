"""What the Hightouch stand-in says an extract must hold, checked against rows written by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.extracts.identity import split_id
from kada_dagster.hwm.window import Window
from kada_dagster.sandbox.facts import LinkFact
from kada_dagster.sandbox.hightouch import HightouchEstate
from kada_dagster.sandbox.hightouch.facts import EventFact, MetaFact
from kada_dagster.sandbox.hightouch.generated_runs import FIRST_DAY
from kada_dagster.sandbox.hightouch.model import Custom, Dbt, Visual, WholeTable
from kada_dagster.sandbox.hightouch.naming import TableOf
from kada_dagster.sandbox.hightouch.places import LEAK, mysql, postgres, snowflake
from kada_dagster.sandbox.hightouch.sync import Field
from kada_dagster_tests.sandbox.hightouch_workspaces import (
    NOON,
    destination,
    model,
    run,
    source,
    sync,
    visual,
    workspace,
)

H = "h"
TABLE = '"db.example.com".shop.sales.orders'


def links(estate: HightouchEstate, **mapping: Any) -> set[tuple[str, ...]]:
    """Source, target, relationship, confidence."""
    return {(f[1], f[3], f[4], f[5]) for f in estate.linkage(H, mapping)}


def tables(estate: HightouchEstate, **mapping: Any) -> dict[str, str]:
    """Tables that are read, with the confidence."""
    found = estate.linkage(H, mapping)
    return {f.source_object_id: f.confidence for f in found if f.source_object_type == "TABLE"}


def test_the_links_of_a_small_workspace_are_known() -> None:
    lineage, depends = "LINEAGE", "DEPENDS_ON"
    assert workspace().linkage(H) == {
        LinkFact("TABLE", TABLE, "DATASET", "h.model.1", lineage, "PARSED"),
        LinkFact("COLUMN", f"{TABLE}.id", "DATASET_FIELD", "h.model_field.1.id", lineage, "PARSED"),
        LinkFact(
            *("COLUMN", f"{TABLE}.email", "DATASET_FIELD", "h.model_field.1.mail"),
            *(lineage, "PARSED"),
        ),
        LinkFact("DATASET", "h.model.1", "PIPELINE", "h.sync.1", lineage, "DIRECT"),
        LinkFact("PIPELINE", "h.sync.1", "TOOL", "h.destination.1", depends, "DIRECT"),
        LinkFact(
            *("PIPELINE", "h.sync.1", "DATASET", "h.destination_object.1.Contact"),
            *(lineage, "DIRECT"),
        ),
        LinkFact(
            *("DATASET_FIELD", "h.model_field.1.mail"),
            *("DATASET_FIELD", "h.destination_field.1.Contact.Email", lineage, "DIRECT"),
        ),
        LinkFact(
            *("PIPELINE", "h.sync.1", "DATASET_FIELD", "h.model_field.1.id", depends, "DIRECT")
        ),
    }


def test_the_objects_of_a_small_workspace_are_known() -> None:
    at = "2026-02-16 12:00:00"
    rows = {fact.object_id: fact for fact in workspace(run(1, 0)).meta(H)}
    assert set(rows) == {
        *("h.source.1", "h.destination.1", "h.model.1", "h.sync.1"),
        *("h.destination_object.1.Contact", "h.destination_field.1.Contact.Email"),
        *("h.model_field.1.id", "h.model_field.1.mail"),
    }
    assert rows["h.model.1"] == MetaFact(
        "DATASET",
        "h.model.1",
        "HIGHTOUCH_MODEL",
        "Buyers",
        "h.shop_pg.Buyers",
        "h.source.1",
        query_code="select id, email as mail from orders",
        created_at=at,
        updated_at=at,
        attributes='{"is_schema":false,"kind":"raw_sql","primary_key":"id","slug":"model-1"}',
    )
    assert rows["h.source.1"].attributes == (
        '{"database":"shop","host":"db.example.com","port":"5432","schema":"sales",'
        '"slug":"source-1","type":"postgres"}'
    )
    assert (rows["h.sync.1"].name, rows["h.sync.1"].status) == ("sync-1", "success")
    assert '"last_run_at":"2026-02-16T12:00:00.000Z"' in rows["h.sync.1"].attributes
    assert rows["h.destination_field.1.Contact.Email"].path == "h.CRM.Contact.Email"


@pytest.mark.parametrize(
    ("mapping", "table"),
    [
        ({}, TABLE),
        ({"shop_pg": "pg"}, "pg.shop.sales.orders"),
        ({"source-1": {"host": "pg", "database": "k"}}, "pg.k.sales.orders"),
        ({"1": "pg"}, "pg.shop.sales.orders"),
    ],
)
def test_tables_are_named_through_the_mapping(mapping: Any, table: str) -> None:
    assert tables(workspace(), **mapping) == {table: "PARSED"}


@pytest.mark.parametrize(
    ("place", "read", "table", "confidence"),
    [
        (postgres("pg", "shop"), ("", "", "orders"), "pg.shop.public.orders", "INFERRED"),
        (postgres("pg", "shop"), ("", "public", "orders"), "pg.shop.public.orders", "DIRECT"),
        (postgres("pg", "shop"), ("x", "y", "orders"), "pg.x.y.orders", "DIRECT"),
        (
            snowflake("https://AB1.snowflakecomputing.com/x", "raw", "core"),
            ("", "", "ORDERS"),
            "ab1.RAW.CORE.ORDERS",
            "DIRECT",
        ),
        (
            snowflake("ab1", "raw", "core", region="eu-west-1"),
            ("", "", "ORDERS"),
            '"ab1.eu-west-1".RAW.CORE.ORDERS',
            "DIRECT",
        ),
        (mysql("my", "shop"), ("", "", "orders"), "my.shop.shop.orders", "DIRECT"),
    ],
)
def test_what_is_not_said_of_a_table_is_the_sources(
    place: Any, read: tuple[str, str, str], table: str, confidence: str
) -> None:
    query = WholeTable(name="orders", reads=(TableOf(*read),))
    estate = workspace(sources=[source(place)], models=[model(query=query)], syncs=[])
    assert tables(estate) == {table: confidence}


def test_a_visual_model_inherits_along_its_chain() -> None:
    estate = workspace(
        models=[model(), visual(2, 1), visual(3, 2)],
        syncs=[sync(model_id=3, fields=(), primary_key="Mail")],
    )
    found = links(estate)
    assert ("h.model.2", "h.model.3", "LINEAGE", "DIRECT") in found
    assert (TABLE, "h.model.3", "LINEAGE", "INHERITED") in found
    fields = ("h.model_field.1.mail", "h.model_field.2.mail", "h.model_field.3.mail")
    assert (fields[0], fields[1], "LINEAGE", "INHERITED") in found
    assert (fields[1], fields[2], "LINEAGE", "INHERITED") in found
    assert ("h.sync.1", fields[2], "DEPENDS_ON", "DIRECT") in found


@pytest.mark.parametrize(
    "models", [[visual(1, 1)], [visual(1, 2), visual(2, 1)], [visual(1, 2), visual(2, 77)]]
)
def test_a_chain_without_an_end_has_no_lineage(models: list[Any]) -> None:
    assert links(workspace(models=models, syncs=[])) == set()


def test_fields_of_a_whole_table_are_those_a_sync_names() -> None:
    relation = TableOf("", "marts", "dim")
    dbt = Dbt(
        unique_id="m", relation=("", "marts", "dim"), compiled_sql="select 1", reads=(relation,)
    )
    estate = workspace(models=[model(query=dbt)], syncs=[sync(referenced_columns=("a",))])
    columns = {fact.source_object_id for fact in estate.linkage(H) if "COLUMN" in fact[0]}
    table = '"db.example.com".shop.marts.dim'
    assert columns == {f"{table}.a", f"{table}.MAIL", f"{table}.id"}


def test_a_custom_model_has_no_tables() -> None:
    assert tables(workspace(models=[model(query=Custom(query={}))])) == {}


def test_a_sync_to_a_database_writes_a_table_and_its_columns() -> None:
    wide = sync(object_name="Users", table=TableOf("", "", "users"), object_confidence="INFERRED")
    place = postgres("out", "app", "inbound")
    found = links(workspace(destinations=[destination(place)], syncs=[wide]))
    assert ("h.sync.1", "out.app.inbound.users", "LINEAGE", "INFERRED") in found
    column = "out.app.inbound.users.Email"
    assert ("h.model_field.1.mail", column, "LINEAGE", "DIRECT") in found


def test_a_sync_without_an_object_writes_to_the_destination() -> None:
    found = links(workspace(syncs=[sync(object_name=None)]))
    assert ("h.sync.1", "h.destination.1", "LINEAGE", "DIRECT") in found
    field = "h.destination_field.1.Email"
    assert ("h.model_field.1.mail", field, "LINEAGE", "DIRECT") in found


def test_what_needs_a_deleted_entity_is_left_out() -> None:
    whole = links(workspace())
    estate = workspace()
    estate.delete("destinations", 1)
    gone = {link for link in whole if "h.destination" in link[1]}
    assert links(estate) == whole - gone
    estate = workspace()
    estate.delete("models", 1)
    assert links(estate) == {link for link in whole if "model" not in link[0] + link[1]} - {
        link for link in whole if TABLE in link[0]
    }


def test_the_first_mapping_of_a_field_counts() -> None:
    twice = (Field(("id",), "Email", "PARSED"), Field(("id",), "Email"))
    found = links(workspace(syncs=[sync(fields=twice)]))
    assert [link[3] for link in found if link[0] == "h.model_field.1.id"] == ["PARSED"]


def test_a_run_is_an_event_in_the_window_that_holds_its_end() -> None:
    error = "NON_UNIQUE_PRIMARY_KEY: anna"
    failed = run(7, 58, 2, status="failed", error=error, error_code="NON_UNIQUE_PRIMARY_KEY")
    estate = workspace(failed, run(8, 0, finished_at=None))
    first = Window(NOON, NOON + timedelta(hours=1))
    second = Window(NOON + timedelta(hours=1), NOON + timedelta(hours=2))
    assert estate.events(H, first) == set()
    (event,) = estate.events(H, second)
    counts = (
        '{"failed_rows":{"added":1,"changed":0,"removed":0},'
        '"planned_rows":{"added":3,"changed":2,"removed":1},'
        '"successful_rows":{"added":2,"changed":1,"removed":0}}'
    )
    started, ended = "2026-02-16 12:58:00", "2026-02-16 13:00:00"
    assert event == EventFact(
        *("h.run.1.7", "RUNS", "PIPELINE", "h.sync.1", "failed"),
        *(started, ended, "9", "3", "1", error, counts),
    )
    (masked,) = estate.events(H, second, mask=True)
    assert masked == event._replace(message="NON_UNIQUE_PRIMARY_KEY")


@pytest.mark.parametrize(
    ("error", "plain", "masked"),
    [("", "", ""), (None, "", ""), ("anna", "anna", "***"), ("é" * 501, "é" * 500 + "…", "***")],
)
def test_the_text_of_an_error_is_cut_or_masked(error: Any, plain: str, masked: str) -> None:
    estate = workspace(run(1, 0, error=error))
    window = Window(NOON, NOON + timedelta(hours=1))
    assert [event.message for event in estate.events(H, window)] == [plain]
    assert [event.message for event in estate.events(H, window, mask=True)] == [masked]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 50), st.sets(st.integers(1, 15 * 24 * 60), max_size=30))
def test_windows_share_out_the_events_however_time_is_cut(seed: int, cuts: set[int]) -> None:
    estate = HightouchEstate.generate(seed, 40, runs=150)
    bounds = [FIRST_DAY - timedelta(days=1)]
    bounds += [FIRST_DAY + timedelta(minutes=minute) for minute in sorted(cuts)]
    bounds += [FIRST_DAY + timedelta(days=30)]
    whole = estate.events(H, Window(bounds[0], bounds[-1]))
    parts = [estate.events(H, Window(*pair)) for pair in pairwise(bounds)]
    ended = [run for runs in estate.runs.values() for run in runs if run.finished_at]
    assert len(whole) == sum(map(len, parts)) == len(ended) > 0
    assert set().union(*parts) == whole


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 400))
def test_a_made_up_workspace_has_its_size_unique_ids_and_no_secret(seed: int, size: int) -> None:
    estate = HightouchEstate.generate(seed, size, runs=20)
    lists = (estate.sources, estate.models, estate.destinations, estate.syncs)
    assert sum(map(len, lists)) == size
    meta, linkage = estate.meta(H), estate.linkage(H)
    assert len({fact.object_id for fact in meta}) == len(meta)
    assert len({link[:5] for link in linkage}) == len(linkage)
    own = {fact.object_id for fact in meta}
    ends = {link[at : at + 2] for link in linkage for at in (0, 2)}
    assert {end for kind, end in ends if kind not in ("TABLE", "COLUMN")} <= own
    assert {len(split_id(end)) for kind, end in ends if kind == "TABLE"} <= {4}
    assert {len(split_id(end)) for kind, end in ends if kind == "COLUMN"} <= {5}
    assert not any(LEAK in cell for fact in (*meta, *linkage) for cell in fact)


def test_the_same_seed_makes_the_same_workspace_and_another_one_another() -> None:
    one, two, three = (HightouchEstate.generate(seed, 60) for seed in (1, 1, 2))
    assert one == two
    assert one != three


def test_moments_finer_than_the_api_shows_are_refused() -> None:
    with pytest.raises(ValueError, match="in milliseconds"):
        replace(run(1, 0), finished_at=NOON + timedelta(microseconds=1))


def test_made_up_visual_models_have_chains_and_all_the_ways_not_to_end() -> None:
    models = HightouchEstate.generate(0, 400).models
    parents = {one.id: one.query.parent for one in models.values() if isinstance(one.query, Visual)}
    assert any(parents.get(parent, 0) in models for parent in parents.values())
    assert any(parent == number for number, parent in parents.items())
    assert any(parents.get(parent) == number != parent for number, parent in parents.items())
    assert any(parent not in models for parent in parents.values())
