"""Each agent of dapu as the mode that does the same, or a draft with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kada_dagster_tests.loader.dapu.projects import PROFILES, Translated, of_08, translated

TASK = "routes/erp/dwh/customer/task.yaml"


def data(made: Translated) -> dict[str, Any]:
    """The task, without when it runs."""
    return {key: value for key, value in made.data(TASK).items() if key != "run"}


def test_an_export_is_an_upsert_by_its_key(tmp_path: Path) -> None:
    task = "actions: [{do: export, file: q.sql, cols: [id, name], pkcols: [id], to: file}]"
    made = of_08(tmp_path, task, q__sql="SELECT ID, c.name FROM customer c")
    assert data(made) == {"mode": "upsert", "source": {"query": "q.sql"}, "key": ["id"]}


def test_columns_that_were_matched_by_place_are_matched_by_name(tmp_path: Path) -> None:
    task = "actions: [{do: export, file: q.sql, cols: [id, name], pkcols: [id]}]"
    made = of_08(tmp_path, task, q__sql="SELECT c.no, upper(c.n) AS label FROM customer c")
    assert data(made)["columns"] == {"id": "no", "name": "label"}


@pytest.mark.parametrize(
    "query", ["SELECT * FROM c", "SELECT 1, 2", "SELECT FROM WHERE", "SELECT a"]
)
def test_where_the_names_of_a_select_cannot_be_told_it_must_have_those_of_the_target(
    tmp_path: Path, query: str
) -> None:
    task = "actions: [{do: export, file: q.sql, cols: [id, name], pkcols: [id]}]"
    made = of_08(tmp_path, task, q__sql=query)
    assert data(made)["columns"] == {"id": "id", "name": "name"}
    assert any("matched by name, not by place" in what for _, what in made.notes("changed"))


def test_an_export_by_moments_is_incremental_and_its_filter_lets_all_rows_through(
    tmp_path: Path,
) -> None:
    task = (
        "actions: [{do: export, file: q.sql, cols: [id, at], pkcols: [id], "
        "changedetection: ts, ts_col: at}]"
    )
    query = "SELECT id, at FROM c WHERE {{ts_column}} >= '{{last_ts_value}}' ORDER BY at"
    made = of_08(tmp_path, task, q__sql=query)
    assert data(made) == {
        "mode": "incremental",
        "source": {"query": "q.sql"},
        "key": ["id"],
        "cursor": "at",
    }
    assert made.text("routes/erp/dwh/customer/q.sql") == (
        "SELECT id, at FROM c WHERE at >= '1990-01-01 00:00:00' ORDER BY at"
    )
    assert "('erp.dwh.customer', 'dwh.customer')" in made.text("adopt.sql")


def test_a_moment_that_is_no_column_of_the_target_needs_a_hand(tmp_path: Path) -> None:
    task = (
        "actions: [{do: export, file: q.sql, cols: [id], pkcols: [id], "
        "changedetection: ts, ts_col: at}]"
    )
    made = of_08(tmp_path, task, q__sql="SELECT id, at FROM c")
    assert made.said.drafts == ("erp.dwh.customer",)
    assert data(made)["status"] == "draft"
    assert "at is no column of the target" in dict(made.notes("draft"))["actions[0].ts_col"]


def test_sql_around_a_load_keeps_its_side(tmp_path: Path) -> None:
    task = """
        actions:
          - {do: runsql, file: first.sql}
          - {do: stream, file: [gone.sql, q.sql]}
          - {do: map, file: [last.sql, last2.sql]}
        """
    files = dict.fromkeys(("first__sql", "last__sql", "last2__sql"), "SELECT 1")
    made = of_08(tmp_path, task, q__sql="SELECT id FROM c", **files)
    found = data(made)
    assert (found["before"], found["after"]) == (["first.sql"], ["last.sql", "last2.sql"])
    assert found["source"] == {"query": "q.sql"}


def test_a_shadow_is_a_select_that_is_compared_and_put_in_place(tmp_path: Path) -> None:
    task = (
        "actions: [{do: shadow, input: q.sql, pkcol: [id], before: b.sql, afternew: i.sql, "
        "hash_before: h.sql}]"
    )
    made = of_08(
        tmp_path,
        task,
        q__sql="SELECT 1 AS id",
        b__sql="SELECT 1",
        i__sql="CREATE INDEX ON {{target_schema}}.{{target_table}} (id)",
    )
    assert data(made) == {
        "mode": "sql",
        "sql": ["q.sql"],
        "target": {"ddl": "auto"},
        "empty": "replace",
        "compare": True,
        "before": ["b.sql"],
    }
    assert ("actions[0].hash_before", "rows are compared as they are") in made.notes("lost")


def test_what_dapu_did_to_each_new_table_is_done_once(tmp_path: Path) -> None:
    task = "actions: [{do: shadow, input: q.sql, afternew: i.sql, after: z.sql}]"
    files = {
        "q__sql": "SELECT 1 AS id;\n",
        "i__sql": "CREATE INDEX ON {{target_schema}}.{{target_table}} (id)",
        "z__sql": "ANALYZE {{target_schema}}.{{target_table}}",
    }
    made = of_08(tmp_path, task, **files)
    folder = "routes/erp/dwh/customer"
    assert data(made)["after"] == ["z.sql"]
    assert made.text(f"{folder}/ver/001_create.sql") == (
        'CREATE TABLE IF NOT EXISTS "dwh"."customer" AS\nSELECT 1 AS id\nWITH NO DATA;\n'
    )
    assert made.text(f"{folder}/ver/002_i.sql") == "CREATE INDEX ON dwh.customer (id)"
    more = of_08(tmp_path / "more", task, **files, **{"ver/007__sql": "SELECT 1"})
    names = [file.name for file in more.task("dwh.customer").version_files]
    assert names == ["007.sql", "008_i.sql"]


def test_updates_of_a_shadow_run_on_the_table_and_nothing_is_compared(tmp_path: Path) -> None:
    task = "actions: [{do: shadow, input: q.sql, pkcol: [id], update: u.sql}]"
    made = of_08(
        tmp_path,
        task,
        q__sql="SELECT 1 AS id",
        u__sql="UPDATE {{target_schema}}.{{target_table_shadow}} SET id = 2",
    )
    assert "compare" not in data(made)
    assert data(made)["after"] == ["u.sql"]
    assert made.text("routes/erp/dwh/customer/u.sql") == "UPDATE dwh.customer SET id = 2"


def test_history_reads_a_table_of_the_target_and_knows_the_names_of_dapu(tmp_path: Path) -> None:
    task = (
        "actions: [{do: history, imp: '{{target_schema}}.customer_now', "
        "key_columns: [id], data_columns: [name, city]}]"
    )
    assert data(of_08(tmp_path, task)) == {
        "mode": "history",
        "source": {"connection": "target", "table": "dwh.customer_now"},
        "key": ["id"],
        "history": {"style": "dwh", "track": ["name", "city"]},
    }


def excel(tmp_path: Path, more: str, columns: str = "[{name: id, from: A}]") -> Translated:
    return translated(
        tmp_path,
        {
            "conf/sql.yaml": PROFILES,
            "conf/file.yaml": "sheets: {path: /data/sheets}\n",
            "routes/erp/route.yaml": "type: file\nalias: sheets\n",
            "routes/erp/dwh/customer/haulwork.yaml": "actions: [{do: excel, source: "
            f"{{name: plan.xlsx, sheet: 2, start_row: 3}}, cols: {columns}, {more}}}]",
        },
    )


def test_a_sheet_is_read_by_its_letters(tmp_path: Path) -> None:
    columns = "[{name: id, from: A}, {name: day, from: c, transform: to_date}]"
    made = excel(tmp_path, "management: hash, delete: all, insert: simple", columns)
    assert data(made) == {
        "mode": "file",
        "source": {
            "files": {
                "pattern": "plan.xlsx",
                "format": "xlsx",
                "sheet": 2,
                "header": False,
                "missing": "empty",
                "skip_rows": 2,
                "once": True,
            }
        },
        "columns": {"id": "A", "day": "C"},
        "write": "full",
        "empty": "keep",
    }
    assert made.data("connections.yaml")["sheets"] == {"type": "folder", "path": "/data/sheets"}


def test_a_sheet_that_is_deleted_is_added_to_the_rows(tmp_path: Path) -> None:
    found = data(excel(tmp_path, "management: delete"))
    assert (found["write"], found["source"]["files"]["after"]) == ("append", "delete")


@pytest.mark.parametrize(
    ("more", "columns", "key"),
    [
        ("delete: month, delete_date_column: day", "[{name: id, from: A}]", "actions[0].delete"),
        ("delete: all", "[{name: id, fixed: 7}]", "actions[0].cols[0]"),
        (
            "delete: all",
            "[{name: id, from: A}, {name: pin, from: B, transform: to_hash}]",
            "actions[0].cols[1].transform",
        ),
    ],
)
def test_what_a_sheet_cannot_do_here_makes_a_draft(
    tmp_path: Path, more: str, columns: str, key: str
) -> None:
    made = excel(tmp_path, more, columns)
    assert made.said.active == ()
    assert key in dict(made.notes("draft"))
    assert "pin" not in data(made).get("columns", {})


API = """\
    type: http
    shop:
      url: https://api.example/v1
      headers: {Accept: application/json, X-Key: "%SHOP_KEY%"}
      params: {lang: et}
      timeout: {connect: 3, read: 20}
      auth: {method: bearer_token, token: "%SHOP_TOKEN%"}
    """


def http(tmp_path: Path, restapi: str, api: str = API) -> Translated:
    json = (
        "{do: json, origin: {type: task}, extract: 'items', pkcols: [id], cols: "
        "[{name: id, from: extract, data: id, type: int}, "
        "{name: city, from: extract, data: address.city, type: text}]}"
    )
    return translated(
        tmp_path,
        {
            "conf/sql.yaml": PROFILES,
            "routes/erp/route.yaml": api,
            "routes/erp/dwh/customer/haulwork.yaml": f"actions: [{restapi}, {json}]",
        },
    )


def test_answers_of_an_api_are_rows_without_files_between(tmp_path: Path) -> None:
    made = http(
        tmp_path,
        "{do: restapi, api_source: {api: shop, path: /customers, params: {all: 1}, timeout: 9}}",
    )
    assert data(made) == {
        "mode": "http",
        "source": {
            "connection": "shop",
            "http": {
                "path": "/customers",
                "params": {"lang": "et", "all": 1},
                "timeout": 9,
                "rows": 'items | [@][].{"id": id, "city": address.city}',
            },
        },
        "key": ["id"],
        "write": "upsert",
    }
    assert made.data("connections.yaml")["shop"] == {
        "type": "http",
        "url": "https://api.example/v1",
        "headers": {"Accept": "application/json", "X-Key": "${SHOP_KEY}"},
        "auth": {"type": "bearer", "token": "${SHOP_TOKEN}"},
        "timeout": 20,
    }


def test_credentials_of_an_api_in_clear_become_variables(tmp_path: Path) -> None:
    api = API.replace('"%SHOP_TOKEN%"', "abc123").replace("X-Key", "Authorization")
    api = api.replace('"%SHOP_KEY%"', "Token abc456")
    made = http(tmp_path, "{do: restapi, api_source: {api: shop, path: /c}}", api)
    found = made.data("connections.yaml")["shop"]
    assert found["auth"]["token"] == "${SHOP_TOKEN}"
    assert found["headers"]["Authorization"] == "${SHOP_AUTHORIZATION}"
    assert {what.split(":")[0] for _, what in made.notes("set")} == {
        "SHOP_TOKEN",
        "SHOP_AUTHORIZATION",
    }
    assert "abc" not in made.text("connections.yaml")


@pytest.mark.parametrize(
    "restapi",
    [
        "{do: restapi, api_source: {api: shop, path: '/c/{{ id }}'}}",
        "{do: restapi, api_source: {api: shop, path: /c}, repeat: [{params: {a: 1}}]}",
        "{do: restapi, api_source: {api: shop, path: /c}, repeat_sql: {file: ids.sql}}",
    ],
)
def test_a_series_of_requests_needs_a_hand(tmp_path: Path, restapi: str) -> None:
    made = http(tmp_path, restapi)
    assert made.said.drafts == ("erp.dwh.customer",)
    assert any("one task makes one request" in what for _, what in made.notes("draft"))


@pytest.mark.parametrize(
    ("task", "what"),
    [
        ("{do: filecopy, origin: {}, destination: {}}", "nothing here copies files"),
        ("{do: drop}", "nothing here drops a table"),
        ("{do: gen}", "kada load generate"),
        ("{do: own_plugin}", "was a plug-in"),
        ("{do: stream, file: gone.sql}", "names no file that is there"),
        ('{do: stream, file: "q.sql\\0"}', "names no file that is there"),
        ("{do: export, file: q.sql}", "names no columns"),
        ("{do: stream, file: odd.sql}", "{{skip_count}} has no meaning here"),
        ("{do: restapi, api_source: {api: shop, path: /c}}", "no `json` says what"),
        ("{do: json, pkcols: [a]}", "files that no `restapi` wrote"),
        ("{do: stream, file: q.sql}, {do: stream, file: q.sql}", "fills the table a second time"),
    ],
)
def test_what_has_no_like_here_is_a_draft_with_the_reason(
    tmp_path: Path, task: str, what: str
) -> None:
    made = of_08(
        tmp_path, f"actions: [{task}]", q__sql="SELECT id FROM c", odd__sql="SELECT {{skip_count}}"
    )
    assert made.said.active == ()
    assert any(what in said for _, said in made.notes("draft"))


@pytest.mark.parametrize("name", ["../../../../conf/sql.yaml", "/etc/hostname"])
def test_a_file_outside_of_the_routes_is_not_copied(tmp_path: Path, name: str) -> None:
    made = of_08(tmp_path, f"actions: [{{do: stream, file: '{name}'}}]")
    assert made.said.drafts == ("erp.dwh.customer",)
    assert any("is outside of the routes" in what for _, what in made.notes("draft"))
    folder = made.folder / "routes/erp/dwh/customer"
    assert [path.name for path in folder.iterdir()] == ["task.yaml"]


def test_a_file_beside_the_task_is_copied_into_it(tmp_path: Path) -> None:
    files = {"../shared/q__sql": "SELECT 1 AS id"}
    made = of_08(tmp_path, "actions: [{do: stream, file: ../shared/q.sql}]", **files)
    assert made.text("routes/erp/dwh/customer/q.sql") == "SELECT 1 AS id"


def test_an_action_without_a_name_is_skipped_as_dapu_does(tmp_path: Path) -> None:
    made = of_08(
        tmp_path, "actions: [{file: q.sql}, {do: stream, file: q.sql}]", q__sql="SELECT 1 AS id"
    )
    assert made.said.active == ("dwh.customer",)
    assert ("actions[0]", "an action without `do`; dapu skipped it") in made.notes("lost")


def test_version_files_of_one_number_become_one(tmp_path: Path) -> None:
    files = {
        "ver/001_a__sql": "CREATE TABLE {{target_schema}}.{{target_table}} (id int)",
        "ver/001_b__sql": "COMMENT ON TABLE dwh.customer IS 'x'",
        "ver/readme__sql": "no number",
    }
    made = of_08(tmp_path, "actions: [{do: stream, file: q.sql}]", q__sql="SELECT 1 AS id", **files)
    assert made.text("routes/erp/dwh/customer/ver/001_a.sql") == (
        "CREATE TABLE dwh.customer (id int);\nCOMMENT ON TABLE dwh.customer IS 'x'"
    )
    assert [file.name for file in made.task("dwh.customer").version_files] == ["001_a.sql"]
    assert any("begins with no number" in what for _, what in made.notes("lost"))
