"""Answers written down by hand: what of them is kept, and how it is named."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from kada_dagster.api.errors import ApiUnauthorizedError
from kada_dagster_tests.hevo.extracted import Extracted, extract
from kada_dagster_tests.hevo.scripted import CLASSIC, EDGE, Answer, ScriptedServer, listed

PIPELINE: dict[str, Any] = {
    "id": 162,
    "status": "ACTIVE",
    "priority": "HIGH",
    "source": {
        "name": "orders_pg",
        "type": {"name": "POSTGRES"},
        "config": {
            "db_host": "pg.example.internal",
            "db_port": 5432,
            "db_name": "shop",
            "schema_name": "public",
            "db_user": "planted-user",
            "db_password": "planted-password",
            "server_hostname": "user:planted-in-url@pg",
        },
    },
    "destination": {"id": 7, "name": "dwh"},
    "schedule": {"type": "FREQUENCY", "frequency": 60, "token": "planted-token"},
}
DESTINATION: dict[str, Any] = {
    "id": 7,
    "name": "dwh",
    "status": "ACTIVE",
    "type": "SNOWFLAKE",
    "config": {"account_name": "ab1", "region": "eu-1", "db_name": "dwh", "schema_name": "raw"},
}
MODEL: dict[str, Any] = {
    "id": 31,
    "name": "daily",
    "source_destination_id": 7,
    "source_query": "select id, 'planted-literal' as x from pg_orders -- planted-comment",
    "destination_table_details": {"table_name": "daily", "load_type": "TRUNCATE_AND_LOAD"},
}
MAPPING = {
    "destination_table": "pg_orders",
    "mapping_status": "MAPPED",
    "field_mappings": [
        {"source_field": "id", "destination_field": "id"},
        {"source_field": "note", "destination_field": None, "ignored": True},
        {"source_field": "a.b", "destination_field": 'a "b"', "incompatible": True},
    ],
}
TARGET = '"ab1.eu-1".DWH.RAW.PG_ORDERS'
SOURCE = '"pg.example.internal".shop.public.orders'


def script(**changes: Answer) -> dict[str, Answer]:
    """A classic account with one of each; changes by the last part of the path."""
    below = f"{CLASSIC}/pipelines/162"
    answers: dict[str, Answer] = {
        f"{CLASSIC}/pipelines": listed(PIPELINE),
        f"{CLASSIC}/destinations": listed(DESTINATION),
        f"{CLASSIC}/models": listed(MODEL),
        f"{below}/objects": listed({"name": "public.orders", "status": "ACTIVE"}),
        f"{below}/event-types": listed({"name": "public.orders", "status": "MAPPED"}),
        f"{below}/mappings/public.orders": (200, {"data": MAPPING}),
    }
    for path in list(answers):
        answers[path] = changes.get(path.rpartition("/")[2], answers[path])
    return answers


def read(answers: dict[str, Answer], folder: Path, **options: Any) -> Extracted:
    with ScriptedServer(answers) as server:
        return extract(server.url, folder, **options)


def test_only_what_is_allowed_of_a_configuration_is_stored(tmp_path: Path) -> None:
    found = read(script(), tmp_path, mask=True)
    assert "planted" not in found.text()
    assert found.attributes("pipeline", "162")["source_config"] == {
        "db_host": "pg.example.internal",
        "db_name": "shop",
        "db_port": "5432",
        "schema_name": "public",
    }
    assert found.attributes("pipeline", "162")["schedule"] == {
        "frequency": "60",
        "type": "FREQUENCY",
    }


def test_lineage_goes_through_the_pipeline_and_beside_it(tmp_path: Path) -> None:
    found = read(script(), tmp_path)
    pipeline = '"eu.hevodata.com".pipeline.162'
    assert (SOURCE, pipeline, "DIRECT") in found.links("TABLE", "PIPELINE")
    assert (pipeline, TARGET, "DIRECT") in found.links("PIPELINE", "TABLE")
    assert (SOURCE, TARGET, "DIRECT") in found.links("TABLE", "TABLE")
    assert {link for link in found.links("COLUMN", "COLUMN") if link[2] == "DIRECT"} == {
        (f"{SOURCE}.id", f"{TARGET}.ID", "DIRECT"),
        (f'{SOURCE}."a.b"', f'{TARGET}."a ""b"""', "DIRECT"),
    }
    assert found.links("PIPELINE", "TOOL", "DEPENDS_ON") == {
        (pipeline, '"eu.hevodata.com".destination.7', "DIRECT"),
        ('"eu.hevodata.com".model.31', '"eu.hevodata.com".destination.7', "DIRECT"),
    }


