"""Lists in pages: every item once, and an end to every list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.api.errors import ApiError, ApiUnavailableError
from kada_dagster.api.pages import MOST_BARREN
from kada_dagster.api.paging import CursorPaging, OffsetPaging, Paging, PagingError, TokenPaging
from kada_dagster_tests.api.clients import client
from kada_dagster_tests.api.http_server import HttpServer, Reply, Seen, reply


def rows(count: int, start: int = 0) -> list[dict[str, Any]]:
    return [{"id": number} for number in range(start, start + count)]


def read(paging: Paging, respond: Callable[[Seen], Reply]) -> tuple[list[dict[str, Any]], int]:
    """All items, and the calls they took."""
    with HttpServer(respond) as server, client(server.url) as api:
        return list(api.items("/list", paging)), api.calls


def by_token(items: list[Any], *, empty: Reply | None = None) -> Callable[[Seen], Reply]:
    """Hevo's classic lists."""

    def respond(seen: Seen) -> Reply:
        start, limit = int(seen.query.get("starting_after", "t0")[1:]), int(seen.query["limit"])
        page = items[start : start + limit]
        if not page and empty:
            return empty
        more = {"pagination": {"starting_after": f"t{start + limit}", "count": len(page)}}
        return reply({"data": page, **(more if start + limit < len(items) else {})})

    return respond


def by_cursor(items: list[Any], *, says_more: bool = True) -> Callable[[Seen], Reply]:
    """Hevo Edge's lists."""

    def respond(seen: Seen) -> Reply:
        start, limit = int(seen.query.get("cursor", "0")), int(seen.query["limit"])
        more = start + limit < len(items)
        fields = {"has_more": more} if says_more else {}
        cursor = str(start + limit) if more else None
        return reply({"data": items[start : start + limit], "next_cursor": cursor, **fields})

    return respond


