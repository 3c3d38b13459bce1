"""Rows that are fewer or more than what the API counts: none is lost, and none comes twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kada_dagster.errors import ConfigError
from kada_dagster.loader.errors import SourceReadError
from kada_dagster.loader.source.http.counted import CountedRows
from kada_dagster.sandbox.web import Answer, Fault
from kada_dagster.sandbox.web.answers import in_json
from kada_dagster_tests.loader.source.landing import Landing
from kada_dagster_tests.loader.source.shop_api import ShopApi, shop
from kada_dagster_tests.loader.source.test_http_paging import ALL, read

OFFSET = {"type": "offset", "size": 3}
PAGE = {"type": "page", "size": 3, "size_param": "per_page"}
LINES = "items[].lines[]"


@pytest.fixture
def api() -> Iterator[ShopApi]:
    """Seven orders: 1 and 7 are open, and each has two lines, 10 and 11 of the first."""
    with shop() as made:
        for order in made.orders:
            order |= {"open": order["id"] in (1, 7)}
            order |= {"lines": [{"id": order["id"] * 10 + i, "name": "line"} for i in (0, 1)]}
        yield made


def both(orders: list[int]) -> list[int]:
    """The lines of orders."""
    return [order * 10 + line for order in orders for line in (0, 1)]


@pytest.mark.parametrize(
    ("path", "paging", "calls"),
    [
        ("/offset", OFFSET, 4),
        ("/offset", {**OFFSET, "next": "more"}, 3),
        ("/paged", PAGE, 4),
        ("/paged", {**PAGE, "next": "page < `3`"}, 3),
    ],
)
@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("items[?open]", [1, 7]),
        ("items[?open] || `[]`", [1, 7]),
        ("(items || `[]`)[?open].{id: id, name: name}", [1, 7]),
        ("(nothing || items)[?open]", [1, 7]),
        ("items[?id == `9`]", []),
        (LINES, both(ALL)),
        ("items[?open].lines[]", both([1, 7])),
        ("items[*].lines[?id == `70`][]", [70]),
    ],
)
def test_elements_are_counted_and_not_the_rows_made_of_them(
    landing: Landing, api: ShopApi, path: str, paging: Any, calls: int, rows: str, found: list[int]
) -> None:
    assert read(landing, api, path, paging, rows=rows) == found
    assert len(api.requests) == calls


def test_a_list_within_one_element_is_named_by_its_number(landing: Landing, api: ShopApi) -> None:
    def wrapped(request: Any) -> Answer:
        start = int(request.query["offset"][0])
        return in_json(200, {"results": [{"rows": api.orders[start : start + 3]}]})

    api.failures.add(Fault(path="/wrapped", answer=wrapped, times=None))
    assert read(landing, api, "/wrapped", OFFSET, rows="results[0].rows") == ALL
    with pytest.raises(SourceReadError, match=r"page 2: .*the API counts the rows\. .*results\[0"):
        read(landing, api, "/wrapped", OFFSET, rows="results[].rows[]")


def test_a_last_page_of_few_elements_with_many_rows_is_one(landing: Landing, api: ShopApi) -> None:
    del api.orders[5:]
    paging = {"type": "offset", "size": 4}
    api.orders[4]["lines"] *= 2
    assert read(landing, api, "/offset", paging, rows=LINES) == sorted(
        [*both([1, 2, 3, 4, 5]), 50, 51]
    )


def test_a_large_page_is_counted_as_a_small_one(
    landing: Landing, api: ShopApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kada_dagster.loader.source.json_documents._SMALL", 10)
    monkeypatch.setattr("kada_dagster.loader.source.json_documents._CHUNK", 10)
    paging = {**OFFSET, "next": "more"}
    assert read(landing, api, "/offset", paging, rows=LINES) == both(ALL)
    assert read(landing, api, "/offset", paging, rows="items[?open]") == [1, 7]


def test_lines_of_json_are_counted_each(landing: Landing, api: ShopApi) -> None:
    def lines(request: Any) -> Answer:
        start = int(request.query["offset"][0])
        found = api.orders[start : start + 3]
        return Answer(200, b"\n".join(in_json(200, {"of": [one]}).body for one in found) or b"[]")

    api.failures.add(Fault(path="/lines", answer=lines, times=None))
    rows = "of[?open].lines[]"
    assert read(landing, api, "/lines", OFFSET, rows=f"{rows} || `[]`") == both([1, 7])


def test_filtered_pages_go_round_in_circles_no_less_than_others(
    landing: Landing, api: ShopApi
) -> None:
    paging = {**PAGE, "param": "nr"}
    with pytest.raises(SourceReadError, match="the API does not look at nr"):
        read(landing, api, "/paged", paging, rows="items[?id == `9`]")


def test_features_of_wfs_in_json_are_counted_before_a_filter(
    landing: Landing, api: ShopApi
) -> None:
    def features(request: Any) -> Answer:
        start = int(request.query["startIndex"][0])
        return in_json(200, {"features": api.orders[start : start + 3], "numberMatched": 7})

    api.failures.add(Fault(path="/features", answer=features, times=None))
    paging = {"type": "wfs", "size": 3}
    assert read(landing, api, "/features", paging, rows="features[?open]") == [1, 7]
    assert len(api.requests) == 3


HIDDEN = [
    "items[1:]", "items | [?open]", "values(items)", "items.*", "[items, more][]", "items[?a] || b",
    "data.items[:9].x",
]  # fmt: skip


@pytest.mark.parametrize("rows", HIDDEN)
@pytest.mark.parametrize(
    "paging", [{"type": "offset", "next": "more"}, {"type": "page"}, {"type": "wfs"}]
)
def test_what_hides_the_list_is_refused_before_anything_is_asked(
    landing: Landing, api: ShopApi, rows: str, paging: Any
) -> None:
    with pytest.raises(ConfigError, match=r"source\.http\.rows: .*use paging of type cursor or li"):
        read(landing, api, "/offset", paging, rows=rows)
    assert api.requests == []


@pytest.mark.parametrize(
    ("path", "paging"),
    [
        ("/paged", {**PAGE, "next": "page < `3`"}),
        ("/cursor", {"type": "cursor", "size": 3, "next": "meta.next"}),
        ("/linked", {"type": "link"}),
        ("/offset?limit=7", {}),
    ],
)
def test_where_nothing_depends_on_the_count_rows_may_be_anything(
    landing: Landing, api: ShopApi, path: str, paging: Any
) -> None:
    assert read(landing, api, path, paging, rows="sort_by(items, &name)") == ALL


@pytest.mark.parametrize(
    ("rows", "document", "elements"),
    [
        (None, [{"id": 1}], 1),
        ("[?id == `2`]", [{"id": 1}, {"id": 3}], 2),
        ("items", {"items": {"id": 1}}, 1),
        ("items || `[]`", {}, 0),
        ("items || `[]`", {"items": {}}, 0),
        ("items[?id] || `[]`", {"items": {}}, 0),
        ("[0].items[?no]", [{"items": [1, 2, 3]}], 3),
        ('x."y.z"[*].a', {"x": {"y.z": [{}, {"a": 1}]}}, 2),
        ("x.y.z[*].a.b[]", {"x": {"y": {"z": [{}, {"a": {"b": [1, 2, 3]}}]}}}, 2),
    ],
)
def test_the_elements_are_those_of_the_list(rows: str | None, document: Any, elements: int) -> None:
    counted = CountedRows(rows)
    list(counted.of(document, "x"))
    assert len(counted.elements) == elements
