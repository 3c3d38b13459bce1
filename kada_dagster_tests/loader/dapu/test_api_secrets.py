"""Secrets of APIs are in no file and no note; and no task sends `%VAR%` as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from kada_dagster.loader.dapu.api_values import is_kept_away
from kada_dagster_tests.loader.dapu.projects import PROFILES, Translated, translated

JSON = "{do: json, pkcols: [id], cols: [{name: id}]}"
API = "{url: 'https://api.example/v1'}"


def of_apis(folder: Path, api: str, **tasks: str) -> Translated:
    """A route `crm` with the API `shop`, and tasks by their tables with what they ask for."""
    files = {
        f"routes/crm/dwh/{table}/haulwork.yaml": "actions: "
        f"[{{do: restapi, api_source: {{api: shop, {asked}}}}}, {JSON}]"
        for table, asked in tasks.items()
    }
    route = {"routes/crm/route.yaml": f"type: http\nshop: {api}\n"}
    return translated(folder, {"conf/sql.yaml": PROFILES, **route, **files})


def written(made: Translated) -> str:
    """All files, and all that is said."""
    files = [file.read_text() for file in made.folder.rglob("*") if file.is_file()]
    return "\n".join([*files, *map(str, made.said.notes)])


OPEN = [
    "params: {api_key: pl4nted}",
    "params: {key: pl4nted, lang: et}",
    "params: {token: 4711000}",
    "params: {a: 'Bearer pl4nted'}",
    "params: {next: 'https://me:pl4nted@h/x'}",
    "params: [[api_key, pl4nted]]",
    "params: 'api_key=pl4nted'",
    "body: {a: {b: [{password: pl4nted}]}}",
    "body: {a: {secret: {b: pl4nted}}}",
    "body: [{name: api_key, value: pl4nted}]",
    "body: {filters: [{name: api_key, value: pl4nted}]}",
    "body: 'client_secret=pl4nted'",
    "params: {a: '%PL4NTED%'}",
    "params: {'%PL4NTED%': a}",
    "body: {a: [x, 'y %PL4NTED% z']}",
]


@pytest.mark.parametrize("given", OPEN)
@pytest.mark.parametrize("is_of_api", [True, False])
def test_what_a_task_cannot_hold_is_left_out_and_needs_a_hand(
    tmp_path: Path, given: str, is_of_api: bool
) -> None:
    api = API.replace("}", f", {given}}}") if is_of_api else API
    made = of_apis(tmp_path, api, a="path: /a" + ("" if is_of_api else f", {given}"))
    assert made.said.active == ()
    assert made.said.drafts == ("crm.dwh.a",)
    assert made.data("routes/crm/dwh/a/task.yaml")["status"] == "draft"
    said = written(made)
    assert not any(value in said for value in ("pl4nted", "4711000", "%PL4NTED%:"))
    assert "'%PL4NTED%'" not in made.text("routes/crm/dwh/a/task.yaml")
    assert any("not copied" in what for _, what in made.notes("set"))


def test_the_note_names_the_key_however_deep_it_is(tmp_path: Path) -> None:
    made = of_apis(tmp_path, API, a="path: /a, body: {a: {b: [{c: 1, password: pl4nted}]}, d: 2}")
    assert [key for key, _ in made.notes("set")] == [
        "actions[0].api_source.body.a.b[0].password",
    ]
    http = made.data("routes/crm/dwh/a/task.yaml")["source"]["http"]
    assert http["body"] == {"a": {"b": [{"c": 1}]}, "d": 2}


@pytest.mark.parametrize(
    ("path", "new"),
    [
        ("/a?page=1&api_key=pl4nted", "/a"),
        ("/a?sig=%PL4NTED%", "/a"),
        ("/%PL4NTED%/a?page=1", "/x"),
        ("/a;token=pl4nted", "/x"),
        ("/%DE%/a", "/x"),
        ("https://me:pl4nted@h/a", "/x"),
    ],
)
def test_a_path_loses_what_is_secret_and_needs_a_hand(tmp_path: Path, path: str, new: str) -> None:
    made = of_apis(tmp_path, API, a=f"path: '{path}'")
    assert made.said.active == ()
    assert made.data("routes/crm/dwh/a/task.yaml")["source"]["http"]["path"] == new
    assert "pl4nted" not in written(made).lower()


@pytest.mark.parametrize("path", ["/%C3%A4%C3%B6/x", "/a?page=1&lang=et", "/a?q=100%25"])
def test_an_encoded_path_stays_as_it_is(tmp_path: Path, path: str) -> None:
    made = of_apis(tmp_path, API, a=f"path: '{path}'")
    assert made.said.active == ("dwh.a",)
    assert made.data("routes/crm/dwh/a/task.yaml")["source"]["http"]["path"] == path


@pytest.mark.parametrize(
    ("value", "new"),
    [("pl4nted", "${SHOP_X_API_KEY}"), ("%KEY%", "${KEY}"), ("Token %KEY%", "Token ${KEY}")],
)
def test_a_secret_header_of_a_task_is_sent_by_the_profile(
    tmp_path: Path, value: str, new: str
) -> None:
    headers = f"headers: {{X-Api-Key: '{value}', X-Page: a}}"
    made = of_apis(tmp_path, API, a=f"path: /a, {headers}", b=f"path: /b, {headers}")
    assert made.said.active == ("dwh.a", "dwh.b")
    assert made.data("connections.yaml")["shop"]["headers"] == {"X-Api-Key": new}
    for table in "ab":
        http = made.data(f"routes/crm/dwh/{table}/task.yaml")["source"]["http"]
        assert http["headers"] == {"X-Page": "a"}
    assert "pl4nted" not in written(made)


def test_a_header_of_which_there_are_two_values_needs_a_hand(tmp_path: Path) -> None:
    api = API.replace("}", ", headers: {x-api-key: pl4nted}}")
    made = of_apis(
        tmp_path,
        api,
        a="path: /a, headers: {X-Api-Key: als0}",
        b="path: /b, headers: {X-Api-Key: pl4nted}",
    )
    assert made.said.active == ("dwh.b",)
    assert made.data("connections.yaml")["shop"]["headers"] == {"x-api-key": "${SHOP_X_API_KEY}"}
    assert not any(value in written(made) for value in ("pl4nted", "als0"))


@pytest.mark.parametrize(
    "headers",
    [
        "{X-Page: '%PL4NTED%'}",
        "{X-Sign: Bearer pl4nted}",
        "{'X-%PL4NTED%-Token': a}",
        "{X-Token: 4711000}",
        "{X-Token: {a: pl4nted}}",
        "'X-Token: pl4nted'",
    ],
)
def test_a_header_that_cannot_stand_anywhere_needs_a_hand(tmp_path: Path, headers: str) -> None:
    made = of_apis(tmp_path, API, a=f"path: /a, headers: {headers}")
    assert made.said.active == ()
    assert "headers" not in made.data("routes/crm/dwh/a/task.yaml")["source"]["http"]
    assert not any(value in written(made) for value in ("pl4nted", "4711000", "'%PL4NTED%'"))


def test_a_secret_header_needs_an_api(tmp_path: Path) -> None:
    made = of_apis(tmp_path, API, a="path: /a, api: other, headers: {X-Api-Key: pl4nted}")
    assert made.said.active == ()
    assert "pl4nted" not in written(made)


@pytest.mark.parametrize(
    ("api", "new"),
    [
        ("{url: 'https://me:pl4nted@h/v1'}", {"url": "${SHOP_URL}"}),
        ("{url: 'https://h/v1?api_key=pl4nted'}", {"url": "${SHOP_URL}"}),
        ("{url: 'https://me:%P%@h/v1'}", {"url": "https://me:${P}@h/v1"}),
        (
            "{url: 'https://h', headers: {X-Sign: Bearer pl4nted}}",
            {"url": "https://h", "headers": {"X-Sign": "${SHOP_X_SIGN}"}},
        ),
        (
            "{url: 'https://h', headers: {Cookie: a=pl4nted}}",
            {"url": "https://h", "headers": {"Cookie": "${SHOP_COOKIE}"}},
        ),
    ],
)
def test_secrets_in_addresses_and_headers_of_an_api_become_variables(
    tmp_path: Path, api: str, new: dict[str, object]
) -> None:
    made = of_apis(tmp_path, api, a="path: /a")
    assert made.data("connections.yaml")["shop"] == {"type": "http", **new}
    assert "pl4nted" not in written(made)


def test_a_header_of_an_api_whose_name_holds_a_variable_is_sent_by_no_active_task(
    tmp_path: Path,
) -> None:
    made = of_apis(tmp_path, "{url: 'https://h', headers: {'X-%A%': b}}", a="path: /a")
    assert made.said.active == ()
    assert "headers" not in made.data("connections.yaml")["shop"]


@pytest.mark.parametrize(
    ("key", "value"), [("lang", "et"), ("token", None), ("token", ""), ("all", True), ("a", "50%")]
)
def test_what_is_no_secret_stays(key: str, value: object) -> None:
    assert not is_kept_away(key, value)
