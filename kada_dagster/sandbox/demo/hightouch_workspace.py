"""The sample company's Hightouch workspace: what is in Snowflake goes to those who sell."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from kada_dagster.sandbox.hightouch.entities import Destination, Source
from kada_dagster.sandbox.hightouch.estate import HightouchEstate
from kada_dagster.sandbox.hightouch.model import Model, RawSql, Visual, WholeTable
from kada_dagster.sandbox.hightouch.naming import TableOf
from kada_dagster.sandbox.hightouch.places import service, snowflake
from kada_dagster.sandbox.hightouch.runs import Rows, Run
from kada_dagster.sandbox.hightouch.sync import Field, Sync

_DAY = datetime(2026, 1, 1, 6, tzinfo=timezone.utc)
_MADE: dict[str, Any] = {"created_at": _DAY, "updated_at": _DAY}
_CUSTOMER = TableOf("", "RAW", "CRM_CUSTOMER")
_REVENUE = TableOf("", "", "REVENUE_DAILY")
_SQL = "select customer_id as id, full_name as name, email from raw.crm_customer"


def hightouch_workspace() -> HightouchEstate:
    """A source, three models, three destinations, and a sync to each; a week of runs."""
    syncs = [
        _sync(1, 1, 1, "Contact", {"ID": "Customer_Number__c", "NAME": "Name", "EMAIL": "Email"}),
        _sync(2, 3, 2, "contacts", {"NAME": "firstname", "EMAIL": "email"}),
        _sync(3, 2, 3, "Revenue", {"DAY": "Day", "REVENUE": "Revenue"}),
    ]
    place = snowflake("acme-shop", "analytics", "raw")
    return HightouchEstate.of(
        [Source(id=1, name="warehouse", slug="warehouse", place=place, **_MADE)],
        _models(),
        [
            _destination(1, "salesforce", "Sales"),
            _destination(2, "hubspot", "Newsletter"),
            _destination(3, "google-sheets", "Revenue sheet"),
        ],
        syncs,
        {sync.id: [_run(sync.id, day) for day in range(7)] for sync in syncs},
    )


def _models() -> list[Model]:
    columns = {
        "ID": ((_CUSTOMER, "CUSTOMER_ID"),),
        "NAME": ((_CUSTOMER, "FULL_NAME"),),
        "EMAIL": ((_CUSTOMER, "EMAIL"),),
    }
    customers = RawSql(sql=_SQL, reads=(_CUSTOMER,), columns=columns)
    revenue = WholeTable(name="REVENUE_DAILY", reads=(_REVENUE,))
    return [
        _model(1, "Customers", customers, primary_key="ID", syncs=(1,)),
        _model(2, "Daily revenue", revenue, primary_key="DAY", syncs=(3,)),
        _model(3, "Newsletter readers", Visual(parent=1), primary_key="ID", syncs=(2,)),
    ]


def _model(number: int, name: str, query: Any, **fields: Any) -> Model:
    slug = name.lower().replace(" ", "-")
    return Model(id=number, name=name, slug=slug, source_id=1, query=query, **fields, **_MADE)


def _destination(number: int, kind: str, name: str) -> Destination:
    slug = name.lower().replace(" ", "-")
    place = service(kind, name)
    return Destination(id=number, name=name, slug=slug, place=place, syncs=(number,), **_MADE)


def _sync(number: int, model: int, destination: int, target: str, mapped: dict[str, str]) -> Sync:
    mappings = [{"type": "standard", "from": column, "to": to} for column, to in mapped.items()]
    return Sync(
        id=number,
        slug=f"sync-{number}",
        model_id=model,
        destination_id=destination,
        configuration={"object": target, "mode": "upsert", "mappings": mappings},
        schedule={"type": "interval", "schedule": {"interval": {"quantity": 1, "unit": "day"}}},
        primary_key=next(iter(mapped)) if number != 2 else "ID",
        object_name=target,
        fields=tuple(Field((column,), to) for column, to in mapped.items()),
        **_MADE,
    )


def _run(sync: int, day: int) -> Run:
    """The run of a day; that of a Saturday fails."""
    begun = _DAY + timedelta(days=day, minutes=sync)
    failed = begun.weekday() == 5
    planned = Rows(40 + day, 20, 3)
    return Run(
        id=sync * 1000 + day,
        created_at=begun,
        started_at=begun,
        finished_at=begun + timedelta(minutes=4, seconds=sync),
        status="failed" if failed else "success",
        size=4000,
        planned=planned,
        successful=Rows() if failed else planned,
        failed=planned if failed else Rows(),
        error="API limit of the day is reached" if failed else "",
        ratio=0.0 if failed else 1.0,
    )
