"""What goes wrong with an API: what passes is tried again, what does not is an error, typed."""

from __future__ import annotations

import gzip
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest

from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.profiles import PROFILE
from kada_dagster.loader.definition.sources import HttpSource
from kada_dagster.loader.errors import (
    LoaderError,
    NotSupportedError,
    SourceDeniedError,
    SourceLostError,
    SourceReadError,
)
from kada_dagster.loader.source.base import Bound, Selection
from kada_dagster.loader.source.http.source import ApiSource
from kada_dagster.loader.source.registry import open_source
from kada_dagster.sandbox.web import Answer, Fault
from kada_dagster.sandbox.web.answers import HTML, SIGN_IN, in_json
from kada_dagster.sandbox.web.faults import HANG
from kada_dagster_tests.api.manual_clock import ManualClock
from kada_dagster_tests.loader.source.landing import Landing
from kada_dagster_tests.loader.source.shop_api import CSV, SECRET, ShopApi, patient, shop

PAGED = {"path": "/offset", "rows": "items", "paging": {"type": "offset", "size": 3}}
ALL = [(i,) for i in range(1, 8)]


@pytest.fixture
def api() -> Iterator[ShopApi]:
    """Seven orders."""
    with shop() as made:
        yield made


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """Waits take no time; the variables are set."""
    made = ManualClock()
    monkeypatch.setattr("kada_dagster.loader.source.http.client.shared_budget", patient(made))
    monkeypatch.setenv("SHOP_SECRET", SECRET)
    monkeypatch.setenv("SHOP_TOKEN", "fixed-token")
    monkeypatch.setenv("SHOP_BROKEN", "fixed-token\n")
    return made


@contextmanager
def opened(api: ShopApi, **profile: Any) -> Iterator[ApiSource]:
    fields = {"type": "http", "url": api.url, **profile}
    with open_source(PROFILE.validate_python(fields), "shop") as source:
        assert isinstance(source, ApiSource)
        yield source


def selection(**fields: Any) -> Selection:
    return Selection(options={"http": HttpSource.model_validate(fields)})


def load(landing: Landing, api: ShopApi, wanted: Selection, **profile: Any) -> list[Any]:
    into = landing.create("id int, name text")
    with opened(api, **profile) as source:
        landing.take(source.stream(wanted, into), into)
    return landing.rows("SELECT id FROM t ORDER BY 1")


TOO_MANY = in_json(429, {"message": "slow down"}, Retry_After="7")
CUT_GZIP = Answer(200, gzip.compress(b'{"items": []}')[:-9], headers={"Content-Encoding": "gzip"})


@pytest.mark.parametrize(
    "fault",
    [
        Fault(answer=TOO_MANY, after=1),
        Fault(answer=Answer(500, b"oops"), after=2),
        Fault(answer=Answer(503, b"<html>busy</html>", HTML)),
        Fault(sent=0.5, after=1),
        Fault(sent=-1, after=1),
        Fault(answer=CUT_GZIP, after=1),
    ],
    ids=["429", "500", "503", "cut in the body", "closed", "cut gzip"],
)
def test_what_passes_is_tried_again(landing: Landing, api: ShopApi, fault: Fault) -> None:
    api.failures.add(fault)
    assert load(landing, api, selection(**PAGED)) == ALL
    assert len(api.requests) == 5


def test_retry_after_is_waited_for(landing: Landing, api: ShopApi, clock: ManualClock) -> None:
    api.failures.add(Fault(answer=TOO_MANY))
    assert load(landing, api, selection(**PAGED)) == ALL
    assert 7 <= clock.slept < 8


def test_a_server_that_says_nothing_is_asked_again(landing: Landing, api: ShopApi) -> None:
    api.failures.add(Fault(delay=HANG))
    assert load(landing, api, selection(path="/all", timeout=1)) == ALL