def by_offset(items: list[Any], *, says_more: bool = True) -> Callable[[Seen], Reply]:
    """Hightouch's lists."""

    def respond(seen: Seen) -> Reply:
        start, limit = int(seen.query["offset"]), int(seen.query["limit"])
        fields = {"hasMore": start + limit < len(items)} if says_more else {}
        return reply({"data": items[start : start + limit], **fields})

    return respond


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 20, 95])
def test_every_way_of_paging_reads_every_item_with_the_fewest_calls(count: int) -> None:
    fewest = max(1, -(-count // 10))
    for paging, respond in [
        (TokenPaging(limit=10), by_token(rows(count))),
        (CursorPaging(limit=10), by_cursor(rows(count))),
        (CursorPaging(limit=10), by_cursor(rows(count), says_more=False)),
        (OffsetPaging(limit=10), by_offset(rows(count))),
    ]:
        assert read(paging, respond) == (rows(count), fewest)
    full_at_the_end = count > 0 and count % 10 == 0
    unsaid = by_offset(rows(count), says_more=False)
    assert read(OffsetPaging(limit=10), unsaid) == (rows(count), fewest + full_at_the_end)


def test_the_parameters_of_a_list_go_with_every_page() -> None:
    with HttpServer(by_token(rows(25))) as server, client(server.url) as api:
        list(api.items("/list", TokenPaging(limit=10), {"statuses": "ACTIVE"}))
    assert [seen.query.get("statuses") for seen in server.seen] == ["ACTIVE"] * 3
    assert "starting_after" not in server.seen[0].query


def test_a_page_is_asked_for_when_the_one_before_is_used_up() -> None:
    with HttpServer(by_token(rows(100))) as server, client(server.url) as api:
        items = api.items("/list", TokenPaging(limit=10))
        for _ in range(10):
            next(items)
        assert api.calls == 1
        next(items)
        assert api.calls == 2


def test_an_empty_list_may_be_no_content() -> None:
    for paging in (TokenPaging(), CursorPaging(), OffsetPaging()):
        assert read(paging, lambda seen: Reply(status=204)) == ([], 1)
        assert read(paging, lambda seen: reply({"data": None})) == ([], 1)


def test_fivetrans_envelope_is_read() -> None:
    pages = {
        "": {"code": "Success", "data": {"items": [{"id": "a"}], "next_cursor": "x"}},
        "x": {"code": "Success", "data": {"items": [{"id": "b"}]}},
    }
    paging = CursorPaging(within="data", rows="items")
    found = read(paging, lambda seen: reply(pages[seen.query.get("cursor", "")]))
    assert found == ([{"id": "a"}, {"id": "b"}], 2)


def test_bare_texts_are_names_and_nulls_are_nothing() -> None:
    assert read(TokenPaging(), by_token(["a", None, {"name": "b"}]))[0] == [
        {"name": "a"},
        {"name": "b"},
    ]


@pytest.mark.parametrize("page", [{"items": []}, {}, {"data": 7}, {"data": [7]}, "text", 7, True])
@pytest.mark.parametrize("paging", [TokenPaging(), CursorPaging(), OffsetPaging()])
def test_what_is_no_page_is_an_error(page: Any, paging: Paging) -> None:
    with pytest.raises(ApiError, match="Sample: GET /list"):
        read(paging, lambda seen: reply(page))


@pytest.mark.parametrize("holder", [None, {}, [], "x", {"starting_after": None}])
def test_a_page_without_a_token_is_the_last(holder: Any) -> None:
    page = {"data": rows(2), "pagination": holder}
    assert read(TokenPaging(), lambda seen: reply(page)) == (rows(2), 1)


def test_more_to_come_without_a_cursor_is_the_end_and_so_is_no_more_with_one() -> None:
    page = {"data": rows(2), "has_more": True, "next_cursor": None}
    assert read(CursorPaging(), lambda seen: reply(page)) == (rows(2), 1)
    page = {"data": rows(2), "has_more": False, "next_cursor": "x"}
    assert read(CursorPaging(), lambda seen: reply(page)) == (rows(2), 1)


@pytest.mark.parametrize("token", [{}, [1], True, 1.5])
def test_a_token_that_is_none_is_an_error(token: Any) -> None:
    page = {"data": rows(2), "pagination": {"starting_after": token}}
    with pytest.raises(ApiError, match="page token that is no text"):
        read(TokenPaging(), lambda seen: reply(page))


def test_the_same_token_twice_is_an_error_and_not_a_loop() -> None:
    def respond(seen: Seen) -> Reply:
        token = ("a", "b", "a")[min(seen.number, 2)]
        more = {"pagination": {"starting_after": token}, "has_more": True, "next_cursor": token}
        return reply({"data": rows(2, seen.number * 2), **more})

    for paging in (TokenPaging(), CursorPaging()):
        with pytest.raises(ApiError, match="same page token came twice"):
            read(paging, respond)


def test_the_same_items_under_ever_new_tokens_are_an_error() -> None:
    def respond(seen: Seen) -> Reply:
        more = {"has_more": True, "next_cursor": f"c{seen.number}"}
        return reply({"data": rows(5, seen.number % 3 * 5), **more})

    with pytest.raises(ApiError, match="same page came twice"):
        read(CursorPaging(), respond)


def test_empty_pages_that_promise_more_are_passed_over_but_not_for_ever() -> None:
    def filtered(seen: Seen) -> Reply:
        last = seen.number == MOST_BARREN
        fields = {"has_more": not last, "next_cursor": f"c{seen.number}"}
        return reply({"data": rows(1) if last else [], **fields})

    assert read(CursorPaging(), filtered) == (rows(1), MOST_BARREN + 1)

    def endless(seen: Seen) -> Reply:
        return reply({"data": [], "has_more": True, "next_cursor": f"c{seen.number}"})

    with pytest.raises(ApiError, match="nothing new, and no end"):
        read(CursorPaging(), endless)


def test_a_server_that_ignores_the_offset_is_an_error_and_not_a_loop() -> None:
    for more in ({"hasMore": True}, {}):
        page = {"data": rows(10), **more}
        with pytest.raises(ApiError, match="nothing new"):
            read(OffsetPaging(limit=10), lambda seen, page=page: reply(page))


def test_an_empty_page_ends_an_offset_list_whatever_it_says() -> None:
    def respond(seen: Seen) -> Reply:
        start = int(seen.query["offset"])
        return reply({"data": rows(25)[start : start + 10], "hasMore": True})

    assert read(OffsetPaging(limit=10), respond) == (rows(25), 4)


def test_short_pages_that_promise_more_are_not_the_end() -> None:
    def respond(seen: Seen) -> Reply:
        start = int(seen.query["offset"])
        return reply({"data": rows(25)[start : start + 7], "hasMore": start + 7 < 25})

    assert read(OffsetPaging(limit=10), respond) == (rows(25), 4)


def test_an_offset_list_without_ids_is_told_apart_by_all_its_fields() -> None:
    items = [{"name": f"n{number}"} for number in range(25)]
    assert read(OffsetPaging(limit=10), by_offset(items)) == (items, 3)


def test_one_more_a_page_pays_for_the_overlap() -> None:
    for count in (0, 1, 100, 101, 1000, 9999, 10_000):
        found = read(OffsetPaging(limit=101, overlap=1), by_offset(rows(count)))
        assert found[0] == rows(count)
        assert found[1] <= max(1, -(-count // 100))


def test_a_server_that_hands_out_fewer_than_asked_for_loses_nothing() -> None:
    def respond(seen: Seen) -> Reply:
        start = int(seen.query["offset"])
        return reply({"data": rows(350)[start : start + min(int(seen.query["limit"]), 100)]})

    assert read(OffsetPaging(limit=101, overlap=1), respond)[0] == rows(350)


Change = tuple[int, list[int], int]


@given(
    st.integers(0, 60),
    st.integers(2, 9),
    st.lists(st.tuples(st.integers(0, 20), st.lists(st.integers(0, 80), max_size=6),
                       st.integers(0, 3)), max_size=4),
    st.booleans(),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_what_is_there_all_the_time_is_read_once_though_the_list_changes(
    count: int, limit: int, changes: list[Change], says_more: bool
) -> None:
    """Between two pages items go, from anywhere, and others come at the end."""
    items, after = list(range(count)), count
    stable = set(items) - {gone for _, gone_ones, _ in changes for gone in gone_ones}
    page_number = 0

    def fetch(query: Any) -> Any:
        nonlocal items, after, page_number
        for when, gone, come in changes:
            if when == page_number:
                items = [item for item in items if item not in gone] + list(
                    range(after, after + come)
                )
                after += come
        page_number += 1
        start, size = query["offset"], query["limit"]
        fields = {"hasMore": start + size < len(items)} if says_more else {}
        return {"data": [{"id": item} for item in items[start : start + size]], **fields}

    pages = OffsetPaging(limit=limit, overlap=1).pages(fetch)
    read_ids = [item["id"] for page in pages for item in page]
    assert len(read_ids) == len(set(read_ids))
    assert stable <= set(read_ids)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_whatever_pages_hold_reading_ends_in_items_or_a_paging_error(data: st.DataObject) -> None:
    scalars = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", "a", "b"])
    values = st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "pagination", "starting_after", "id", "hasMore", "has_more",
                             "next_cursor"]),
            inner,
            max_size=4,
        ),
        max_leaves=12,
    )  # fmt: skip
    answers = data.draw(st.lists(values, min_size=1, max_size=5))
    paging = data.draw(
        st.sampled_from([TokenPaging(), CursorPaging(), OffsetPaging(2), OffsetPaging(2, 1)])
    )
    asked = 0

    def fetch(query: Any) -> Any:
        nonlocal asked
        asked += 1
        assert asked < 1000
        return answers[asked % len(answers)]

    items: Iterable[Any] = []
    try:
        items = [item for page in paging.pages(fetch) for item in page]
    except PagingError:
        return
    assert all(isinstance(item, dict) for item in items)


def test_an_error_in_the_middle_of_a_list_is_an_error_and_not_its_end() -> None:
    def respond(seen: Seen) -> Reply:
        return by_token(rows(30))(seen) if seen.number < 2 else reply({}, 500)

    with pytest.raises(ApiUnavailableError):
        read(TokenPaging(limit=10), respond)
