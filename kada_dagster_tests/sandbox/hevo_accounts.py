"""Small Hevo accounts written by hand, whose truth can be told by looking at them."""

from __future__ import annotations

from kada_dagster.sandbox.hevo import HevoEstate
from kada_dagster.sandbox.hevo.classic import (
    ClassicObject,
    ClassicPipeline,
    Destination,
    EventType,
    Field,
    Model,
    ModelRead,
    SchemaMapping,
    SourceTable,
    User,
    Workflow,
)
from kada_dagster.sandbox.hevo.connections import bigquery, bucket, database, saas, snowflake
from kada_dagster.sandbox.hevo.edge import EdgeJob, EdgeObject, EdgePipeline, Namespace

MIDNIGHT = 1_767_225_600_000  # 2026-01-01 00:00:00 UTC
SNOWFLAKE = Destination(
    7, snowflake("sf", account="ab12", region="eu-west-1", database="analytics", schema="raw")
)
LAKE = Destination(8, bucket("lake"))
POSTGRES = database("POSTGRES", "orders_pg", host="pg", database="shop", schema="public")
ORDERS = SchemaMapping(
    "pg_orders",
    (
        Field("id", "id"),
        Field("note", None, ignored=True),
        Field("secret", "secret", ignored=True),
        Field("Unit Price", "Unit Price"),
        Field("x", "__hevo_id"),
        Field(None, "__hevo__loaded_at"),
    ),
)


def one_pipeline(**options: object) -> HevoEstate:
    """One classic pipeline with one table and every reason for another to have no lineage."""
    event_types = (
        EventType(SourceTable("", "public", "orders"), "MAPPED", ORDERS),
        EventType(SourceTable("", "", "ignored"), "IGNORED", SchemaMapping("a")),
        EventType(SourceTable("", "", "unmapped"), "MAPPED", SchemaMapping("b", (), "UNMAPPED")),
        EventType(SourceTable("", "", "without"), "MAPPED", None),
        EventType(SourceTable("", "", "nowhere"), "MAPPED", SchemaMapping(None)),
    )
    objects = (ClassicObject("public.orders", "ACTIVE", (MIDNIGHT - 5, MIDNIGHT + 1)),)
    pipeline = ClassicPipeline(162, POSTGRES, SNOWFLAKE, objects, event_types, **options)  # type: ignore[arg-type]
    return HevoEstate(destinations=(SNOWFLAKE,), pipelines=(pipeline,))


def one_model() -> HevoEstate:
    """One model over one table, a workflow and a user."""
    model = Model(
        31,
        "daily",
        SNOWFLAKE,
        "select order_date, count(*) n from raw.pg_orders group by 1",
        "orders_daily",
        (ModelRead("", "RAW", "PG_ORDERS"),),
        (("ORDER_DATE", ((0, "ORDER_DATE"),)),),
    )
    flows, users = (Workflow(4, "nightly"),), (User("ana@example.com", "OWNER"),)
    return HevoEstate(destinations=(SNOWFLAKE,), models=(model,), workflows=flows, users=users)


def one_edge_pipeline(*objects: EdgeObject, jobs: tuple[EdgeJob, ...] = ()) -> HevoEstate:
    """One Edge pipeline from a PostgreSQL to BigQuery."""
    source = database("PostgreSQL", "shop-pg", host="pg", database="shop", edge=True)
    target = Destination(456, bigquery("bq", project="acme-1", dataset="raw", edge=True))
    pipeline = EdgePipeline(123, "shop_edge", source, target, objects, jobs, prefix="hevo_")
    return HevoEstate(edge_destinations=(target,), edge_pipelines=(pipeline,))


def edge_object(
    number: int, table: str | None, status: str = "ACTIVE", *, gone: bool = False
) -> EdgeObject:
    """An object with one column that flows and two that do not."""
    fields = (Field("id", "id"), Field("old", "old", status="DELETED"), Field(None, "__HEvo_x"))
    space = Namespace(f"t{number}", "public", None)
    return EdgeObject(
        f"uuid-{number}", space, Namespace(f"t{number}"), table, "", status, fields, gone
    )


def from_salesforce() -> HevoEstate:
    """One classic pipeline from a SaaS to a bucket, whose tables have no names."""
    source = saas("SALESFORCE", "crm")
    event_types = (EventType(SourceTable("", "", "Account"), "MAPPED", SchemaMapping("account")),)
    pipeline = ClassicPipeline(5, source, LAKE, (), event_types)
    return HevoEstate(destinations=(LAKE,), pipelines=(pipeline,))
