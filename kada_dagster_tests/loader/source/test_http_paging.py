"""Lists of an API in every way they are cut: all rows come once, and no list goes on for ever."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from kada_dagster.loader.definition.profiles import PROFILE
from kada_dagster.loader.definition.sources import HttpSource
from kada_dagster.loader.errors import SourceReadError
from kada_dagster.loader.source.base import Selection
from kada_dagster.loader.source.http.paging import _linked
from kada_dagster.loader.source.registry import open_source
from kada_dagster.sandbox.web import Answer, Fault
from kada_dagster.sandbox.web.answers import in_json
from kada_dagster_tests.loader.source.landing import Landing
from kada_dagster_tests.loader.source.shop_api import SECRET, XML, ShopApi, shop


@pytest.fixture
def api() -> Iterator[ShopApi]:
    """Seven orders."""
    with shop() as made:
        yield made


def read(landing: Landing, api: ShopApi, path: str, paging: Any = None, **more: Any) -> list[Any]:
    """Load `path` into the table; gives the ids in it."""
    fields = {"path": path, "rows": "items", "paging": paging or {}, **more}
    selection = Selection(options={"http": HttpSource.model_validate(fields)})
    profile = PROFILE.validate_python({"type": "http", "url": api.url})
    into = landing.create("id int, name text")
    with open_source(profile, "shop") as source:
        landing.take(source.stream(selection, into), into)
    return [row[0] for row in landing.rows("SELECT id FROM t ORDER BY 1")]


WFS = {"rows": "member/order", "format": "xml"}
ALL = list(range(1, 8))


@pytest.mark.parametrize(
    ("path", "paging", "more", "calls"),
    [
        ("/all", {}, {"rows": None}, 1),
        ("/offset", {"type": "offset", "size": 3}, {}, 4),
        ("/offset", {"type": "offset", "size": 7}, {}, 2),
        ("/offset", {"type": "offset", "size": 3, "next": "more"}, {}, 3),
        ("/paged", {"type": "page", "size": 3, "size_param": "per_page"}, {}, 4),
        ("/cursor", {"type": "cursor", "size": 3, "next": "meta.next"}, {}, 3),
        ("/linked", {"type": "link"}, {}, 3),
        ("/linked", {"type": "link", "next": '"@odata.nextLink"'}, {}, 3),
        ("/wfs", {"type": "wfs", "size": 3}, WFS, 3),
        ("/csv", {}, {"rows": None, "format": "csv"}, 1),
    ],
)
def test_all_rows_come_once(
    landing: Landing, api: ShopApi, path: str, paging: Any, more: Any, calls: int
) -> None:
    assert read(landing, api, path, paging, **more) == ALL
    assert len(api.requests) == calls


def test_pages_that_are_smaller_than_asked_for_end_no_list(landing: Landing, api: ShopApi) -> None:
    api.most = 2
    assert read(landing, api, "/offset", {"type": "offset", "size": 5}) == ALL
    assert read(landing, api, "/wfs", {"type": "wfs", "size": 5}, **WFS) == ALL
    paging = {"type": "cursor", "size": 5, "next": "meta.next"}
    assert read(landing, api, "/cursor", paging) == ALL


def test_a_key_in_the_query_is_sent_to_addresses_that_lack_it(
    landing: Landing, api: ShopApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What else they lack stays out: APIs refuse a filter beside a place in the filtered list."""
    monkeypatch.setenv("SHOP_KEY", SECRET)
    params = {"key": "${SHOP_KEY}", "open": True}
    assert read(landing, api, "/keyed", {"type": "link"}, params=params) == ALL
    queries = [one.query for one in api.requests]
    assert [query.get("key") for query in queries] == [(SECRET,)] * 3
    assert [query.get("open") for query in queries] == [("true",), None, None]


