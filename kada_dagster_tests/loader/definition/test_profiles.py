"""Profiles: a password is never written in connections.yaml, wherever it would stand."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from kada_dagster.config.problems import ConfigFileError
from kada_dagster.loader.definition.profiles import PROFILE
from kada_dagster.loader.definition.project import read_project
from kada_dagster.loader.definition.sources import HttpSource
from kada_dagster.loader.definition.written_secrets import is_secret_key
from kada_dagster_tests.loader.folders import CONNECTIONS, write

PASSWORDS = [
    "{type: sqlalchemy, url: 'oracle+oracledb://scott:tiger@db/x'}",
    "{type: sqlalchemy, url: 'oracle+oracledb://${ORA_USER}:tiger@db/x'}",
    "{type: odbc, connection_string: 'Driver={x};UID=scott;PWD=tiger'}",
    "{type: odbc, connection_string: 'Driver={x};Password = {tiger};UID=scott'}",
    "{type: odbc, connection_string: 'Driver={x};PWD=${ODBC_PASSWORD};Password=tiger'}",
    "{type: odbc, connection_string: 'Driver={x};AccessToken=tiger'}",
    "{type: sqlalchemy, url: 'mssql+pyodbc://@h/db?driver=x&pwd=tiger'}",
    "{type: sqlalchemy, url: 'postgresql://h/db?password=tiger'}",
    "{type: sqlalchemy, url: 'mssql+pyodbc:///?odbc_connect=DRIVER%3D{X}%3BPWD%3Dtiger'}",
    "{type: sqlalchemy, url: 'mssql+pyodbc:///?odbc_connect=DRIVER={X};PWD=tiger'}",
    "{type: postgres, host: h, database: d, options: {sslpassword: tiger}}",
    "{type: postgres, host: h, database: d, options: {passfile: x, password: tiger}}",
    "{type: mysql, host: h, database: d, options: {ssl_key_password: tiger}}",
    "{type: folder, url: 's3://b/x', options: {key: AKIA, secret: tiger}}",
    "{type: folder, url: 's3://b/x', options: {aws_secret_access_key: tiger}}",
    "{type: folder, url: 'abfs://b/x', options: {account_key: tiger}}",
    "{type: folder, url: 'abfs://b/x', options: {sas_token: tiger}}",
    "{type: folder, url: 'abfs://b/x', options: {connection_string: 'AccountKey=tiger==;Name=x'}}",
    "{type: folder, url: 'https://u:tiger@h/d'}",
    "{type: folder, url: 'https://h/d?access_token=tiger'}",
    "{type: folder, url: 'sftp://u:tiger@h/d'}",
    "{type: folder, url: 'sftp://u:ti/tiger@h/d'}",
    "{type: http, url: 'https://u:tiger@x'}",
    "{type: http, url: 'https://x/v1?api_key=tiger'}",
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
        {"type": "sqlalchemy", "url": "mssql+pyodbc:///?odbc_connect=DRIVER%3D{X}%3BPWD%3D${P}"},
        {"type": "sqlalchemy", "url": "mssql+pyodbc://h/d?pwd=${P}&TrustServerCertificate=yes"},
        {"type": "sqlalchemy", "url": "sqlite:///C:/data/x@y.db"},
        {"type": "folder", "url": "https://${USER}:${PASSWORD}@h:8443/a@1"},
        {"type": "folder", "url": "sftp://me@h:22/a@1", "options": {"key_filename": "/x/key"}},
        {"type": "folder", "url": "github://owner:repository@main/x"},
        {"type": "folder", "url": "s3://b", "options": {"key": "AKIA", "secret": "${SECRET}"}},
        {"type": "folder", "url": "gs://b", "options": {"token": "google_default"}},
        {"type": "folder", "url": "gs://b", "options": {"token": "/etc/reader.json"}},
        {"type": "postgres", "host": "h", "database": "d", "options": {"sslkey": "x.key"}},
        {"type": "mysql", "host": "h", "database": "d", "options": {"ssl_key": "x.pem"}},
    ],
)
def test_references_and_texts_without_a_password_are_taken(fields: dict[str, object]) -> None:
    assert PROFILE.validate_python(fields) is not None


@pytest.mark.parametrize("login", ["u:${FTP_PASSWORD}", "${FTP_USER}:${FTP_PASSWORD}"])
@pytest.mark.parametrize("protocol", ["ftp", "sftp", "simplecache::ftp"])
def test_a_login_is_no_part_of_a_url_whose_driver_takes_it_as_options(
    login: str, protocol: str
) -> None:
    profile = {"type": "folder", "url": f"{protocol}://{login}@h/in"}
    with pytest.raises(ValidationError, match=r"username and password below options"):
        PROFILE.validate_python(profile)


@pytest.mark.parametrize(
    ("key", "is_one"),
    [
        *(
            (key, True)
            for key in ("PWD", "passwd", "User Password", "oauth_client_secret", "token")
        ),
        *((key, True) for key in ("SharedAccessKey", "scram_client_key", "private_key", "p%77d")),
        *((key, False) for key in ("key", "aws_access_key_id", "key_file", "private_key_file")),
        *((key, False) for key in ("passfile", "passive", "sslkey", "token_url", "secret_name")),
    ],
)
def test_what_is_secret_is_told_by_the_name_of_its_key(key: str, is_one: bool) -> None:
    assert is_secret_key(key) is is_one


@pytest.mark.parametrize("name", ["Authorization", "x-api-key", "Cookie", "X-Auth-Token"])
def test_a_task_sends_no_secret_of_its_own(name: str) -> None:
    with pytest.raises(ValidationError, match=f"{name} belongs to the profile"):
        HttpSource.model_validate({"path": "/x", "headers": {name: "a"}})
    assert HttpSource.model_validate({"path": "/x", "headers": {"X-Page": "a"}}).headers
