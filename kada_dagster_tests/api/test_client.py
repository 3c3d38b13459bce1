"""One call: what is sent, what comes back, and which error stands for which failure."""

from __future__ import annotations

import email.utils
import gzip
import json
import logging
import socket
import struct
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from kada_dagster.api.address import segment
from kada_dagster.api.auth import BasicAuth, BearerAuth
from kada_dagster.api.budget import RateBudget
from kada_dagster.api.errors import (
    ApiCallError,
    ApiError,
    ApiForbiddenError,
    ApiNotFoundError,
    ApiUnauthorizedError,
    ApiUnavailableError,
)
from kada_dagster.api.retrying import Retries
from kada_dagster.errors import (
    ConfigError,
    ConnectionFailedError,
    ExtractError,
    PermissionDeniedError,
)
from kada_dagster.secrets import Secret
from kada_dagster_tests.api.clients import client, plenty, served
from kada_dagster_tests.api.http_server import HttpServer, Reply, Seen, reply
from kada_dagster_tests.api.manual_clock import ManualClock

TOKEN = "s3cr3t/+token"


def bearer() -> BearerAuth:
    return BearerAuth(Secret(value=TOKEN))


def always(answer: Reply) -> Callable[[Seen], Reply]:
    return lambda seen: answer


def in_turn(*answers: Reply) -> Callable[[Seen], Reply]:
    """The first request gets the first answer; the last answer stays."""
    return lambda seen: answers[min(seen.number, len(answers) - 1)]


def hung_up(sent: bytes, *, reset: bool = False) -> Reply:
    """Bytes, then the end of the connection, or its reset."""

    def write(connection: socket.socket) -> None:
        connection.sendall(sent)
        if reset:
            time.sleep(0.05)  # a reset overtakes what is still on its way
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        else:
            connection.shutdown(socket.SHUT_RDWR)

    return Reply(raw=write)


def failed(answer: Reply, path: str = "/things") -> ApiCallError:
    """The error that this answer, whenever asked, ends in; shows no credential anywhere."""
    with HttpServer(always(answer)) as server, client(server.url, bearer()) as api:
        with pytest.raises(ApiCallError) as caught:
            api.get(path)
        shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
        assert TOKEN not in shown
        return caught.value


def test_json_comes_back_parsed_and_only_get_is_sent() -> None:
    answer = always(reply({"a": [1, None, "ü"]}))
    with HttpServer(answer) as server, client(server.url + "/v1/", bearer()) as api:
        assert api.get("/things", {"limit": 100, "name": "a b&c"}) == {"a": [1, None, "ü"]}
        assert api.calls == 1
    (seen,) = server.seen
    assert (seen.method, seen.path) == ("GET", "/v1/things")
    assert seen.query == {"limit": "100", "name": "a b&c"}
    assert seen.headers["authorization"] == f"Bearer {TOKEN}"
    assert seen.headers["accept"] == "application/json"
    assert seen.headers["user-agent"].startswith("kada_dagster/")


def test_basic_credentials_are_sent_as_the_rfc_says() -> None:
    auth = BasicAuth(Secret(value="Aladdin"), Secret(value="open sesame"))
    with HttpServer(always(reply(1))) as server, client(server.url, auth) as api:
        api.get("/")
    assert server.seen[0].headers["authorization"] == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="


def test_without_credentials_none_are_looked_up_in_netrc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password other\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with HttpServer(always(reply(1))) as server:
        with client(server.url) as api:
            api.get("/")
        with client(server.url, bearer()) as api:
            api.get("/")
    first, second = server.seen
    assert "authorization" not in first.headers
    assert second.headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "name", ["a/b", "a b", "50%", "%2F", "ünï", "a.b.c", "..", ".", "a?b#c", "q'\"<>", "a;b,c+d"]
)
def test_a_name_in_a_path_arrives_as_one_segment(name: str) -> None:
    with HttpServer(always(reply(1))) as server, client(server.url) as api:
        api.get(f"/objects/{segment(name)}/stats")
    assert server.seen[0].target == f"/objects/{segment(name)}/stats"  # nothing undid it
    parts = server.seen[0].target.split("/")
    assert [unquote(part) for part in parts] == ["", "objects", name, "stats"]


@pytest.mark.parametrize("answer", [Reply(status=204), Reply(), Reply(b" \n"), reply(None)])
def test_no_content_is_none(answer: Reply) -> None:
    with HttpServer(always(answer)) as server, client(server.url) as api:
        assert api.get("/things") is None


