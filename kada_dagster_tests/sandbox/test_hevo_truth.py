"""The truth of small accounts, written out by hand."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import pairwise

import pytest

from kada_dagster.hwm.window import Window
from kada_dagster.sandbox.facts import LinkFact, fact_of
from kada_dagster.sandbox.hevo import HevoEstate
from kada_dagster.sandbox.hevo.edge import EdgeJob
from kada_dagster.sandbox.hevo.facts import EventFact, MetaFact
from kada_dagster.sandbox.hevo.times import END, START
from kada_dagster_tests.sandbox.hevo_accounts import (
    MIDNIGHT,
    edge_object,
    from_salesforce,
    one_edge_pipeline,
    one_model,
    one_pipeline,
)

DAY = Window.parse("2026-01-01 00:00:00", "2026-01-02 00:00:00")
NEXT_DAY = Window.parse("2026-01-02 00:00:00", "2026-01-03 00:00:00")
SOURCE = "pg.shop.public.orders"
TARGET = '"ab12.eu-west-1".ANALYTICS.RAW.PG_ORDERS'


def flows(estate: HevoEstate, mapping: object = None) -> set[tuple[str, str, str]]:
    links = estate.linkage("h", mapping)  # type: ignore[arg-type]
    return {(link[1], link[3], link[5]) for link in links if link.relationship == "LINEAGE"}


def test_a_classic_pipeline_gives_its_table_and_the_columns_that_are_mapped() -> None:
    assert one_pipeline().linkage("h") == {
        LinkFact("PIPELINE", "h.pipeline.162", "TOOL", "h.destination.7", "DEPENDS_ON", "DIRECT"),
        LinkFact("TABLE", SOURCE, "PIPELINE", "h.pipeline.162", "LINEAGE", "DIRECT"),
        LinkFact("PIPELINE", "h.pipeline.162", "TABLE", TARGET, "LINEAGE", "DIRECT"),
        LinkFact("TABLE", SOURCE, "TABLE", TARGET, "LINEAGE", "DIRECT"),
        LinkFact("COLUMN", f"{SOURCE}.id", "COLUMN", f"{TARGET}.ID", "LINEAGE", "DIRECT"),
        LinkFact(
            "COLUMN",
            f"{SOURCE}.Unit Price",
            "COLUMN",
            f"{TARGET}.Unit Price",
            "LINEAGE",
            "DIRECT",
        ),
    }


def test_a_transformation_makes_sources_inferred_or_unknown() -> None:
    known = one_pipeline(code="def transform(event): return event")
    assert (SOURCE, "h.pipeline.162", "INFERRED") in flows(known)
    assert ("h.pipeline.162", TARGET, "DIRECT") in flows(known)
    pipeline = known.pipelines[0]
    unknown = type(pipeline)(162, pipeline.source, pipeline.destination, (), pipeline.event_types,
                             pipeline.code)  # fmt: skip
    assert flows(HevoEstate(pipelines=(unknown,))) == {("h.pipeline.162", TARGET, "DIRECT")}


def test_a_mapping_gives_host_and_database_and_ignores_case_where_nothing_is_exact() -> None:
    mapping = {"ORDERS_PG": {"host": "k", "database": "kshop"}, "sf": "snow"}
    assert (
        "k.kshop.public.orders",
        "snow.ANALYTICS.RAW.PG_ORDERS",
        "DIRECT",
    ) in flows(one_pipeline(), mapping)
    exact = {**mapping, "orders_pg": "exact"}
    assert ("exact.shop.public.orders", "h.pipeline.162", "DIRECT") in flows(one_pipeline(), exact)


def test_a_model_reads_and_fills_tables_of_its_destination() -> None:
    target = '"ab12.eu-west-1".ANALYTICS.RAW.ORDERS_DAILY'
    assert flows(one_model()) == {
        (TARGET, "h.model.31", "PARSED"),
        ("h.model.31", target, "DIRECT"),
        (TARGET, target, "PARSED"),
        (f"{TARGET}.ORDER_DATE", f"{target}.ORDER_DATE", "PARSED"),
    }


def test_an_edge_object_is_named_by_its_table_or_by_prefix_and_k0() -> None:
    estate = one_edge_pipeline(
        edge_object(1, "told"), edge_object(2, None), edge_object(3, "x", "DISABLED"),
        edge_object(4, "y", gone=True),
    )  # fmt: skip
    pipeline, source, target = "h.edge_pipeline.123", "pg.shop.public", "bigquery.acme-1.raw"
    assert flows(estate) == {
        (f"{source}.t1", pipeline, "DIRECT"),
        (pipeline, f"{target}.told", "DIRECT"),
        (f"{source}.t1", f"{target}.told", "DIRECT"),
        (f"{source}.t1.id", f"{target}.told.id", "DIRECT"),
        (f"{source}.t2", pipeline, "INFERRED"),
        (pipeline, f"{target}.hevo_t2", "INFERRED"),
        (f"{source}.t2", f"{target}.hevo_t2", "INFERRED"),
        (f"{source}.t2.id", f"{target}.hevo_t2.id", "INFERRED"),
    }


def test_a_saas_is_its_own_host_and_a_bucket_has_no_tables() -> None:
    assert flows(from_salesforce()) == {
        ("crm.SALESFORCE.default.Account", "h.pipeline.5", "DIRECT")
    }


def test_every_object_is_listed_and_users_only_if_asked_for() -> None:
    classic = {(fact.tool_object_type, fact.object_id) for fact in one_pipeline().meta("h")}
    assert ("HEVO_EVENT_TYPE", 'h.event_type.162."public.orders"') in classic
    assert len(classic) == 1 + 1 + 1 + 5
    model = one_model()
    assert MetaFact(
        "PIPELINE", "h.model.31", "HEVO_MODEL", "daily", "", "ACTIVE",
        "select order_date, count(*) n from raw.pg_orders group by 1",
    ) in model.meta("h")  # fmt: skip
    user = MetaFact(
        "USER", 'h.user."ana@example.com"', "HEVO_USER", "ana@example.com", "", "ACTIVE"
    )
    assert model.meta("h", users=True) - model.meta("h") == {user}
    edge = one_edge_pipeline(edge_object(1, "t"))
    pipeline = next(fact for fact in edge.meta("h") if fact.object_type == "PIPELINE")
    assert (pipeline.owner, pipeline.created_at) == ("ana@example.com", "2024-01-01 00:00:00")


def test_a_job_belongs_to_the_window_in_which_it_ended() -> None:
    hour = 3_600_000
    jobs = (
        EdgeJob("late", MIDNIGHT - 9 * hour, MIDNIGHT, ingested=3, loaded=2, failed=None),
        EdgeJob("no end", MIDNIGHT, None, 24 * hour - 1),
        EdgeJob("next", MIDNIGHT, MIDNIGHT + 24 * hour),
        EdgeJob("open", MIDNIGHT, MIDNIGHT + 1, status="IN_PROGRESS"),
        EdgeJob("unknown", MIDNIGHT, MIDNIGHT + 1, status="HIBERNATING"),
    )
    estate = one_edge_pipeline(jobs=jobs)
    late, no_end = sorted(estate.events("h", DAY))
    assert late == EventFact(
        "h.edge_job.123.late", "RUNS", "PIPELINE", "h.edge_pipeline.123", "COMPLETED", "",
        "2025-12-31 15:00:00", "2026-01-01 00:00:00", "3", "2", "",
    )  # fmt: skip
    assert (no_end.event_id, no_end.ended_at) == (
        "h.edge_job.123.no end",
        "2026-01-01 23:59:59.999000",
    )
    assert [event.event_id for event in estate.events("h", NEXT_DAY)] == ["h.edge_job.123.next"]


def test_only_the_last_run_of_a_classic_object_is_seen() -> None:
    before = Window.parse("2025-12-31 00:00:00", "2026-01-01 00:00:00")
    estate = one_pipeline()
    assert estate.events("h", before) == set()
    assert [event.ended_at for event in estate.events("h", DAY)] == ["2026-01-01 00:00:00.001000"]
    seen = estate.events("h", before, seen_at=before.end)
    assert [event.event_id for event in seen] == [
        f'h.object_run.162."public.orders".{MIDNIGHT - 5}'
    ]


@pytest.mark.parametrize("hours", [1, 7, 24, 200])
def test_windows_of_any_length_share_out_all_events(hours: int) -> None:
    estate = HevoEstate.generate(3, 300, jobs=900)
    first = datetime.fromtimestamp(START / 1000, timezone.utc) - timedelta(hours=1)
    last = datetime.fromtimestamp(END / 1000, timezone.utc) + timedelta(hours=1)
    cuts = [first]
    while cuts[-1] < last:
        cuts.append(cuts[-1] + timedelta(hours=hours))
    parts = [estate.events("h", Window(start, end)) for start, end in pairwise(cuts)]
    whole = estate.events("h", Window(cuts[0], cuts[-1]))
    assert len(whole) > 700
    assert sum(map(len, parts)) == len(whole)
    assert set[EventFact]().union(*parts) == whole


def test_a_fact_is_read_from_a_row_of_a_file() -> None:
    fact = next(iter(one_pipeline().linkage("h")))
    row = {name.upper(): value for name, value in fact._asdict().items()}
    assert fact_of(LinkFact, {**row, "ATTRIBUTES": ""}) == fact
