"""What a task sends to an API: a secret is a reference there, as in a profile."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from kada_dagster.config.problems import ConfigFileError
from kada_dagster.loader.definition.profiles import HttpProfile
from kada_dagster.loader.definition.project import read_project
from kada_dagster.loader.definition.sources import HttpSource
from kada_dagster_tests.loader.folders import write

API = "api: {type: http, url: 'https://h'}\n"
TARGET = "target: {type: postgres, host: h, database: d}\n"
ROUTE = {"routes/r/route.yaml": "source: api\n"}


def read(folder: Path, http: str) -> HttpSource:
    """The settings of a task, from its file."""
    given = {"path": "/x", **yaml.safe_load(f"{{{http}}}")}
    source = {"http": given}
    task = {"mode": "http", "source": source, "target": {"ddl": "auto"}}
    files = {"connections.yaml": TARGET + API, **ROUTE}
    files["routes/r/dwh/t/task.yaml"] = yaml.safe_dump(task)
    made = read_project(write(folder, files)).tasks["dwh.t"].definition.source
    assert made is not None
    assert made.http is not None
    return made.http


@pytest.mark.parametrize(
    ("http", "field"),
    [
        ("params: {api_key: tiger}", r"params: api_key: a secret .*write \$\{NAME\}"),
        ("params: {page: 1, access_token: tiger}", "params: access_token: a secret"),
        ("params: {token: 4711000}", "params: token: a secret"),
        ("method: POST, body: {client_secret: tiger}", "body: client_secret: a secret"),
        ("method: POST, body: {a: [{b: {password: tiger}}]}", r"body: a\.b\.password: a secret"),
        ("method: POST, body: {a: {tokens_secret: [x, tiger]}}", r"body: a\.tokens_secret: a sec"),
        ("method: POST, body: {secret: '${no-name}'}", "body: secret: a secret"),
        ("path: '/x?page=1&api_key=tiger'", r"path: api_key: a secret .*below params: \$\{NAME\}"),
    ],
)
def test_a_secret_that_is_written_down_is_refused_and_not_shown(
    tmp_path: Path, http: str, field: str
) -> None:
    with pytest.raises(ConfigFileError, match=rf"task\.yaml:\d+: source\.http\.{field}") as bad:
        read(tmp_path, http)
    assert "tiger" not in str(bad.value)
    assert "4711" not in str(bad.value)


@pytest.mark.parametrize(
    "http",
    [
        "params: {page_token: a, pageToken: b, next_token: c, continuation-token: d, cursor: e}",
        "params: {max_tokens: 100, key: a, sort: token, token_type: a, client_id: a}",
        "params: {token_status: active, password_changed_since: 2026-01-01T00, secret: ''}",
        "params: {has_password: true, signature: 'yes', page: 1}",
        "params: {api_key: '${KEY}', auth_token: 'v1.${KEY}'}",
        "method: POST, body: {fields: [password], password: null, b: {secret: false}}",
        "method: POST, body: {query: 'select token = 1', client_secret: '${KEY}', x: '${'}",
        "path: '/x?page_token=a&api_key='",
    ],
)
def test_references_and_what_is_no_secret_are_taken(tmp_path: Path, http: str) -> None:
    assert read(tmp_path, http).path.startswith("/x")


def test_what_looks_like_a_reference_and_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigFileError, match=r"source\.http\.params: \$\{ begins the name"):
        read(tmp_path, "params: {q: '${no-name}'}")


def test_a_version_in_params_is_sent_as_it_is_written(tmp_path: Path) -> None:
    api = "api: {type: http, url: 'https://h', headers: {X-Version: 2.0, X-Next: 2.10}}\n"
    files = {"connections.yaml": TARGET + api, **ROUTE}
    files["routes/r/dwh/t/task.yaml"] = (
        "mode: http\ntarget: {ddl: auto}\n"
        "source: {http: {path: /x, params: {version: 1.10, code: 0123, size: 50, deep: true}}}\n"
    )
    project = read_project(write(tmp_path, files))
    profile, source = project.connections["api"], project.tasks["dwh.t"].definition.source
    assert isinstance(profile, HttpProfile)
    assert [value.text for value in profile.headers.values()] == ["2.0", "2.10"]
    assert source is not None
    assert source.http is not None
    assert source.http.params == {"version": "1.10", "code": "0123", "size": 50, "deep": True}
