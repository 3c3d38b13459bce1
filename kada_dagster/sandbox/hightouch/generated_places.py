"""Sources and destinations of a made-up workspace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from kada_dagster.sandbox.hightouch import places
from kada_dagster.sandbox.hightouch.entities import Destination, Source
from kada_dagster.sandbox.hightouch.places import Place

FIRST_DESTINATION = 1_000_001
"""Id of the first destination: a mapping's id then means one connection only."""


def _sources(number: int) -> list[Place]:
    host = f"db{number}.example.com"
    return [
        places.snowflake("XY12345", "analytics", "core", region="eu-central-1"),
        places.postgres(host, "shop", "sales"),
        places.bigquery(f"acme-project-{number}", "Marts"),
        places.postgres(host, "crm"),
        places.redshift(host, "dev", "public"),
        places.databricks(f"adb-{number}.azuredatabricks.net", "main", "gold"),
        places.snowflake("https://acme-prod.snowflakecomputing.com", "RAW"),
        places.mysql(host, "webshop"),
        places.service("airtable", f"source {number} ✓"),
        places.sql_server(host, "Erp"),
        places.databricks(f"adb-{number}.azuredatabricks.net", "hive"),
        places.postgres(host, "events", "Raw Data", kind="aurora-postgresql"),
        places.bigquery(f"acme-project-{number}"),
        places.snowflake("ab99999", "LAKE", "PUBLIC", region="us-west-2"),
    ]


def _destinations(number: int) -> list[Place]:
    name = f"destination {number} ✓"
    return [
        places.service("salesforce", name),
        places.postgres(f"target{number}.example.com", "app", "inbound"),
        places.service("hubspot", name),
        places.snowflake("acme-share", "activation", "outbound"),
        places.service("webhook", name),
        places.bigquery("ads-project", "audiences"),
        places.redshift(f"target{number}.example.com", "dwh", "inbound"),
        places.service("google-ads", name),
    ]


def sources(count: int, turn: int, made: Sequence[datetime], quirks: bool) -> Iterator[Source]:
    """So many sources, from some turn of the types on; with quirks, some without a name."""
    for number in range(count):
        shapes = _sources(number)
        place = shapes[(number + turn) % len(shapes)]
        nameless = quirks and number % 4 == 2 and place.has_tables
        yield Source(
            id=number + 1,
            name=None if nameless else f"source {number} ✓",
            slug=f"source-{number}",
            created_at=made[number],
            updated_at=made[number] + timedelta(days=3),
            place=place,
        )


def destinations(count: int, turn: int, made: Sequence[datetime]) -> Iterator[Destination]:
    """So many destinations, from some turn of the types on."""
    for number in range(count):
        shapes = _destinations(number)
        yield Destination(
            id=FIRST_DESTINATION + number,
            name=f"destination {number} ✓",
            slug=f"destination-{number}",
            created_at=made[number],
            updated_at=made[number] + timedelta(hours=5),
            place=shapes[(number + turn) % len(shapes)],
        )