def test_what_is_posted_says_the_page_in_its_body(landing: Landing, api: ShopApi) -> None:
    found = read(
        landing, api, "/search?word=no", {"type": "offset", "size": 4}, method="POST",
        body={"word": "order"}, params={"lang": "en", "deep": True},
    )  # fmt: skip
    assert found == ALL
    assert [one.json for one in api.requests] == [
        {"word": "order", "limit": 4, "offset": start} for start in (0, 4, 7)
    ]
    assert {one.target for one in api.requests} == {"/api/search?word=no&lang=en&deep=true"}
    assert api.requests[0].headers["content-type"] == "application/json"


def test_without_numbermatched_wfs_ends_at_an_empty_page(landing: Landing, api: ShopApi) -> None:
    api.matched = "unknown"
    assert read(landing, api, "/wfs", {"type": "wfs", "size": 3}, **WFS) == ALL
    assert len(api.requests) == 4


def test_the_first_page_and_names_of_parameters_can_be_said(landing: Landing, api: ShopApi) -> None:
    api.failures.add(Fault(answer=in_json(200, {"items": []})))
    paging = {"type": "page", "first": 0, "param": "p", "size_param": "", "size": 3}
    assert read(landing, api, "/paged", paging) == []
    assert api.requests[0].query == {"p": ("0",)}


@pytest.mark.parametrize(
    ("paging", "told"),
    [
        ({"type": "cursor", "next": "next"}, {"next": "é"}),
        ({"type": "offset", "next": "more"}, {"more": True}),
        ({"type": "wfs"}, {"numberMatched": 2}),
    ],
)
def test_pages_in_another_character_set_lead_on(
    landing: Landing, api: ShopApi, paging: Any, told: Any
) -> None:
    for number, more in ((1, told), (2, dict.fromkeys(told) | {"numberMatched": 2})):
        page = {"items": [{"id": number, "name": "é"}], **more}
        body = json.dumps(page, ensure_ascii=False).encode("latin-1")
        answer = Answer(200, body, "application/json;charset=ISO-8859-1")
        api.failures.add(Fault(answer=answer))
    assert read(landing, api, "/x", paging) == [1, 2]


LOOPS: list[tuple[str, Any, Any, str]] = [
    ("/all", {"type": "offset"}, {"rows": None}, "page 2: the same page came twice: the API does "
     "not look at offset"),
    ("/paged", {"type": "page", "param": "nr", "size_param": "per_page", "size": 3}, {},
     "the same page came twice: the API does not look at nr"),
    ("/again", {"type": "cursor", "next": "next"}, {}, "the same page token came twice"),
    ("/again", {"type": "link", "next": "link"}, {}, "the same page token came twice"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "paging", "more", "message"), LOOPS)
def test_a_list_that_goes_round_in_circles_is_an_error(
    landing: Landing, api: ShopApi, path: str, paging: Any, more: Any, message: str
) -> None:
    page = {"items": [{"id": 1, "name": "x"}], "next": "c1", "link": "again?a=1"}
    api.failures.add(Fault(path="/again", answer=in_json(200, page), times=None))
    with pytest.raises(SourceReadError, match=message):
        read(landing, api, path, paging, **more)
    assert len(api.requests) <= 3


@pytest.mark.parametrize(
    "link",
    ["http://other.example/api/x", "https://127.0.0.1/x", "ftp://127.0.0.1/x", "//x.example/"],
)
def test_a_link_to_another_host_is_refused_and_not_asked_for(
    landing: Landing, api: ShopApi, link: str
) -> None:
    answer = in_json(200, {"items": [{"id": 1, "name": "x"}], "next": link})
    api.failures.add(Fault(path="/evil", answer=answer))
    with pytest.raises(SourceReadError, match="at another host, where credentials do not go"):
        read(landing, api, "/evil", {"type": "link", "next": "next"})
    assert len(api.requests) == 1