def test_a_packed_answer_is_unpacked() -> None:
    body = gzip.compress(json.dumps(list(range(50_000))).encode())
    answer = Reply(body, headers={"Content-Encoding": "gzip"})
    with HttpServer(always(answer)) as server, client(server.url) as api:
        assert api.get("/") == list(range(50_000))
    assert server.seen[0].headers["accept-encoding"] == "gzip"


FIRST, SECOND = gzip.compress(b"[1,"), gzip.compress(b" 2]")
PACKED = {"Content-Encoding": "gzip"}


@pytest.mark.parametrize(
    "body",
    [
        FIRST + SECOND,
        FIRST + SECOND + bytes(512),
        FIRST + bytes(3) + SECOND,
        gzip.compress(b"") + FIRST + gzip.compress(b"") * 3 + SECOND,
    ],
    ids=["two", "padded", "padded between", "with empty ones"],
)
@pytest.mark.parametrize("size", [1, 7, len(FIRST), 10_000])
def test_all_members_of_a_packed_answer_are_unpacked(body: bytes, size: int) -> None:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    chunked = Reply(chunks, headers={**PACKED, "Transfer-Encoding": "chunked"})
    for answer in (chunked, Reply(body, headers=PACKED)):
        with HttpServer(always(answer)) as server, client(server.url) as api:
            assert api.get("/") == [1, 2]
            assert api.calls == 1


@pytest.mark.parametrize(
    "body",
    [FIRST + SECOND + b"rest", FIRST[:-8] + bytes(8), b"[1, 2]"],
    ids=["with a rest", "with another checksum", "not packed"],
)
def test_a_packed_answer_that_is_damaged_is_told(body: bytes) -> None:
    assert "a packed answer that is damaged" in failed(Reply(body, headers=PACKED)).reason


def test_a_packed_answer_may_be_of_many_members() -> None:
    numbers = list(range(20_000))
    body = b"".join(gzip.compress(b"%d," % number, 1) for number in numbers)
    answer = Reply(gzip.compress(b"[") + body + gzip.compress(b"-1]"), headers=PACKED)
    with HttpServer(always(answer)) as server, client(server.url) as api:
        assert api.get("/") == [*numbers, -1]


def test_an_answer_that_unpacks_without_end_is_refused() -> None:
    body = gzip.compress(b" " * (200 * 1024 * 1024), 1)
    halves = gzip.compress(b" " * (100 * 1024 * 1024), 1) * 2
    for packed in (body, halves):
        error = failed(Reply(packed, headers=PACKED))
        assert "more than 128 MiB" in error.reason


def test_connections_are_kept() -> None:
    chunked = Reply(b"2\r\n[]\r\n0\r\n\r\n", headers={"Transfer-Encoding": "chunked"})
    answers = in_turn(reply([]), Reply(status=204), reply("no", 404), reply(1))

    def respond(seen: Seen) -> Reply:
        return chunked if seen.path == "/chunked" else answers(seen)

    with HttpServer(respond) as server, client(server.url) as api:
        api.get("/")
        api.get("/")
        with pytest.raises(ApiNotFoundError):
            api.get("/")
        api.get("/")
        assert server.connections == 1


@pytest.mark.parametrize(
    ("status", "kind", "family"),
    [
        (400, ApiError, ExtractError),
        (401, ApiUnauthorizedError, PermissionDeniedError),
        (403, ApiForbiddenError, PermissionDeniedError),
        (404, ApiNotFoundError, ExtractError),
        (409, ApiError, ExtractError),
        (410, ApiNotFoundError, ExtractError),
        (422, ApiError, ExtractError),
        (429, ApiUnavailableError, ConnectionFailedError),
        (500, ApiUnavailableError, ConnectionFailedError),
        (501, ApiError, ExtractError),
        (503, ApiUnavailableError, ConnectionFailedError),
    ],
)
def test_each_status_has_its_error(
    status: int, kind: type[ApiCallError], family: type[Exception]
) -> None:
    error = failed(reply({"message": "It went wrong."}, status), "/things?secret=in-the-query")
    assert type(error) is kind
    assert isinstance(error, family)
    assert error.exit_code == family.exit_code  # type: ignore[attr-defined]
    assert error.transient is family.transient  # type: ignore[attr-defined]
    assert (error.method, error.status) == ("GET", status)
    assert error.reason == "It went wrong."
    assert f"Sample: GET /things was answered with {status}" in str(error)
    assert "in-the-query" not in str(error) + error.path


