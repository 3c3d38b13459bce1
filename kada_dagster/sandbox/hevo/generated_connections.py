"""Sources and destinations of generated accounts: every kind in turn."""

from __future__ import annotations

from random import Random

from kada_dagster.sandbox.hevo.classic import Destination
from kada_dagster.sandbox.hevo.connections import (
    Connection,
    bigquery,
    bucket,
    database,
    databricks,
    saas,
    snowflake,
)

_CLASSIC = 9
_EDGE = 6


def destinations(rng: Random, count: int, *, edge: bool) -> tuple[Destination, ...]:
    """So many destinations of all kinds of a family."""
    first = 700 if edge else 1
    make = _edge_destination if edge else _classic_destination
    statuses = ("ACTIVE", "ACTIVE", "ACTIVE", "PAUSED", "HIBERNATING")
    return tuple(Destination(first + n, make(n), rng.choice(statuses)) for n in range(count))


def source(rng: Random, number: int, *, edge: bool) -> Connection:
    """The source of a pipeline."""
    name = f"source {number}" if rng.random() < 0.2 else f"source_{number}"
    host = f"db{number % 7}.example.org"
    kind = rng.choice(("POSTGRES", "POSTGRES", "MS_SQL", "MYSQL", "SALESFORCE", "S3_FILES"))
    if kind in ("SALESFORCE", "S3_FILES"):
        return saas(kind.title() if edge else kind, name)
    spelt = {"POSTGRES": "PostgreSQL", "MYSQL": "MySQL"}.get(kind, kind) if edge else kind
    schema = "" if kind == "MYSQL" else "public"
    return database(spelt, name, host=host, database=f"shop{number % 5}", schema=schema, edge=edge)


def _classic_destination(number: int) -> Connection:
    kinds = (
        snowflake(f"sf_{number}", account=f"ab{number}", region="ap-southeast-2",
                  database="analytics", schema="raw"),
        snowflake(f"sf_west_{number}", account=f"cd{number}", region="us-west-2",
                  database="ANALYTICS", schema="Raw Data"),
        snowflake(f"sf_org_{number}", account=f"acme-x{number}", region="eu-west-1",
                  database="DWH", schema="PUBLIC"),
        bigquery(f"bq_{number}", project=f"acme-{number}", dataset="raw"),
        database("REDSHIFT", f"rs_{number}", host=f"rs{number}.example.org",
                 database="Dev", schema="Raw"),
        database("POSTGRES", f"pg dwh {number}", host=f"dwh{number}.example.org",
                 database="dwh", schema="Raw"),
        database("MYSQL", f"my_{number}", host=f"my{number}.example.org", database="mart"),
        databricks(f"dbx_{number}", host=f"dbc-{number}.example.org", schema="Bronze",
                   catalog="Main" if number % 2 else ""),
        bucket(f"lake_{number}"),
    )  # fmt: skip
    return kinds[number % _CLASSIC]


def _edge_destination(number: int) -> Connection:
    kinds = (
        snowflake(f"edge sf {number}", account=f"acme-e{number}", database="analytics",
                  schema="raw", edge=True),
        snowflake(f"edge_sf_{number}", account=f"ef{number}.eu-west-1", database="DWH", edge=True),
        bigquery(f"edge_bq_{number}", project=f"acme-e{number}", dataset="raw", edge=True),
        database("Redshift", f"edge_rs_{number}", host=f"rs{number}.example.org",
                 database="Dev", schema="Raw", edge=True),
        database("PostgreSQL", f"edge_pg_{number}", host=f"dwh{number}.example.org",
                 database="dwh", schema="Raw", edge=True),
        bucket(f"edge_lake_{number}"),
    )  # fmt: skip
    return kinds[number % _EDGE]
