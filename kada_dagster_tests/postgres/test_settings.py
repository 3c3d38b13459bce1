"""The fields of a PostgreSQL source become exactly the extractor they describe."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

from kada_dagster.config import source_settings
from kada_dagster.errors import ConfigError
from kada_dagster.postgres import Extractor
from kada_dagster.postgres.settings import PostgresSettings
from kada_dagster.secrets import Secret


def settings(folder: Path, **fields: Any) -> PostgresSettings:
    given = {
        "type": "postgres",
        "name": "shop",
        "server": "10.0.0.5",
        "username": "kada",
        "window": {"start": "2024-01-01 00:00:00"},
        **fields,
    }
    made = source_settings(given, folder / "kada.yaml")
    assert isinstance(made, PostgresSettings)
    return made


def test_every_keyword_of_the_extractor_is_a_field() -> None:
    keywords = inspect.signature(Extractor).parameters.keys()
    assert keywords <= PostgresSettings.model_fields.keys()
    vendor = [key for key in keywords if key in PostgresSettings.vendor_keys]
    assert set(vendor) == PostgresSettings.vendor_keys


def test_defaults_are_those_of_the_extractor(tmp_path: Path) -> None:
    made = settings(tmp_path)
    parameters = inspect.signature(Extractor).parameters
    for name in ("port", "ssl_mode", "connect_timeout", "statement_timeout", "connections"):
        assert getattr(made, name) == parameters[name].default
    for name in ("mask", "compress", "meta_only"):
        assert getattr(made, name) is parameters[name].default is False


def test_fields_reach_the_extractor(tmp_path: Path) -> None:
    extractor = settings(
        tmp_path,
        host="prod.example",
        password="${SHOP_PASSWORD}",
        databases=["dwh"],
        port=5433,
        ssl_mode="verify-full",
        ssl_root_cert="ca.pem",
        include_schemas=["a*"],
        exclude_schemas=["ab"],
        connect_timeout=3,
        statement_timeout=4,
        connections=1,
        mask=True,
        compress=True,
        meta_only=True,
    ).extractor()
    address = extractor.address
    assert (address.server, address.port, address.username) == ("10.0.0.5", 5433, "kada")
    assert address.password == Secret(variable="SHOP_PASSWORD")
    assert (address.ssl_mode, address.ssl_root_cert) == ("verify-full", str(tmp_path / "ca.pem"))
    assert (address.connect_timeout, address.statement_timeout) == (3, 4)
    assert (extractor.name, extractor.host) == ("shop", "prod.example")
    assert (extractor.mask, extractor.compress, extractor.meta_only) == (True, True, True)
    assert extractor.connections == 1
    assert extractor.staging.folder == tmp_path / "output" / "shop"
    scope = extractor.scope
    assert (scope.databases, scope.include_schemas, scope.exclude_schemas) == (
        ("dwh",),
        ("a*",),
        ("ab",),
    )


def test_custom_statements_come_from_the_text_or_from_a_file(tmp_path: Path) -> None:
    names = settings(tmp_path).extractor().list_sql()
    packaged = settings(tmp_path).extractor().get_sql(names[0])
    changed = f"{packaged}\n-- ours"
    (tmp_path / "mine.sql").write_text(changed)
    from_file = settings(tmp_path, custom_sql={names[0]: "mine.sql"}).extractor()
    from_text = settings(tmp_path, custom_sql={names[0]: changed}).extractor()
    assert from_file.get_sql(names[0]) == from_text.get_sql(names[0]) == changed


def test_a_missing_statement_file_is_found_at_load(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"custom_sql\.X: .*gone\.sql: there is no such file"):
        settings(tmp_path, custom_sql={"X": "gone.sql"})


def test_a_statement_of_unknown_name_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="NO_SUCH_SQL"):
        settings(tmp_path, custom_sql={"NO_SUCH_SQL": "SELECT 1"}).extractor()


@pytest.mark.parametrize(
    "server", ["db.example", "10.0.0.5", "::1", "/var/run/postgresql", "db-1.internal"]
)
def test_servers_are_names_addresses_or_socket_folders(tmp_path: Path, server: str) -> None:
    assert settings(tmp_path, server=server).host == server


@pytest.mark.parametrize("port", [0, 65_536, -1, "5432x", 1.5, None])
def test_ports_that_cannot_be_are_refused(tmp_path: Path, port: object) -> None:
    with pytest.raises(ConfigError, match="port"):
        settings(tmp_path, port=port)