def test_a_retry_after_of_hours_ends_the_load_at_once(landing: Landing, api: ShopApi) -> None:
    api.failures.add(Fault(answer=in_json(429, {}, Retry_After="7200"), times=None))
    with pytest.raises(SourceLostError, match=r"429.*\(in 7200 s, it says\).*run again") as caught:
        load(landing, api, selection(**PAGED))
    assert caught.value.transient
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    ("fault", "kind", "message"),
    [
        (Fault(answer=Answer(500, b"oops")), SourceLostError, r"GET /offset \(page 1\) was an"),
        (Fault(sent=0.5), SourceLostError, "got no answer after 7 attempts"),
        (Fault(answer=CUT_GZIP), SourceLostError, "a packed answer without an end"),
        (Fault(answer=in_json(403, {"message": "no"})), SourceDeniedError, "403: no; give the key"),
        (Fault(answer=in_json(404, {})), SourceReadError, "404"),
        (Fault(answer=in_json(400, {"message": "bad word"})), SourceReadError, "400: bad word"),
        (Fault(answer=SIGN_IN), SourceReadError,
         "shop: /offset, page 1: an HTML page instead of json; check path, parameters and login"),
        (Fault(answer=Answer(200, b"  <!DOCTYPE HTML><title>Log in</title>")), SourceReadError,
         "an HTML page: Log in instead of json"),
        (Fault(answer=Answer(200, b'{"items": [{"id": 1')), SourceReadError, "this is no JSON"),
        (Fault(answer=Answer(200, b"<a/>", "text/xml")), SourceReadError, "this is no JSON"),
    ],
)  # fmt: skip
def test_what_does_not_pass_is_an_error_that_says_what_to_do(
    landing: Landing, api: ShopApi, fault: Fault, kind: type[LoaderError], message: str
) -> None:
    fault.times = None
    api.failures.add(fault)
    with pytest.raises(kind, match=message):
        load(landing, api, selection(**PAGED))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (SIGN_IN, "an HTML page instead of csv"),
        (Answer(200, b"Please wait", HTML), "Please wait instead of csv"),
        (in_json(200, {"error": "no such report"}), "it is json instead of csv"),
        (Answer(200, b" <error/>", "text/csv"), "it is xml instead of csv"),
    ],
)
def test_what_would_pass_for_csv_is_refused(
    landing: Landing, api: ShopApi, answer: Answer, message: str
) -> None:
    api.failures.add(Fault(answer=answer))
    with pytest.raises(SourceReadError, match=message):
        load(landing, api, selection(path="/csv", format="csv"))


def test_a_server_that_is_not_there_can_be_tried_again(landing: Landing, api: ShopApi) -> None:
    with pytest.raises(SourceLostError, match="got no answer after 7 attempts"):
        load(landing, api, selection(**PAGED), url="http://127.0.0.1:1")


def test_a_redirect_on_the_same_host_is_followed(landing: Landing, api: ShopApi) -> None:
    auth = {"type": "bearer", "token": "${SHOP_TOKEN}"}
    assert load(landing, api, selection(path="/private/moved"), auth=auth) == ALL


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_credentials_follow_no_redirect_to_another_host(
    landing: Landing, api: ShopApi, method: str
) -> None:
    with shop() as other:
        api.failures.add(Fault(answer=Answer(307, headers={"Location": f"{other.url}/all"})))
        with pytest.raises(SourceReadError, match="where credentials do not go"):
            load(landing, api, selection(path="/all", method=method))
        assert other.requests == []


def test_what_is_posted_follows_no_redirect(landing: Landing, api: ShopApi) -> None:
    with pytest.raises(SourceReadError, match="what is sent does not go along"):
        load(landing, api, selection(path="/moved", method="POST"))
    assert len(api.requests) == 1


def test_an_empty_list_and_no_content_have_no_rows(landing: Landing, api: ShopApi) -> None:
    for answer in (in_json(200, []), Answer(204, content_type=""), Answer(200, b" ")):
        api.failures.add(Fault(path="/none", answer=answer))
        assert load(landing, api, selection(path="/none")) == []


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/offset", PAGED),
        ("/cursor", {"paging": {"type": "cursor", "size": 3, "next": "meta.next"}}),
        ("/linked", {"paging": {"type": "link"}}),
        ("/wfs", {"paging": {"type": "wfs", "size": 3}, "rows": "member/order", "format": "xml"}),
        ("/csv", {"paging": {"type": "page"}, "rows": None, "format": "csv"}),
    ],
)
@pytest.mark.parametrize("after", [0, 1])
def test_nothing_is_no_page_of_a_list(
    landing: Landing, api: ShopApi, path: str, fields: Any, after: int
) -> None:
    api.failures.add(Fault(answer=Answer(200, b"", content_type=""), after=after, times=None))
    message = f"{path}, page {after + 1}: the body is empty, though the status is 200"
    with pytest.raises(SourceReadError, match=message):
        load(landing, api, selection(**{"rows": "items", **fields, "path": path}))


