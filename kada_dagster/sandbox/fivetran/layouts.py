"""Schema configurations as connections of each kind have them, drawn by the connection's id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from random import Random

from kada_dagster.sandbox.fivetran.schema_config import Column, Schema, SchemaConfig, Table
from kada_dagster.sandbox.fivetran.service import Layout, Service

Layer = Callable[[], SchemaConfig]

_PLAIN = ("customer", "orders", "order_line", "product", "payment", "shipment", "address",
          "invoice", "employee", "price_list", "region", "supplier", "Stock Level")  # fmt: skip
_ODD = ("order items", "events.v2", "in/out", "Größe", "100%")
_COLUMNS = ("name", "email", "status", "amount", "note", "Order Date", "country", "Is Active")
_LOG = ("log", "connection", "destination", "account", "sync_history", "incremental_mar")


def layout_of(service: Service, id: str, schema: str) -> Layer | None:
    """What makes the configuration of a connection; None: its kind has none.

    Args:
        service: its kind.
        id: its id, which decides what is drawn.
        schema: its name.
    """
    made = _LAYERS.get(service.layout)
    return partial(made, service, Random(id), schema) if made else None


def in_destination(name: str) -> str:
    """A name of a source as the vendor writes it in destinations: `Order Date`: `order_date`."""
    return "".join(letter if letter.isalnum() else "_" for letter in name.lower())


def columns_of(random: Random, names: Sequence[str] = _COLUMNS) -> tuple[Column, ...]:
    """A key and some columns; one of them may be hashed or excluded by hand."""
    chosen = random.sample(names, random.randint(2, len(names)))
    made = [Column("id", "id", is_primary_key=True, locked="SYSTEM_COLUMN")]
    for name in chosen:
        change = random.random()
        hashed, excluded = name == "email" and change < 0.5, change > 0.93
        made.append(
            Column(name, in_destination(name), not excluded, hashed, False, hashed or excluded)
        )
    return tuple(made)


def table_of(name: str, random: Random) -> Table:
    """A table of a name; one in ten is not synced, one in ten keeps its history."""
    change = random.random()
    return Table(
        name,
        in_destination(name),
        columns_of(random),
        enabled=change > 0.1,
        sync_mode="HISTORY" if change > 0.9 else "SOFT_DELETE",
        locked="DELETED" if change < 0.02 else "",
    )


def _schema(name: str, arrives: str, tables: Sequence[str], random: Random) -> Schema:
    return Schema(name, arrives, {one: table_of(one, random) for one in tables})


def _database(_service: Service, random: Random, schema: str) -> SchemaConfig:
    names = ["public", *random.sample(("sales", "Finance Dept", "audit"), random.randint(0, 2))]
    made: dict[str, Schema] = {}
    for name in names:
        tables = random.sample(_PLAIN, random.randint(3, 9)) + random.sample(_ODD, 1)
        made[name] = _schema(name, f"{schema}_{in_destination(name)}", tables, random)
    return SchemaConfig(made)


def _one_schema(service: Service, random: Random, schema: str) -> SchemaConfig:
    tables = service.tables or tuple(random.sample(_PLAIN, 4))
    return SchemaConfig({service.id: _schema(service.id, schema, tables, random)}, "ALLOW_COLUMNS")


def _sheet(service: Service, random: Random, schema: str) -> SchemaConfig:
    home, _, table = schema.partition(".")
    return SchemaConfig({home: _schema(home, home, [table or service.id], random)}, "BLOCK_ALL")


def _platform(_service: Service, random: Random, schema: str) -> SchemaConfig:
    return SchemaConfig({schema: _schema(schema, schema, _LOG, random)})


_LAYERS: dict[Layout, Callable[[Service, Random, str], SchemaConfig]] = {
    "database": _database,
    "one schema": _one_schema,
    "sheet": _sheet,
    "platform": _platform,
}
