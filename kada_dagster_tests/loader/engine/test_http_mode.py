"""Mode http: all pages of a list are in the target, or none of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kada_dagster.loader.engine.run import LoadResult, run_task
from kada_dagster.loader.errors import (
    EmptySourceError,
    LoaderError,
    SchemaMismatchError,
    SourceLostError,
    SourceReadError,
    TargetError,
)
from kada_dagster.sandbox.web import Answer, Fault
from kada_dagster.sandbox.web.answers import in_json
from kada_dagster_tests.api.manual_clock import ManualClock
from kada_dagster_tests.loader.databases import Ends
from kada_dagster_tests.loader.source.shop_api import ShopApi, patient, shop


@pytest.fixture
def api() -> Iterator[ShopApi]:
    """Seven orders."""
    with shop() as made:
        yield made


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    budget = patient(ManualClock())
    monkeypatch.setattr("kada_dagster.loader.source.http.client.shared_budget", budget)


PAGED = "{path: /offset, rows: items, paging: {type: offset, size: 3}}"


def load(ends: Ends, api: ShopApi, more: str = "", http: str = PAGED) -> LoadResult:
    """Load what `source.http` says."""
    target = f"host: 127.0.0.1, port: {ends.server.port}, database: {ends.target}"
    files = {
        "connections.yaml": (
            f"target: {{type: postgres, {target}, username: postgres}}\n"
            f"shop: {{type: http, url: '{api.url}'}}\n"
        ),
        "routes/web/route.yaml": "source: shop\n",
        "routes/web/public/t/task.yaml": f"mode: http\nsource: {{http: {http}}}\n{more}",
    }
    project = ends.read(files)
    return run_task(project.tasks["public.t"], project)


def rows(ends: Ends) -> list[tuple[Any, ...]]:
    return ends.at_target("SELECT * FROM t ORDER BY 1")


AUTO = "target: {ddl: auto}\n"
UPSERT = "write: upsert\nkey: id\n"
ALL = [(i, f"order {i}") for i in range(1, 8)]


def test_all_pages_become_the_rows_of_a_new_table(ends: Ends, api: ShopApi) -> None:
    result = load(ends, api, AUTO)
    assert (result.counts.read, result.counts.inserted) == (7, 7)
    assert rows(ends) == ALL
    assert len(api.requests) == 4
    types = ends.at_target("SELECT format_type(atttypid, atttypmod) FROM pg_attribute "
                           "WHERE attrelid = 't'::regclass AND attnum > 0")  # fmt: skip
    assert types == [("bigint",), ("text",)]


def test_full_replaces_what_was_there(ends: Ends, api: ShopApi) -> None:
    load(ends, api, AUTO)
    api.orders = api.orders[5:]
    load(ends, api)
    assert rows(ends) == ALL[5:]


def test_upsert_writes_what_changed_and_keeps_what_is_gone(ends: Ends, api: ShopApi) -> None:
    load(ends, api, AUTO + UPSERT)
    api.orders[0]["name"] = "changed"
    api.orders = [*api.orders[:6], {"id": 8, "name": "new"}]
    counts = load(ends, api, UPSERT).counts
    assert (counts.read, counts.inserted, counts.updated, counts.unchanged) == (7, 1, 1, 5)
    assert rows(ends) == [(1, "changed"), *ALL[1:], (8, "new")]


def test_upsert_takes_out_what_is_gone_where_the_task_says_so(ends: Ends, api: ShopApi) -> None:
    load(ends, api, AUTO + UPSERT)
    api.orders = api.orders[:3]
    assert load(ends, api, f"{UPSERT}deletes: hard\n").counts.deleted == 4
    assert rows(ends) == ALL[:3]


def test_append_adds(ends: Ends, api: ShopApi) -> None:
    load(ends, api, AUTO)
    load(ends, api, "write: append\n")
    assert rows(ends) == sorted(ALL * 2)


def test_columns_that_are_named_are_read_and_no_others(ends: Ends, api: ShopApi) -> None:
    ends.at_target("CREATE TABLE t (number int, title text, loaded timestamptz DEFAULT now())")
    load(ends, api, "columns: {number: id, title: name}\n")
    assert ends.at_target("SELECT number, title FROM t WHERE loaded IS NOT NULL ORDER BY 1") == ALL
    assert len(api.requests) == 4


BREAKS: list[tuple[Answer, int | None, type[LoaderError]]] = [
    (Answer(500, b"oops"), None, SourceLostError),
    (in_json(404, {}), 1, SourceReadError),
    (Answer(200, b'{"items": [{"id": 9'), 1, SourceReadError),
    (in_json(200, {"items": [{"id": "x", "name": "y"}]}), 1, TargetError),
]


@pytest.mark.parametrize("write", ["full", "upsert", "append"])
def test_of_a_list_that_breaks_off_nothing_is_in_the_target(
    ends: Ends, api: ShopApi, write: str
) -> None:
    ends.at_target("CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (0, 'a')")
    key = "key: id\n" if write == "upsert" else ""
    task = f"write: {write}\n{key}columns: {{id: id, name: name}}\n"
    for answer, times, kind in BREAKS:
        api.failures.clear()
        api.failures.add(Fault(answer=answer, after=2, times=times))
        with pytest.raises(kind):
            load(ends, api, task)
        assert rows(ends) == [(0, "a")]
    api.failures.clear()
    load(ends, api, task)
    assert rows(ends) == (ALL if write == "full" else [(0, "a"), *ALL])


def test_a_row_that_does_not_fit_is_told_with_its_page(ends: Ends, api: ShopApi) -> None:
    ends.at_target("CREATE TABLE t (id int, name int)")
    api.orders = [{"id": i, "name": "5"} for i in range(6)]
    api.orders[4]["name"] = "Jane"
    with pytest.raises(TargetError, match=r"page 2, row 2, column name") as caught:
        load(ends, api)
    assert "Jane" not in str(caught.value)


def test_an_empty_list_is_an_error_unless_the_task_says_otherwise(ends: Ends, api: ShopApi) -> None:
    load(ends, api, AUTO)
    api.orders = []
    with pytest.raises(EmptySourceError):
        load(ends, api)
    load(ends, api, "empty: keep\n")
    assert rows(ends) == ALL
    load(ends, api, "empty: replace\n")
    assert rows(ends) == []


def test_nothing_is_taken_from_or_added_to_a_table_by_an_empty_list(
    ends: Ends, api: ShopApi
) -> None:
    load(ends, api, AUTO + UPSERT)
    api.orders = []
    for write in (UPSERT, "write: append\n"):
        assert load(ends, api, write).counts.inserted == 0
    assert rows(ends) == ALL


def test_a_name_that_only_some_rows_have_is_a_column_all_the_same(ends: Ends, api: ShopApi) -> None:
    api.orders[6]["note"] = {"by": ["me"]}
    load(ends, api, AUTO)
    assert ends.at_target("SELECT id, note FROM t WHERE note IS NOT NULL") == [(7, {"by": ["me"]})]


def test_a_new_name_without_a_column_is_told(ends: Ends, api: ShopApi) -> None:
    load(ends, api, AUTO)
    api.orders[6]["note"] = "new"
    with pytest.raises(SchemaMismatchError, match="has no column note"):
        load(ends, api)
    assert rows(ends) == ALL


def test_features_of_wfs_and_lines_of_csv_become_rows(ends: Ends, api: ShopApi) -> None:
    wfs = "{path: /wfs, format: xml, rows: member/order, paging: {type: wfs, size: 3}}"
    load(ends, api, AUTO, wfs)
    assert rows(ends) == [(str(i), name) for i, name in ALL]
    load(ends, api, "", "{path: /csv, format: csv}")
    assert rows(ends) == [(str(i), name) for i, name in ALL]