def test_a_secret_in_the_apis_own_message_is_not_shown() -> None:
    quoted = "s3cr3t%2F%2Btoken"
    error = failed(reply({"message": f"bad token {TOKEN}", "details": {"t": quoted}}, 400))
    assert TOKEN not in str(error)
    assert quoted not in str(error)
    assert error.reason.startswith("bad token ***")


def test_a_failed_call_is_made_again_and_its_answer_used() -> None:
    answers = in_turn(reply("Internal Server Error", 500), reply({}, 429), reply([1]))
    with HttpServer(answers) as server, client(server.url) as api:
        assert api.get("/") == [1]
        assert api.calls == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 501])
def test_a_refusal_is_final(status: int) -> None:
    with HttpServer(always(reply({}, status))) as server, client(server.url) as api:
        with pytest.raises(ApiCallError):
            api.get("/")
        assert api.calls == len(server.seen) == 1


@pytest.mark.parametrize(
    ("named", "waits"),
    [("7", 7.0), ("0", 1.0), ("86400", 60.0), ("soon", 1.0), ("", 1.0), ("-5", 1.0)],
)
@pytest.mark.parametrize("status", [429, 503])
def test_the_server_says_how_long_to_wait_within_reason(
    named: str, waits: float, status: int
) -> None:
    clock = ManualClock()
    answers = in_turn(reply({}, status, Retry_After=named), reply(1))
    with served(answers, budget=RateBudget(1000, 1, clock)) as (_, api):
        assert api.get("/") == 1
    assert clock.slept == pytest.approx(waits, abs=0.01)


def test_the_server_may_name_a_date_to_wait_for() -> None:
    clock = ManualClock()

    def respond(seen: Seen) -> Reply:
        date = email.utils.formatdate(time.time() + 30, usegmt=True)
        return reply(1) if seen.number else reply({}, 429, Retry_After=date)

    with served(respond, budget=RateBudget(1000, 1, clock)) as (_, api):
        assert api.get("/") == 1
    assert 20 < clock.slept <= 31


def test_waits_grow_and_end_with_the_time_allowed() -> None:
    clock = ManualClock()
    retries = Retries(most=50, backoff=1.0, longest_wait=60.0, within=200.0)
    options: dict[str, Any] = {"budget": RateBudget(1000, 1, clock), "retries": retries}
    with (
        served(always(reply({}, 503)), **options) as (_, api),
        pytest.raises(ApiUnavailableError, match="after 9 attempts"),
    ):
        api.get("/")
    assert 183 <= clock.slept <= 186  # 1 2 4 8 16 32 60 60 and some jitter


def test_an_outage_that_ends_in_time_is_outlived() -> None:
    clock = ManualClock()

    def respond(seen: Seen) -> Reply:
        return reply(1) if clock.now() > 250 else Reply(b"<html><title>502</title>", 502)

    retries = Retries(most=50, within=600.0)
    with served(respond, budget=RateBudget(1000, 1, clock), retries=retries) as (_, api):
        assert api.get("/") == 1


def test_each_attempt_counts_against_the_budget() -> None:
    clock = ManualClock()
    budget = RateBudget(2, 100.0, clock)
    with HttpServer(always(reply({}, 503))) as server, client(server.url, budget=budget) as api:
        with pytest.raises(ApiUnavailableError):
            api.get("/")
        assert api.calls == 3
    assert clock.now() >= 100.0  # the third waited for the first to be forgotten