def test_no_content_ends_a_list(landing: Landing, api: ShopApi) -> None:
    api.failures.add(Fault(answer=Answer(204, content_type=""), after=1))
    assert load(landing, api, selection(**PAGED)) == ALL[:3]


def test_an_empty_line_is_a_page_of_csv_without_rows(landing: Landing, api: ShopApi) -> None:
    api.failures.add(Fault(answer=Answer(200, b"\n", CSV), after=1))
    wanted = selection(path="/csv", format="csv", paging={"type": "offset"})
    assert load(landing, api, wanted) == ALL


@pytest.mark.parametrize(
    "auth",
    [
        {"type": "basic", "username": "loader", "password": "${SHOP_SECRET}"},
        {"type": "bearer", "token": "${SHOP_TOKEN}"},
    ],
)
def test_requests_are_signed(landing: Landing, api: ShopApi, auth: Any) -> None:
    wanted = selection(path="/private/all")
    assert load(landing, api, wanted, auth=auth) == ALL
    with pytest.raises(SourceDeniedError, match="401"):
        load(landing, api, wanted)


def oauth(api: ShopApi, **more: Any) -> dict[str, Any]:
    return {
        "type": "oauth2", "token_url": f"{api.url}/token", "client_id": "loader",
        "client_secret": "${SHOP_SECRET}", "scope": "orders read", **more,
    }  # fmt: skip


def test_a_token_is_asked_for_once(landing: Landing, api: ShopApi) -> None:
    wanted = selection(**{**PAGED, "path": "/private/offset"})
    assert load(landing, api, wanted, auth=oauth(api)) == ALL
    assert [body for _, body in api.asked] == [b"grant_type=client_credentials&scope=orders+read"]
    token = next(one for one in api.requests if one.path == "/token")
    assert token.headers["content-type"] == "application/x-www-form-urlencoded"


def test_a_token_that_is_refused_is_replaced_and_the_list_goes_on(
    landing: Landing, api: ShopApi
) -> None:
    api.uses = 2
    wanted = selection(**{**PAGED, "path": "/private/offset"})
    assert load(landing, api, wanted, auth=oauth(api)) == ALL
    assert len(api.tokens) == 2


def test_a_token_is_not_used_to_its_very_end(landing: Landing, api: ShopApi) -> None:
    api.lifetime = 0
    wanted = selection(**{**PAGED, "path": "/private/offset"})
    assert load(landing, api, wanted, auth=oauth(api)) == ALL
    assert len(api.tokens) == 4
    assert not [one for one in api.requests if one.status == 401]


def test_a_second_refusal_in_a_row_is_an_error(landing: Landing, api: ShopApi) -> None:
    api.uses = 0
    with pytest.raises(SourceDeniedError, match="401"):
        load(landing, api, selection(path="/private/all"), auth=oauth(api))
    assert len(api.tokens) == 2


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (
            in_json(401, {"error": "invalid_client"}),
            SourceDeniedError,
            "POST token_url was answered",
        ),
        (in_json(200, {"token": "x"}), SourceReadError, "no access_token in it; check token_url"),
        (Answer(302, headers={"Location": "/x"}), SourceReadError, "no access_token"),
        (SIGN_IN, SourceReadError, "no access_token"),
    ],
)
def test_a_token_that_is_not_given_is_an_error(
    landing: Landing, api: ShopApi, answer: Answer, kind: type[LoaderError], message: str
) -> None:
    api.failures.add(Fault(path="/token", answer=answer, times=None))
    with pytest.raises(kind, match=message):
        load(landing, api, selection(path="/private/all"), auth=oauth(api))


