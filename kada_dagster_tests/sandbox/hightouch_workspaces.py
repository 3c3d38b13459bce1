"""Small workspaces written out by hand."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from kada_dagster.sandbox.hightouch import HightouchEstate
from kada_dagster.sandbox.hightouch.entities import Destination, Source
from kada_dagster.sandbox.hightouch.model import Model, RawSql, Visual
from kada_dagster.sandbox.hightouch.naming import TableOf
from kada_dagster.sandbox.hightouch.places import Place, postgres, service
from kada_dagster.sandbox.hightouch.runs import Rows, Run
from kada_dagster.sandbox.hightouch.sync import Field, Sync

NOON = datetime(2026, 2, 16, 12, 0, 0, tzinfo=timezone.utc)
MADE: dict[str, Any] = {"created_at": NOON, "updated_at": NOON}
ORDERS = TableOf("", "sales", "orders")


def source(place: Place | None = None, number: int = 1, **fields: Any) -> Source:
    place = place or postgres("db.example.com", "shop", "sales")
    given = {"name": "shop_pg", "slug": f"source-{number}", **MADE, **fields}
    return Source(id=number, place=place, **given)


def destination(place: Place | None = None, number: int = 1, **fields: Any) -> Destination:
    given = {"name": "CRM", "slug": f"destination-{number}", **MADE, **fields}
    return Destination(id=number, place=place or service("salesforce", "CRM"), **given)


def orders_query() -> RawSql:
    columns = {"id": ((ORDERS, "id"),), "mail": ((ORDERS, "email"),)}
    return RawSql(sql="select id, email as mail from orders", reads=(ORDERS,), columns=columns)


def model(number: int = 1, **fields: Any) -> Model:
    given = {"name": "Buyers", "slug": f"model-{number}", "query": orders_query(), **MADE, **fields}
    return Model(id=number, source_id=1, **given)


def visual(number: int, parent: int) -> Model:
    return model(number, name=f"VIPs {number}", query=Visual(parent=parent), primary_key=None)


def sync(number: int = 1, **fields: Any) -> Sync:
    configuration = {"object": "Contact", "mappings": [{"from": "MAIL", "to": "Email"}]}
    given: dict[str, Any] = {
        "slug": f"sync-{number}",
        "model_id": 1,
        "destination_id": 1,
        "configuration": configuration,
        "object_name": "Contact",
        "fields": (Field(("MAIL",), "Email"),),
        **MADE,
        **fields,
    }
    return Sync(id=number, **given)


def run(number: int, minutes: float, lasts: float = 1, **fields: Any) -> Run:
    """A run that begins so many minutes after noon and lasts so many."""
    started = NOON + timedelta(minutes=minutes)
    given: dict[str, Any] = {
        "created_at": started,
        "started_at": started,
        "finished_at": started + timedelta(minutes=lasts),
        "planned": Rows(3, 2, 1),
        "successful": Rows(2, 1, 0),
        "failed": Rows(1, 0, 0),
        "size": 9,
        **fields,
    }
    return Run(id=number, **given)


def workspace(*runs: Run, **lists: Any) -> HightouchEstate:
    """One of each, unless said otherwise; the runs are those of sync 1."""
    given = {
        "sources": [source()],
        "models": [model()],
        "destinations": [destination()],
        "syncs": [sync()],
        **lists,
    }
    return HightouchEstate.of(**given, runs={1: list(runs)})
