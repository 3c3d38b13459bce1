"""Each kind of database says which schemas it has, or that it does not know."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from kada_dagster.loader.definition.profiles import PROFILE
from kada_dagster.loader.generate.schemas import schemas_of, unfound
from kada_dagster.loader.source.registry import open_source
from kada_dagster_tests.loader.source.mariadb_server import MariadbDatabase
from kada_dagster_tests.loader.source.mariadb_source import opened


def schemas(**profile: Any) -> Sequence[str]:
    with open_source(PROFILE.validate_python(profile), "shop") as source:
        return schemas_of(source, profile["type"])


def test_databases_of_a_server_are_its_schemas(maria: MariadbDatabase) -> None:
    with opened(maria) as source:
        assert maria.name in schemas_of(source, "mariadb")
        assert "mysql" not in schemas_of(source, "mariadb")


def test_a_database_of_sqlalchemy_may_have_a_standard_catalogue_or_none(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    with closing(duckdb.connect(str(tmp_path / "a.duckdb"))) as raw:
        raw.execute("CREATE SCHEMA crm")
    assert schemas(type="sqlalchemy", url=f"duckdb:///{tmp_path}/a.duckdb") == ["crm", "main"]
    with closing(sqlite3.connect(tmp_path / "b.db")) as raw:
        raw.execute("CREATE TABLE t (id INTEGER)")
    assert schemas(type="sqlalchemy", url=f"sqlite:///{tmp_path}/b.db") == []


@pytest.mark.parametrize(
    ("schemas", "tables", "said"),
    [
        ([], [], "the schema 'crm' has no tables, or is not there"),
        (["crm"], [], "the schema 'crm' has no tables"),
        (["crn", "x"], [], "there is no schema 'crm'; did you mean 'crn'?; there are: crn, x"),
        (["crm"], ["order"], "there is no table 'orders' in crm; did you mean 'order'?"),
        ([], ["x"], "there is no table 'orders' in crm"),
    ],
)
def test_what_is_not_there_is_said(schemas: list[str], tables: list[str], said: str) -> None:
    assert unfound("crm", "orders", schemas, tables) == said


def test_of_many_schemas_some_are_told() -> None:
    said = unfound("crm", "*", [f"s{number:02}" for number in range(30)], [])
    assert said.endswith("s18, s19, ...")