def test_models_read_what_their_sql_reads_before_it_is_masked(tmp_path: Path) -> None:
    found = read(script(), tmp_path, mask=True)
    model = '"eu.hevodata.com".model.31'
    assert (TARGET, model, "PARSED") in found.links("TABLE", "PIPELINE")
    assert (model, '"ab1.eu-1".DWH.RAW.DAILY', "DIRECT") in found.links("PIPELINE", "TABLE")
    assert (f"{TARGET}.ID", '"ab1.eu-1".DWH.RAW.DAILY.ID', "PARSED") in found.links(
        "COLUMN", "COLUMN"
    )
    code = found.object("model", "31")["QUERY_CODE"]
    assert code.strip() == "select id, '***' as x from pg_orders"


def test_a_model_without_sql_in_the_list_is_asked_for(tmp_path: Path) -> None:
    bare = {key: value for key, value in MODEL.items() if key != "source_query"}
    answers = script(models=listed(bare))
    answers[f"{CLASSIC}/models/31"] = (200, MODEL)
    found = read(answers, tmp_path)
    assert found.object("model", "31")["QUERY_CODE"] == MODEL["source_query"]


def test_the_code_of_a_transformation_is_there_and_blanked_by_the_mask(tmp_path: Path) -> None:
    answers = script()
    code = "def transform(event):\n    return 'planted'"
    answers[f"{CLASSIC}/pipelines/162/transformations"] = (200, {"data": {"code": code}})
    plain = read(answers, tmp_path / "plain")
    masked = read(answers, tmp_path / "masked", mask=True)
    assert plain.object("transformation", "162")["QUERY_CODE"] == code
    assert masked.object("transformation", "162")["QUERY_CODE"] == ""
    assert masked.warnings["code_blanked"] == 1
    assert "planted" not in masked.text()
    assert (SOURCE, TARGET, "INFERRED") in plain.links("TABLE", "TABLE")


def test_a_mapping_of_the_configuration_names_both_ends(tmp_path: Path) -> None:
    mapping = {"ORDERS_PG": {"host": "prod", "database": "sales"}, "dwh": "snow"}
    found = read(script(), tmp_path, mapping=mapping)
    assert ("prod.sales.public.orders", "snow.DWH.RAW.PG_ORDERS", "DIRECT") in found.links(
        "TABLE", "TABLE"
    )
    assert "connection_unmapped" not in found.warnings


def test_a_connection_nobody_mapped_is_counted_once_and_snowflake_never(tmp_path: Path) -> None:
    found = read(script(), tmp_path)
    assert found.warnings["connection_unmapped"] == 1
    assert found.samples["connection_unmapped"] == "orders_pg"


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"id": None},
        {"id": 5, "source": None, "destination": None, "status": "DRAFT"},
        {"id": 5, "source": "text", "destination": ["list"], "schedule": 3, "status": {"a": 1}},
        {"id": 5.0, "source": {"name": None, "type": None, "config": None}},
    ],
)
def test_half_made_pipelines_are_no_error(odd: dict[str, Any], tmp_path: Path) -> None:
    answers = script(pipelines=listed(odd, PIPELINE))
    answers[f"{EDGE}/pipelines"] = listed(odd)
    found = read(answers, tmp_path)
    ids = [row["OBJECT_ID"] for row in found.rows["META"]]
    assert '"eu.hevodata.com".pipeline.162' in ids
    assert ('"eu.hevodata.com".pipeline.5' in ids) == ("id" in odd and odd["id"] is not None)
    assert found.warnings.get("without_name", 0) == (0 if odd.get("id") else 2)