def test_a_list_of_wfs_that_ends_too_early_is_an_error(landing: Landing, api: ShopApi) -> None:
    api.matched = "9"
    with pytest.raises(SourceReadError, match="9 rows are there, but they end after 7"):
        read(landing, api, "/wfs", {"type": "wfs", "size": 3}, **WFS)


def test_rows_that_are_returned_and_not_found_are_an_error(landing: Landing, api: ShopApi) -> None:
    more = {"rows": "member/nothing", "format": "xml"}
    with pytest.raises(SourceReadError, match="says that it has 3 rows, but 0 were found"):
        read(landing, api, "/wfs", {"type": "wfs", "size": 3}, **more)


def test_an_exception_of_ogc_with_status_200_is_an_error(landing: Landing, api: ShopApi) -> None:
    report = (
        '<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1"><ows:Exception '
        'exceptionCode="InvalidParameterValue"><ows:ExceptionText>Jane</ows:ExceptionText>'
        "</ows:Exception></ows:ExceptionReport>"
    )
    api.failures.add(Fault(answer=Answer(200, report.encode(), XML), times=None))
    for paging in ({"type": "wfs"}, {}):
        with pytest.raises(SourceReadError, match="refuses: InvalidParameterValue") as caught:
            read(landing, api, "/wfs", paging, **WFS)
        assert "Jane" not in str(caught.value)


@pytest.mark.parametrize(
    ("page", "paging", "message"),
    [
        ({"items": [{"id": 1}], "next": {"a": 1}}, {"type": "cursor", "next": "next"},
         "a cursor that is neither text nor number"),
        ({"items": [{"id": 1}], "next": 5}, {"type": "link", "next": "next"},
         "an address of the next page that is no text"),
        ({"items": [], "next": True}, {"type": "offset", "next": "next"},
         "an empty page that says that there is more"),
        ({"data": []}, {"type": "offset"}, "rows: items finds nothing; the document has data"),
    ],
)  # fmt: skip
def test_a_page_that_does_not_say_what_it_should_is_an_error(
    landing: Landing, api: ShopApi, page: Any, paging: Any, message: str
) -> None:
    api.failures.add(Fault(answer=in_json(200, page), times=None))
    with pytest.raises(SourceReadError, match=f"shop: /x, page 1: {message}"):
        read(landing, api, "/x", paging)


def test_a_false_cursor_ends_the_list(landing: Landing, api: ShopApi) -> None:
    page = {"items": [{"id": 1, "name": "x"}], "more": False}
    api.failures.add(Fault(answer=in_json(200, page)))
    paging = {"type": "cursor", "next": "more && items[-1].id"}
    assert read(landing, api, "/x", paging) == [1]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"paging": {"type": "cursor"}}, "next: is required for cursors"),
        ({"paging": {"type": "wfs", "next": "x"}}, "next: is not for paging of type wfs"),
        ({"paging": {"type": "link", "next": "x"}, "format": "xml"}, "it reads JSON only"),
        ({"paging": {"type": "wfs"}, "format": "csv"}, "XML and JSON only"),
        ({"body": {"a": 1}}, "body: is sent with method: POST only"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(fields: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        HttpSource.model_validate({"path": "/x", **fields})


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('<https://a/x?p=2>; rel="next"', "https://a/x?p=2"),
        ("<a,b>; rel=prev; title=\"x, y\", <c>; title=z; rel='next'", ""),
        ('<a>; rel="prev next"', "a"),
        ('<a>; rel=last, </b?x=1,2>; rel=next; type="t"', "/b?x=1,2"),
        ('<a>; rel="nextpage"', ""),
        ("", ""),
    ],
)
def test_the_next_page_is_found_in_a_header_link(header: str, expected: str) -> None:
    assert _linked(header) == expected


@pytest.mark.timeout(15)  # it took minutes
def test_a_header_link_of_any_form_is_read() -> None:
    for header in ("<" * 60_000, "<>" + ";a=b" * 10_000, "<>;a=" + " " * 30_000, "<>; rel" * 5_000):
        assert _linked(header) == ""
