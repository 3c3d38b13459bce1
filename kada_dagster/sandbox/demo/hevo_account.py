"""The sample company's Hevo account: its shop, its CRM and its books are loaded into Snowflake."""

from __future__ import annotations

from collections.abc import Iterator

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
    Workflow,
)
from kada_dagster.sandbox.hevo.connections import database, saas, snowflake
from kada_dagster.sandbox.hevo.edge import EdgeJob, EdgeObject, EdgePipeline, Namespace
from kada_dagster.sandbox.hevo.estate import HevoEstate
from kada_dagster.sandbox.hevo.times import END, HOUR, START

_ACCOUNT, _DATABASE, _SCHEMA = "acme-shop", "ANALYTICS", "RAW"
_REVENUE = """\
select date_trunc('day', o.ordered_at) as day, sum(l.line_total) as revenue
from raw.shop_order as o
join raw.shop_order_line as l on l.order_id = o.order_id
group by 1"""


def hevo_account() -> HevoEstate:
    """Two pipelines of the classic family, one of Edge, a model and a workflow."""
    classic, edge = (
        snowflake("warehouse", account=_ACCOUNT, database=_DATABASE, schema=_SCHEMA, edge=is_edge)
        for is_edge in (False, True)
    )
    warehouse, edge_warehouse = Destination(7, classic), Destination(456, edge)
    return HevoEstate(
        destinations=(warehouse,),
        pipelines=(_shop(warehouse), _crm(warehouse)),
        models=(_revenue(warehouse),),
        workflows=(Workflow(4, "nightly"),),
        edge_destinations=(edge_warehouse,),
        edge_pipelines=(_books(edge_warehouse),),
    )


def _shop(warehouse: Destination) -> ClassicPipeline:
    source = database("POSTGRES", "shop_pg", host="10.0.3.7", database="shop", schema="shop")
    tables = {
        SourceTable("", "crm", "customer"): ("customer_id", "full_name", "email", "country_code"),
        SourceTable("", "shop", "order"): ("order_id", "customer_id", "status", "ordered_at"),
        SourceTable("", "shop", "order_line"): ("order_id", "line_no", "product_id", "line_total"),
    }
    objects = tuple(
        ClassicObject(table.spelling(), runs=tuple(range(START + offset * HOUR, END, 24 * HOUR)))
        for offset, table in enumerate(tables, 2)
    )
    types = tuple(_event_type(table, columns) for table, columns in tables.items())
    return ClassicPipeline(162, source, warehouse, objects, types)


def _crm(warehouse: Destination) -> ClassicPipeline:
    kinds = {"Account": ("Id", "Name"), "Contact": ("Id", "AccountId", "Email")}
    types = tuple(_event_type(SourceTable("", "", kind), kinds[kind]) for kind in kinds)
    objects = tuple(ClassicObject(kind, runs=(START + 30 * HOUR,)) for kind in kinds)
    return ClassicPipeline(163, saas("SALESFORCE", "crm"), warehouse, objects, types)


def _event_type(table: SourceTable, columns: tuple[str, ...]) -> EventType:
    name = "_".join(part for part in table if part).lower()
    fields = (*(Field(column, column.lower()) for column in columns), Field(None, "__hevo__id"))
    return EventType(table, mapping=SchemaMapping(name, fields))


def _revenue(warehouse: Destination) -> Model:
    reads = (
        ModelRead("", _SCHEMA, "SHOP_ORDER"),
        ModelRead("", _SCHEMA, "SHOP_ORDER_LINE"),
    )
    columns = (("DAY", ((0, "ORDERED_AT"),)), ("REVENUE", ((1, "LINE_TOTAL"),)))
    return Model(31, "daily revenue", warehouse, _REVENUE, "revenue_daily", reads, columns)


def _books(warehouse: Destination) -> EdgePipeline:
    source = database("PostgreSQL", "finance_pg", host="10.0.3.7", database="shop", edge=True)
    tables = {
        "invoice": ("invoice_id", "order_id", "amount"),
        "payment": ("payment_id", "invoice_id", "paid_at"),
    }
    objects = tuple(
        EdgeObject(
            f"00000000-0000-4000-8000-{number:012}",
            Namespace(name, "finance"),
            Namespace(name, _SCHEMA),
            f"finance_{name}",
            name,
            fields=tuple(Field(column, column) for column in columns),
        )
        for number, (name, columns) in enumerate(tables.items(), 1)
    )
    return EdgePipeline(12, "books", source, warehouse, objects, tuple(_jobs()), prefix="finance_")


def _jobs() -> Iterator[EdgeJob]:
    """One every six hours, of which now and then one fails."""
    for number, begun in enumerate(range(START + HOUR, END - HOUR, 6 * HOUR), 1):
        lasts, failed = 240_000 + number * 1000, number % 7 == 0
        yield EdgeJob(
            f"00000000-0000-4000-9000-{number:012}",
            begun,
            begun + lasts,
            lasts,
            "COMPLETED_WITH_FAILURES" if failed else "COMPLETED",
            ingested=900 + number,
            loaded=900 if failed else 900 + number,
            failed=number if failed else 0,
        )
