"""Profiles: a password is never written in connections.yaml, wherever it would stand."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from kada_dagster.config.problems import ConfigFileError
from kada_dagster.loader.definition.profiles import PROFILE
from kada_dagster.loader.definition.project import read_project
from kada_dagster.loader.definition.sources import HttpSource
from kada_dagster_tests.loader.folders import CONNECTIONS, write

PASSWORDS = [
    "{type: sqlalchemy, url: 'oracle+oracledb://scott:tiger@db/x'}",
    "{type: sqlalchemy, url: 'oracle+oracledb://${ORA_USER}:tiger@db/x'}",
    "{type: odbc, connection_string: 'Driver={x};UID=scott;PWD=tiger'}",
    "{type: odbc, connection_string: 'Driver={x};Password = {tiger};UID=scott'}",
    "{type: http, url: 'https://x', headers: {X-Api-Key: tiger}}",
    "{type: http, url: 'https://x', headers: {authorization: Bearer tiger}}",
    "{type: http, url: 'https://x', auth: {type: bearer, token: tiger}}",
]


@pytest.mark.parametrize("profile", PASSWORDS)
def test_a_password_that_is_written_down_is_refused_and_not_shown(
    tmp_path: Path, profile: str
) -> None:
    folder = write(tmp_path, {"connections.yaml": f"{CONNECTIONS}shop: {profile}\n"})
    with pytest.raises(
        ConfigFileError, match=r"connections\.yaml:3: .*shop.*write \$\{NAME\}"
    ) as bad:
        read_project(folder)
    assert "tiger" not in str(bad.value)


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "sqlalchemy", "url": "oracle+oracledb://${USER}:${PASSWORD}@db/x"},
        {"type": "sqlalchemy", "url": "postgresql://reader@db:5432/x"},
        {"type": "sqlalchemy", "url": "duckdb:////data/lake.duckdb"},
        {"type": "odbc", "connection_string": "DSN=shop;UID=${USER};PWD=${PASSWORD}"},
        {"type": "odbc", "connection_string": "DSN=shop"},
        {"type": "http", "url": "https://x", "headers": {"X-Api-Key": "${KEY}", "X-Plain": "a"}},
    ],
)
def test_references_and_texts_without_a_password_are_taken(fields: dict[str, object]) -> None:
    assert PROFILE.validate_python(fields) is not None


@pytest.mark.parametrize("name", ["Authorization", "x-api-key", "Cookie", "X-Auth-Token"])
def test_a_task_sends_no_secret_of_its_own(name: str) -> None:
    with pytest.raises(ValidationError, match=f"{name} belongs to the profile"):
        HttpSource.model_validate({"path": "/x", "headers": {name: "a"}})
    assert HttpSource.model_validate({"path": "/x", "headers": {"X-Page": "a"}}).headers
