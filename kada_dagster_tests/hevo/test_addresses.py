"""Addresses where a configuration should name a place: the password in one is never taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kada_dagster.extracts.identity import split_id
from kada_dagster.hevo.allowed import allowed
from kada_dagster_tests.hevo.extracted import Extracted, extract
from kada_dagster_tests.hevo.scripted import CLASSIC, EDGE, Answer, ScriptedServer, listed

SOURCE = '"pg.example.org".shop.public.orders'
ADDRESSES = pytest.mark.parametrize(
    ("address", "host"),
    [
        ("pg.example.org", "pg.example.org"),
        ("jdbc:postgresql://pg.example.org:5432/shop?user=u&password=planted", "pg.example.org"),
        ("jdbc:sqlserver://pg.example.org;user=u;password=planted", "pg.example.org"),
        ("pg.example.org?password=planted", "pg.example.org"),
        ("pg.example.org;password=planted", "pg.example.org"),
        ("host=pg.example.org password=planted", None),
        ("postgres://u:planted@pg.example.org/shop", None),
    ],
)


def read(classic: dict[str, str], edge: dict[str, str], folder: Path) -> Extracted:
    """An account with one table in each API, whose sources are configured so."""
    target = {"id": 7, "name": "dwh", "type": "SNOWFLAKE"}
    config = {"account_name": "ab1", "db_name": "dwh", "schema_name": "raw"}
    pipeline: dict[str, Any] = {"id": 1, "destination": target}
    source = {"name": "pg", "type": "POSTGRES"}
    mapped = {"destination_table": "t"}
    entry: dict[str, Any] = {
        "object_id": "o",
        "source_namespace": {"k0": "orders", "k1": "public"},
        "destination_namespace": {"k0": "t", "k1": "raw", "k2": "dwh"},
        "destination_table_name": "t",
        "fields": [],
    }
    answers: dict[str, Answer] = {
        f"{CLASSIC}/pipelines": listed({**pipeline, "source": {**source, "config": classic}}),
        f"{CLASSIC}/destinations": listed({**target, "config": config}),
        f"{CLASSIC}/pipelines/1/event-types": listed({"name": "public.orders"}),
        f"{CLASSIC}/pipelines/1/mappings/public.orders": (200, mapped),
        f"{EDGE}/pipelines": listed({**pipeline, "source": {**source, "config": edge}}),
        f"{EDGE}/destinations": listed({**target, "config": {"account_url": "https://ab1"}}),
        f"{EDGE}/pipelines/1/objects": listed(entry),
    }
    with ScriptedServer(answers) as server:
        return extract(server.url, folder)


@ADDRESSES
def test_only_the_host_of_an_address_is_stored_and_named(
    address: str, host: str | None, tmp_path: Path
) -> None:
    classic = {"db_host": address, "db_name": "shop"}
    found = read(classic, {"host": address, "database": "shop"}, tmp_path)
    assert "planted" not in found.text()
    for kind, key in (("pipeline", "db_host"), ("edge_pipeline", "host")):
        assert found.attributes(kind, "1")["source_config"].get(key) == host
    named = {(link[0], split_id(link[1])[1]) for link in found.links("TABLE", "PIPELINE")}
    kinds = ("pipeline", "edge_pipeline")
    assert named == ({(SOURCE, kind) for kind in kinds} if host else set())
    assert found.warnings.get("table_not_named", 0) == (0 if host else 2)


def test_a_name_that_holds_a_password_names_no_table(tmp_path: Path) -> None:
    name = "shop?user=u&password=planted"
    host = {"db_host": "pg.example.org", "host": "pg.example.org"}
    found = read({**host, "db_name": name}, {**host, "database": name}, tmp_path)
    assert "planted" not in found.text()
    assert found.warnings["table_not_named"] == 2
    assert found.links("TABLE", "PIPELINE") == set()


def test_no_allowed_key_keeps_a_password() -> None:
    keys = (
        *("db_host", "db_port", "db_name", "schema_name", "account_name", "region", "warehouse"),
        *("project_id", "dataset_name", "server_hostname", "host", "port", "database"),
        *("database_name", "schema", "account", "account_url"),
    )
    for value in ("https://ab1.example.org/?token=planted", "x;password=planted", "u:planted@x"):
        assert "planted" not in str(allowed(dict.fromkeys(keys, value)))
    assert allowed(dict.fromkeys(keys, "plain")) == dict.fromkeys(keys, "plain")
    assert allowed({"account_url": "https://ab1.example.org"}) == {"account_url": "ab1.example.org"}