def test_no_secret_is_in_any_message_or_log(
    landing: Landing, api: ShopApi, caplog: pytest.LogCaptureFixture, monkeypatch: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("SHOP_WRONG", f"wrong {SECRET}")
    messages: list[str] = []

    def echo(request: Any) -> Answer:
        told = {**request.headers, "target": request.target, "body": request.body.decode()}
        bare = [value.split()[-1].split(":")[-1] for value in request.headers.values()]
        return in_json(400, {"message": f"{told} {bare}"[-150:]})

    profiles: list[dict[str, Any]] = [
        {"auth": {"type": "basic", "username": "u", "password": "${SHOP_WRONG}"}},
        {"auth": oauth(api, client_secret="${SHOP_WRONG}")},
        {"auth": oauth(api)},
        {"auth": {"type": "bearer", "token": "${SHOP_TOKEN}"}},
        {"headers": {"X-Api-Key": "${SHOP_TOKEN}"}},
        {"headers": {"X-Api-Key": "Key ${SHOP_TOKEN}"}},
        {"auth": {"type": "bearer", "token": "key:${SHOP_TOKEN}"}},
    ]
    api.uses = 0  # what is refused is repeated by the API
    for profile in profiles[:3]:
        with pytest.raises(SourceDeniedError, match="401") as denied:
            load(landing, api, selection(path="/private/all"), **profile)
        messages.append(str(denied.value))
    api.failures.add(Fault(path="/echo|/all", answer=echo, times=None))
    for profile in profiles:
        for path in ("/private/echo", "/all"):
            with pytest.raises(LoaderError) as caught:
                load(landing, api, selection(path=path), **profile)
            messages.append(str(caught.value))
    shown = "\n".join(messages) + caplog.text
    assert "***" in shown
    hidden = (SECRET, "s3cr", "fixed-token", "token-1", "token-2", "bG9hZGVy", "dTp3cm9uZ")
    assert not [word for word in hidden if word in shown]


def test_headers_of_profile_and_task_are_sent(landing: Landing, api: ShopApi) -> None:
    wanted = selection(path="/all", headers={"X-Task": "1"})
    headers = {"X-Api-Key": "${SHOP_TOKEN}", "X-Plain": "2"}
    assert load(landing, api, wanted, headers=headers) == ALL
    sent = api.requests[0].headers
    assert (sent["x-api-key"], sent["x-plain"], sent["x-task"]) == ("fixed-token", "2", "1")
    assert sent["user-agent"].startswith("kada_dagster/")


def test_columns_are_told_of_all_rows_and_read_once(landing: Landing, api: ShopApi) -> None:
    api.orders[6] |= {"price": 1.50, "at": "2026-01-02T03:04:05Z"}
    with opened(api) as source:
        found = source.columns(selection(**PAGED))
        assert [(c.name, c.target_type) for c in found] == [
            ("id", "bigint"),
            ("name", "text"),
            ("price", "numeric"),
            ("at", "timestamp with time zone"),
        ]
        assert source.count(selection(**PAGED)) == 7
        assert landing.load(source, selection(**PAGED)) == 7
    assert len(api.requests) == 4


def test_a_value_that_does_not_fit_is_told_with_page_and_row(
    landing: Landing, api: ShopApi
) -> None:
    api.orders[4]["name"] = {"a": 1}
    into = landing.create("id int, name bytea")
    api.orders = api.orders[3:]
    with (
        opened(api) as source,
        pytest.raises(SourceReadError, match="shop: /offset: page 1, row 1, column name: a text"),
    ):
        landing.take(source.stream(selection(**PAGED), into), into)


def test_rows_go_on_before_the_last_page_is_asked_for(landing: Landing) -> None:
    into = landing.create("id int, name text")
    asked: list[int] = []
    with shop(2_000) as api, opened(api) as source:

        class Sink:
            def write(self, data: bytes, /) -> int:
                asked.append(len(api.requests))
                return len(data)

        paging = {"type": "offset", "size": 100}
        source.stream(selection(**{**PAGED, "paging": paging}), into).write(Sink())
    assert asked == [5, 10, 15, 20]


@pytest.mark.parametrize(
    ("body", "charset", "message"),
    [
        (b"id,name\n1,a\n2\n", "utf-8", "the answer, row 2: 1 values, but 2 columns"),
        (b"id,id\n1,2\n", "utf-8", "the first row does not name every column once"),
        (b"id,name\n1,\xff\n", "utf-8", "UTF-8"),
        (b"id,name\n1,a\n", "nonsense-1", "no character set nonsense-1 is known"),
    ],
)
def test_a_csv_that_is_none_is_an_error(
    landing: Landing, api: ShopApi, body: bytes, charset: str, message: str
) -> None:
    answer = Answer(200, body, f"text/csv; charset={charset}")
    api.failures.add(Fault(answer=answer, times=None))
    with pytest.raises(SourceReadError, match=message):
        load(landing, api, selection(path="/csv", format="csv"))


def test_a_csv_in_another_character_set_is_read(landing: Landing, api: ShopApi) -> None:
    body = 'id;name\n1;"é;\n""x"""\n2;\n'.encode("latin-1")
    api.failures.add(Fault(answer=Answer(200, body, "text/csv; charset=ISO-8859-1")))
    load(landing, api, selection(path="/csv", format="csv", delimiter=";"))
    assert landing.rows("SELECT * FROM t ORDER BY id") == [(1, 'é;\n"x"'), (2, None)]


def test_a_mark_of_utf8_before_an_answer_is_none_of_its_text(
    landing: Landing, api: ShopApi
) -> None:
    for kind, body in (("csv", b"id,name\n1,a\n"), ("json", b'{"id": 1, "name": "a"}')):
        answer = Answer(200, b"\xef\xbb\xbf" + body, content_type="")
        api.failures.add(Fault(answer=answer))
        load(landing, api, selection(path="/x", format=kind))
        assert landing.rows("SELECT * FROM t") == [(1, "a")]


def test_what_an_api_cannot_tell_is_not_supported(api: ShopApi) -> None:
    bounded = Selection(options=selection(path="/all").options, bounds=(Bound("id", 1),))
    with opened(api) as source:
        with pytest.raises(NotSupportedError, match="use mode: http"):
            source.columns(bounded)
        with pytest.raises(NotSupportedError):
            source.tables(None)
        with pytest.raises(ConfigError, match=r"give source\.http"):
            source.columns(Selection(table=("t",)))


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ({"url": "shop.example"}, r"connections\.yaml: shop\.url: an address such as"),
        ({"url": "https://u@shop.example"}, r"shop\.url: take the credentials out"),
        ({"url": "${NOT_SET_AT_ALL}"}, "NOT_SET_AT_ALL is not set"),
        ({"headers": {"X-Key": "${SHOP_BROKEN}"}}, r"shop\.headers\.X-Key: it is empty, or holds"),
        ({"auth": {"type": "bearer", "token": "${NOT_SET_AT_ALL}"}}, r"shop\.auth\.token: "),
        ({"auth": {"type": "oauth2", "token_url": "x", "client_id": "a",
                   "client_secret": "${SHOP_SECRET}"}}, r"shop\.auth\.token_url: an address"),
    ],
)  # fmt: skip
def test_a_profile_that_cannot_be_used_is_an_error_of_the_configuration(
    api: ShopApi, profile: Any, message: str
) -> None:
    with opened(api, **profile) as source, pytest.raises(ConfigError, match=message):
        source.columns(selection(path="/all"))