def test_time_in_the_queue_of_the_budget_is_no_reason_to_give_up() -> None:
    clock = ManualClock()
    budget = RateBudget(1, 1000.0, clock)
    retries = Retries(most=3, within=10.0)
    answers = in_turn(reply({}, 503), reply({}, 503), reply(1))
    with served(answers, budget=budget, retries=retries) as (_, api):
        assert api.get("/") == 1
    assert clock.now() >= 1999.0


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        hung_up(b""),
        hung_up(b"", reset=True),
        hung_up(HEAD),
        hung_up(HEAD + b"Content-Length: 100\r\n\r\n[1, 2"),
        hung_up(HEAD + b"Content-Length: 100\r\n\r\n[1, 2", reset=True),
        hung_up(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n[1, 2\r\n"),
        hung_up(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n[1, 2\r\nzz\r\n"),
        hung_up(HEAD + b"\r\n[1, 2"),
        hung_up(HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"[1, 2]")[:-4]),
        Reply(gzip.compress(b"[1, 2]") + SECOND[:-4], headers=PACKED),
        Reply(gzip.compress(b"[1, 2]") + SECOND[:1], headers=PACKED),
        Reply(SECOND[:5], headers=PACKED),
        Reply(gzip.compress(b"[1, 2]") + b"rest", headers=PACKED),
        hung_up(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 6\r\n\r\n[1, 2]"),
        hung_up(b"not HTTP at all\r\n\r\n"),
    ],
    ids=[
        "nothing",
        "reset at once",
        "headers cut",
        "body cut",
        "body reset",
        "chunks cut",
        "chunks broken",
        "body without length cut",
        "packed body cut",
        "second member cut",
        "second member cut in its head",
        "first member cut in its head",
        "no member behind the first",
        "not packed",
        "no HTTP",
    ],
)
def test_half_an_answer_is_none_and_is_asked_for_again(answer: Reply) -> None:
    with HttpServer(in_turn(answer, reply([1, 2]))) as server, client(server.url) as api:
        assert api.get("/") == [1, 2]
        assert len(server.seen) == 2
        assert api.calls in (2, 3)  # that a kept connection was hung up may show only in use
    error = failed(answer)
    assert type(error) is ApiUnavailableError
    assert error.status is None
    assert "after 3 attempts" in str(error)


def test_a_body_without_length_that_is_whole_is_used() -> None:
    answer = hung_up(HEAD + b"\r\n[1, 2]")
    with HttpServer(always(answer)) as server, client(server.url) as api:
        assert api.get("/") == [1, 2]
        assert api.calls == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"data": [1,', '{"data": [1,'),
        (b"<!DOCTYPE html><html><title> Log in\n</title><p>secret", "an HTML page: Log in"),
        (b"\xff\xfe\xfa", ""),
        (b"[" * 100_000, "[[["),
        (b"9" * 5000, "999"),
    ],
)
def test_an_answer_that_is_no_json_is_told_and_not_asked_for_again(
    body: bytes, reason: str
) -> None:
    with HttpServer(always(Reply(body))) as server, client(server.url) as api:
        with pytest.raises(ApiError, match="not JSON") as caught:
            api.get("/things")
        assert api.calls == 1
    assert reason in caught.value.reason
    assert len(caught.value.reason) < 250
    assert caught.value.status == 200


def test_a_server_nobody_hears_is_unavailable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        with client(f"http://127.0.0.1:{taken.getsockname()[1]}", bearer()) as api:
            with pytest.raises(ApiUnavailableError, match="Connection refused") as caught:
                api.get("/things")
            assert api.calls == 3
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_host_that_does_not_exist_is_unavailable() -> None:
    with client("http://nowhere.invalid", bearer()) as api, pytest.raises(ApiUnavailableError):
        api.get("/things")


def test_a_silent_server_runs_into_the_timeout() -> None:
    silent = Reply(raw=lambda connection: time.sleep(0.5))
    answers = in_turn(silent, reply(1))
    with HttpServer(answers) as server, client(server.url, timeout=0.1) as api:
        assert api.get("/") == 1
        assert api.calls == 2


@pytest.mark.parametrize("chunked", [True, False])
def test_a_trickle_that_never_pauses_for_long_is_ended(chunked: bool) -> None:
    def trickle(connection: socket.socket) -> None:
        length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 1000000"
        connection.sendall(HEAD + length + b"\r\n\r\n")
        try:
            while True:
                connection.sendall(b"1\r\n[\r\n" if chunked else b"[")
                time.sleep(0.02)
        except OSError:
            pass

    with served(in_turn(Reply(raw=trickle), reply(1)), timeout=0.1) as (_, api):
        assert api.get("/") == 1
        assert api.calls == 2


def redirect(location: str, status: int = 302) -> Reply:
    return Reply(status=status, headers={"Location": location})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_on_the_same_host_is_followed(status: int) -> None:
    def respond(seen: Seen) -> Reply:
        return reply(1) if seen.path == "/new" else redirect("/new?a=b", status)

    with HttpServer(respond) as server, client(server.url, bearer()) as api:
        assert api.get("/old") == 1
        assert api.calls == 2
    assert server.seen[1].query == {"a": "b"}
    assert server.seen[1].headers["authorization"] == f"Bearer {TOKEN}"


def test_a_redirect_to_another_place_is_not_followed() -> None:
    with HttpServer(always(reply(1))) as other:
        for target in (
            f"{other.url}/things",
            f"//127.0.0.1:{other.port}/things",
            f"http://localhost:{other.port}/things",
            "https://127.0.0.1/things",
            "file:///etc/passwd",
            "http://[broken",
            "",
        ):
            error = failed(redirect(target) if target else Reply(status=302))
            assert type(error) is ApiError
            assert error.status == 302
            assert "redirect" in str(error)
    assert not other.seen


def test_redirects_without_end_are_ended() -> None:
    with HttpServer(always(redirect("/again"))) as server, client(server.url) as api:
        with pytest.raises(ApiError, match="redirects without end"):
            api.get("/")
        assert api.calls == 5


def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with HttpServer(always(reply("by proxy"))) as proxy:
        monkeypatch.setenv("http_proxy", f"http://user:pr0xyword@127.0.0.1:{proxy.port}")
        with client("http://api.invalid/v1") as api:
            assert api.get("/things") == "by proxy"
        monkeypatch.setenv("no_proxy", "api.invalid")
        with client("http://api.invalid/v1") as api, pytest.raises(ApiUnavailableError):
            api.get("/things")
    assert [seen.target for seen in proxy.seen] == ["http://api.invalid/v1/things"]


def test_a_proxy_that_is_down_shows_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        monkeypatch.setenv("http_proxy", f"http://user:pr0xyword@127.0.0.1:{port}")
        with (
            client("http://api.invalid/v1") as api,
            pytest.raises(ApiUnavailableError) as caught,
        ):
            api.get("/things")
    assert "pr0xyword" not in "".join(traceback.format_exception(caught.value))


def test_cookies_are_not_kept() -> None:
    with served(always(reply(1, Set_Cookie="session=1; Path=/"))) as (server, api):
        api.get("/")
        api.get("/")
    assert "cookie" not in server.seen[1].headers


def test_logs_hold_no_credential(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with served(in_turn(reply(TOKEN, 503), reply(1)), bearer()) as (_, api):
        api.get("/things")
        assert TOKEN not in repr(api)
    assert "Sample: GET /things: 503; again in" in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("token", ["", "two words", "line\n", "tab\t", "ünï", "a\r\nHost: b"])
def test_a_token_no_header_can_carry_is_refused_without_showing_it(token: str) -> None:
    auth = BearerAuth(Secret(value=token))
    with (
        served(always(reply(1)), auth) as (server, api),
        pytest.raises(ConfigError) as caught,
    ):
        api.get("/")
    assert not token or token not in "".join(traceback.format_exception(caught.value))
    assert not server.seen


def test_a_user_with_a_colon_is_refused() -> None:
    auth = BasicAuth(Secret(value="a:b"), Secret(value="c"))
    with (
        served(always(reply(1)), auth) as (_, api),
        pytest.raises(ConfigError, match="colon"),
    ):
        api.get("/")


def test_credentials_are_looked_up_when_they_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    auth = BearerAuth(Secret.parse("${SAMPLE_TOKEN}"))
    monkeypatch.delenv("SAMPLE_TOKEN", raising=False)
    with HttpServer(always(reply(1))) as server, client(server.url, auth) as api:
        with pytest.raises(ConfigError, match="SAMPLE_TOKEN"):
            api.get("/")
        monkeypatch.setenv("SAMPLE_TOKEN", "later")
        api.get("/")
    assert server.seen[0].headers["authorization"] == "Bearer later"
    assert "later" not in repr(auth)


@pytest.mark.parametrize(
    "url",
    [
        "api.example.com",
        "ftp://api.example.com",
        "https://",
        "http://[broken",
        "https://user:word@api.example.com",
        "https://api.example.com/?key=word",
        "https://api.example.com:0",
        "https://api.example.com:nine",
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="base_url") as caught:
        client(url)
    assert "word" not in str(caught.value)


def test_a_closed_client_sends_nothing() -> None:
    with HttpServer(always(reply(1))) as server:
        api = client(server.url, budget=plenty())
        api.close()
        with pytest.raises(ExtractError):
            api.get("/")
    assert not server.seen
