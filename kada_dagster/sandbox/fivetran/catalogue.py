"""Accounts with every shape of schema config, destination and transformation that is known.

What `generated_world` makes up is how connections live; this is what they hold. Secrets are planted
wherever the API might echo some: `LEAK` must be in no file that is made of such an account.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Any

from kada_dagster.sandbox.fivetran.clock import Clock
from kada_dagster.sandbox.fivetran.connection import Connection, Notice
from kada_dagster.sandbox.fivetran.layouts import in_destination
from kada_dagster.sandbox.fivetran.outcomes import Outcome
from kada_dagster.sandbox.fivetran.quirks import Quirks
from kada_dagster.sandbox.fivetran.schema_config import Column, Schema, SchemaConfig, Table
from kada_dagster.sandbox.fivetran.transformation import Transformation
from kada_dagster.sandbox.fivetran.world import FivetranWorld

LEAK = "pl4nted-s3cret"
"""Stands in every place that may hold a secret."""

MAPPING: dict[str, Any] = {
    "shop": {"host": "pg.k", "database": "Mapped DB"},
    "CRM": "crm.k",
    "Warehouse 3": {"host": "red.k"},
    "warehouse_4": "bq.k",
    "Warehouse 1.shop": {"host": "other-pg.k", "database": "second"},
}
"""For the collector: some of the connections and destinations, by all kinds of names."""

_DESTINATIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("snowflake", {"host": "AB12345.eu-west-1.snowflakecomputing.com", "database": "fivetran"}),
    ("snowflake", {"host": "https://xy.snowflakecomputing.com/", "database": "Raw Data"}),
    ("redshift", {"host": "red.example.org", "port": 5439, "database": "DWH"}),
    ("big_query", {"project_id": "acme-data", "data_set_location": "EU"}),
    ("databricks", {"server_host_name": "dbc.example.org", "catalog": "Main"}),
    ("databricks", {"server_host_name": "dbc.example.org"}),
    ("aurora_postgres_warehouse", {"host": "pg.example.org", "database": "dwh"}),
    ("mysql_warehouse", {"host": "my.example.org", "port": 3306}),
    ("new_s3_datalake", {"bucket": "lake", "fivetran_role_arn": LEAK}),
    ("postgres_warehouse", {"host": f"https://user:{LEAK}@pg.example.org", "database": "dwh"}),
)
_SECRETS = {"password": LEAK, "private_key": LEAK, "auth": {"token": LEAK}, "user": LEAK}
_SOURCES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("postgres", {"host": "db.example.com", "port": 5432, "database": "shop"}),
    ("postgres", {}),
    ("mysql_rds", {"host": "mysql.example.com"}),
    ("snowflake_db", {"host": "cd34.snowflakecomputing.com", "database": "SRC"}),
    ("salesforce", {}),
    ("hubspot", {"region": "EU"}),
    ("google_sheets", {"sheet_id": f"https://docs.google.com/?key={LEAK}"}),
    ("oracle", {"host": "ora.example.com", "sid": "ORCL", "schema_prefix": "ora"}),
    ("google_drive", {}),
)
_NAMES = ("shop", "crm", "billing", "Größe", "crm", "sales.eu", "audit")
_TABLES = ("customer", "orders", "Stock Level", "events.v2", 'in"out', "100%", "Größe", "a/b")
_COLUMNS = ("email", "Order Date", "status", "amount", "a.b", "_fivetran_synced", "note")


def catalogue_world(
    seed: int = 0,
    objects: int = 100,
    *,
    clock: Clock | None = None,
    quirks: Quirks | None = None,
) -> FivetranWorld:
    """Make up an account.

    Args:
        seed: the same seed gives the same account.
        objects: groups, destinations, connections, schemas, tables and transformations together,
            about.
        clock: of the world; None: one that is moved by hand.
        quirks: how the API behaves.
    """
    world = FivetranWorld(clock, quirks=quirks, seed=seed)
    maker = _Maker(world, Random(seed))
    maker.make_groups(min(len(_DESTINATIONS), -(-objects // 20)))
    left = objects - 2 * len(world.estate.groups)
    while left > 0:
        left -= maker.make_transformation() if maker.chance(0.08) else maker.make_connection(left)
    maker.lose_groups()
    return world


@dataclass
class _Maker:
    world: FivetranWorld
    random: Random

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def make_groups(self, count: int) -> None:
        for number in range(count):
            service, config = _DESTINATIONS[(number + self.random.randrange(2)) % 10]
            self.world.add_group(
                f"Warehouse {number}" if not self.chance(0.05) else "",
                id=f"warehouse_{number}",
                service=service,
                config={**_SECRETS, **config},
                setup_status=self.random.choice(("connected", "CONNECTED", "INCOMPLETE")),
            )

    def make_transformation(self) -> int:
        estate, random = self.world.estate, self.random
        number = len(estate.transformations) + 1
        known = [*estate.connections, "gone_connection"]
        schedule: dict[str, Any] = {
            "schedule_type": random.choice(("INTEGRATED", "CRON", "INTERVAL")),
            "connection_ids": random.sample(known, min(len(known), 2)),
            "cron": ["0 */2 * * *", "0 1 * * *"][: random.randint(0, 2)],
        }
        if number > 1:
            schedule["transformation_ids"] = [f"transformation_{number - 1}"]
        now = self.world.clock.moment()
        ended = now - random.randrange(1, 10**11)
        made = Transformation(
            id=f"transformation_{number}",
            created_at=now - 10**12,
            schedule=schedule,
            type=random.choice(("DBT_CORE", "QUICKSTART")),
            outputs=tuple(f"model.{n}" for n in range(random.randint(0, 3))),
            status=random.choice(("SUCCEEDED", "FAILED", "NEW", "BLOCKED", "CANCELED")),
            started=ended - 10**8,
            ended=ended,
        )
        estate.transformations[made.id] = made
        return 1

    def make_connection(self, left: int) -> int:
        random = self.random
        service, config = random.choice(_SOURCES)
        number = len(self.world.estate.connections) + 1
        schema = random.choice(_NAMES) if self.chance(0.5) else f"{service}_{number}"
        tables = random.choice((0, 1, 3, 8, 8, 20, 60))
        shown: dict[str, Any] = {"config": {**_SECRETS, **config}} if self.chance(0.6) else {}
        if self.chance(0.15):
            shown["destination_schema_names"] = random.choice(("SOURCE_NAMING", "FIVETRAN_NAMING"))
        made = self.world.add_connection(
            service,
            id=f"connection_{number}",
            group=random.choice(list(self.world.estate.groups)),
            schema=schema,
            new=self.chance(0.1),
            usual=random.choice(_USUAL),
            sync_frequency=random.choice((60, 360, 1440, None)),
            schedule_type=random.choice(("auto", "auto", "manual")),
            setup_state=random.choice(("connected",) * 8 + ("incomplete", "broken")),
            paused=self.chance(0.1),
            fields=shown,
            warnings=[Notice("snowflake_password", f"Rotate {LEAK}", {})]
            if number % 7 == 0
            else [],
            layout=partial(_config, f"{random.random()}", service, schema, min(tables, left)),
        )
        made.has_schemas = made.has_schemas and not self.chance(0.05)
        return 1 + _size(made)

    def lose_groups(self) -> None:
        """Let one group in eight not be listed, as for a key that may not see it."""
        for id in list(self.world.estate.groups)[1::8]:
            del self.world.estate.groups[id]


_USUAL: Sequence[Outcome | Callable[[int], Outcome]] = (
    Outcome.success(90),
    Outcome.success(1800, extract_mb=None, load_mb=None),
    lambda number: Outcome.failure() if number % 3 == 2 else Outcome.success(240),
    lambda number: Outcome.reschedule(900) if number % 4 == 1 else Outcome.success(30.5),
    lambda number: Outcome.canceled() if number % 5 == 3 else Outcome.success(3000),
    Outcome.failure("x" * 900),
)


def _size(connection: Connection) -> int:
    schemas = connection.config.schemas.values() if connection.config else ()
    return sum(1 + len(schema.tables or {}) for schema in schemas)


def _config(seed: str, service: str, name: str, tables: int) -> SchemaConfig:
    random = Random(seed)
    schemas: dict[str, Schema] = {}
    count = 1 if tables < 8 else random.choice((1, 2, 3))
    for number in range(count):
        own = service if count == 1 else ("public", "Sales Dept", "eu.west")[number]
        arrives = f"{name.partition('.')[0]}_{in_destination(own)}"
        arrives = random.choice((arrives, arrives, arrives, in_destination(own)))
        made = [_table(random, f"{index}") for index in range(tables // count)]
        schemas[own] = Schema(
            own,
            arrives,
            {one.name: one for one in made} if made or random.random() < 0.5 else None,
            enabled=random.random() > 0.1,
        )
    return SchemaConfig(schemas, random.choice(("ALLOW_ALL", "BLOCK_ALL")))


def _table(random: Random, suffix: str) -> Table:
    name = f"{random.choice(_TABLES)} {suffix}" if suffix != "0" else random.choice(_TABLES)
    chosen = random.sample(_COLUMNS, random.randint(0, len(_COLUMNS)))
    return Table(
        name,
        in_destination(name) if random.random() > 0.03 else "",
        tuple(_column(random, one) for one in ("id", *chosen)),
        enabled=random.random() > 0.15,
        sync_mode=random.choice(("SOFT_DELETE", "HISTORY", "LIVE", None)),
        locked=random.choice(("",) * 9 + ("DELETED", "SYSTEM_TABLE")),
    )


def _column(random: Random, name: str) -> Column:
    made = Column(
        name,
        in_destination(name) if not name.startswith("_") else name,
        enabled=random.random() > 0.1,
        is_primary_key=name == "id",
        overridden=random.random() < 0.2,
    )
    return replace(made, hashed=name == "email" and random.random() < 0.5)