def test_a_load_that_waits_is_broken_off_at_once(
    landing: Landing, api: ShopApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # real waits
    monkeypatch.setenv("SHOP_SECRET", SECRET)
    api.failures.add(Fault(answer=in_json(429, {}, Retry_After="200"), times=None, after=1))
    into = landing.create("id int, name text")
    with opened(api) as source:
        stream = source.stream(selection(**PAGED), into)
        timer = threading.Timer(0.2, stream.cancel)
        timer.start()
        with pytest.raises(SourceReadError, match="stopped"):
            landing.take(stream, into)
        timer.join()
    assert len(api.requests) == 2


def test_secrets_of_a_task_are_sent_and_shown_by_nothing(landing: Landing, api: ShopApi) -> None:
    api.failures.add(Fault(answer=in_json(400, {"message": f"no {SECRET} {quote(SECRET)}"})))
    wanted = selection(
        path="/search",
        method="POST",
        params={"api_key": "${SHOP_SECRET}"},
        body={"login": [{"password": "a ${SHOP_SECRET}"}]},
    )
    with pytest.raises(SourceReadError, match=r"400: no \*\*\* \*\*\*"):
        load(landing, api, wanted)
    request = api.requests[-1]
    assert request.query["api_key"] == (SECRET,)
    assert request.json == {"login": [{"password": f"a {SECRET}"}]}


def test_a_variable_of_a_task_that_is_not_set_is_named(landing: Landing, api: ShopApi) -> None:
    wanted = selection(path="/x", method="POST", body={"a": {"secret": "${SHOP_NOT_SET}"}})
    with pytest.raises(
        ConfigError, match=r"shop: source\.http\.body\.a\.secret: .* SHOP_NOT_SET is not set"
    ):
        load(landing, api, wanted)
    assert api.requests == []