def test_names_of_any_kind_are_asked_for_and_written(tmp_path: Path) -> None:
    name = 'sales dept/über "x".%2F|?#'
    below = f"{CLASSIC}/pipelines/162"
    answers = script()
    answers[f"{below}/event-types"] = listed(name, {"name": ".."}, {"name": "nul\0"}, {})
    answers[f"{below}/mappings/{name}"] = (200, MAPPING)
    found = read(answers, tmp_path)
    quoted = '"' + name.replace('"', '""') + '"'
    assert found.object("event_type", "162", quoted)["NAME"] == name
    assert found.object("event_type", "162", "nul")["NAME"] == "nul"
    assert found.warnings["without_name"] == 1
    assert found.warnings["not_found"] == 2


def test_an_edge_object_is_named_by_what_the_detail_says(tmp_path: Path) -> None:
    pipeline = {
        "id": 1,
        "source": {"name": "pg", "source_type": "PostgreSQL", "config": {"host": "h"}},
        "destination": {"id": 2, "name": "sf", "destination_type": "Snowflake"},
        "destination_prefix": "p_",
    }
    target = {"id": 2, "name": "sf", "type": "Snowflake", "config": {"account_url": "https://x"}}
    spaces = {
        "source_namespace": {"k0": "users", "k1": "public", "k2": "shop"},
        "destination_namespace": {"k0": "users", "k1": "raw", "k2": "dwh"},
    }
    details = {
        "said": {"destination_table_name": "short", "fields": []},
        "made": {"fields": [{"source_name": "a", "destination_name": "b"}]},
        "kept": {"destination_namespace": {"k0": "p_users", "k1": "raw", "k2": "dwh"}},
        "off": {},
    }
    answers: dict[str, Answer] = {
        f"{EDGE}/pipelines": listed(pipeline),
        f"{EDGE}/destinations": listed(target),
        f"{EDGE}/pipelines/1/objects": listed(
            *({"object_id": name, **spaces, "status": "INACTIVE" if name == "off" else "ACTIVE",
               **copy.deepcopy(detail)} | {"fields": None} for name, detail in details.items())
        ),
    }  # fmt: skip
    for name, detail in details.items():
        answers[f"{EDGE}/pipelines/1/objects/{name}"] = (200, {**spaces, **detail})
    with ScriptedServer(answers) as server:
        found = extract(server.url, tmp_path)
        assert not server.requests["GET", f"{EDGE}/pipelines/1/objects/off"]
    assert found.links("TABLE", "TABLE") == {
        ("h.shop.public.users", "x.DWH.RAW.SHORT", "DIRECT"),
        ("h.shop.public.users", "x.DWH.RAW.P_USERS", "INFERRED"),
    }
    assert found.links("COLUMN", "COLUMN") == {
        ("h.shop.public.users.a", "x.DWH.RAW.P_USERS.B", "INFERRED")
    }


def test_code_is_never_kept_for_a_later_crawl(tmp_path: Path) -> None:
    bare = {key: value for key, value in MODEL.items() if key != "source_query"}
    answers = script(models=listed(bare))
    answers[f"{CLASSIC}/models/31"] = (200, MODEL)
    answers[f"{CLASSIC}/pipelines/162/transformations"] = (200, {"code": "planted-code"})
    answers[f"{EDGE}/pipelines"] = listed({"id": 1})
    answers[f"{EDGE}/pipelines/1/objects"] = (401, {"message": "the key expired"})
    with ScriptedServer(answers) as server:
        with pytest.raises(ApiUnauthorizedError, match="the key expired"):
            extract(server.url, tmp_path, concurrency=1)
        assert server.requests["GET", f"{CLASSIC}/models/31"] == 1
    kept = "".join(path.read_text() for path in (tmp_path / "hevo").glob(".hevo-*"))
    assert "pg_orders" in kept
    assert "planted" not in kept
