"""The account of the demo: two groups, six connections, written by hand."""

from __future__ import annotations

from kada_dagster.sandbox.fivetran.clock import Clock
from kada_dagster.sandbox.fivetran.connection import Notice
from kada_dagster.sandbox.fivetran.outcomes import Outcome
from kada_dagster.sandbox.fivetran.schema_config import Column, Schema, SchemaConfig, Table
from kada_dagster.sandbox.fivetran.transformation import Transformation
from kada_dagster.sandbox.fivetran.world import FivetranWorld

WAREHOUSE, MARKETING = "lakeside_warehouse", "lakeside_marketing"
"""Groups, and destinations."""

SHOP, CRM, BUDGET, PLATFORM, ADS, LEGACY = (
    "shop_postgres", "crm_salesforce", "budget_sheet", "platform_log", "ads_google", "old_mysql"
)  # fmt: skip
"""Connections: a database, an application, a sheet, the vendor's log, one that is often
rescheduled, and one that is broken."""


def demo_world(clock: Clock | None = None) -> FivetranWorld:
    """The account, as it is at the beginning of the demo.

    Args:
        clock: the time of the server; None: one that is moved by hand.
    """
    world = FivetranWorld(clock)
    world.add_group("Warehouse", id=WAREHOUSE, config={"database": "ANALYTICS"})
    world.add_group("Marketing", id=MARKETING, service="big_query", setup_status="CONNECTED")
    _add_warehouse(world)
    _add_marketing(world)
    models = ("orders_daily", "customers")
    made = Transformation(
        id="dbt_orders", created_at=world.timeline.now, group_id=WAREHOUSE, outputs=models
    )
    world.estate.transformations[made.id] = made
    return world


def _add_warehouse(world: FivetranWorld) -> None:
    quick, slow = Outcome.success(20), Outcome.success(45, extract_mb=12.5, load_mb=8.25)
    world.add_connection(
        "postgres", id=SHOP, schema="shop", sync_frequency=5, usual=quick, layout=_shop
    )
    world.add_connection("salesforce", id=CRM, schema="salesforce", sync_frequency=15, usual=slow)
    world.add_connection(
        "google_sheets", id=BUDGET, schema="finance.budget", sync_frequency=1440, usual=quick
    )
    world.add_connection(
        "fivetran_log", id=PLATFORM, schema="fivetran_metadata", sync_frequency=60, usual=quick
    )


def _add_marketing(world: FivetranWorld) -> None:
    def usual(number: int) -> Outcome:
        return Outcome.reschedule(120) if number % 3 == 1 else Outcome.success(30)

    world.add_connection(
        "google_ads", id=ADS, group=MARKETING, schema="google_ads", sync_frequency=30, usual=usual
    )
    world.add_connection(
        "mysql",
        id=LEGACY,
        group=MARKETING,
        schema="legacy_shop",
        sync_frequency=60,
        setup_state="broken",
        update_state="delayed",
        tasks=[Notice("reconnect", "Access denied for user 'fivetran'")],
    )


def _table(name: str, *columns: str, enabled: bool = True) -> Table:
    key = Column("id", "id", is_primary_key=True, locked="SYSTEM_COLUMN")
    others = (Column(one, one) for one in columns)
    return Table(name, name, (key, *others), enabled)


def _shop() -> SchemaConfig:
    tables = {
        "customers": _table("customers", "name", "email", "country"),
        "orders": _table("orders", "customer_id", "ordered_at", "total"),
        "order_lines": _table("order_lines", "order_id", "product_id", "quantity"),
        "products": _table("products", "name", "price"),
        "sessions": _table("sessions", "customer_id", "started_at", enabled=False),
    }
    return SchemaConfig({"public": Schema("public", "shop_public", tables)})
