"""What of an answer is shown in a message."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kada_dagster.api.auth import BasicAuth, BearerAuth
from kada_dagster.api.reasons import LONGEST, reason_of
from kada_dagster.secrets import Secret


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"message": "No."}', "No."),
        (
            b'{"message":"Authentication error","details":"Token is invalid"}',
            "Authentication error: Token is invalid",
        ),
        (
            b'{"error": "PIPELINE_NOT_FOUND", "message": "Not here.", "details": {}}',
            "Not here.: PIPELINE_NOT_FOUND",
        ),
        (b'{"error": {"message": "deep", "code": 7}}', "deep"),
        (b'{"error": {"code": 7}}', '{"code": 7}'),
        (b'{"details": ["a", "b"]}', '["a", "b"]'),
        (b'{"message": "twice", "error": "twice"}', "twice"),
        (b'{"message": null, "error": 17}', "17"),
        (b'{"data": []}', ""),
        (b'"Internal Server Error"', "Internal Server Error"),
        (b"Bad Gateway\r\n", "Bad Gateway"),
        (b"<html><title>502 Bad\nGateway</title><p>x", "an HTML page: 502 Bad Gateway"),
        (b"<!doctype html><p>no title</p>", "an HTML page"),
        (b"", ""),
        (b"null", ""),
        (b"\xff\x00\x1b[31mred", "\ufffd [31mred"),
    ],
)
def test_the_apis_own_message_in_one_line(body: bytes, expected: str) -> None:
    assert reason_of(body, []) == expected


@given(
    st.binary(max_size=2000) | st.text(max_size=2000).map(lambda text: json.dumps(text).encode())
)
def test_any_body_gives_a_short_printable_line(body: bytes) -> None:
    reason = reason_of(body, [])
    assert len(reason) <= LONGEST
    assert "\n" not in reason
    assert "\x1b" not in reason


@pytest.mark.parametrize("part", [b"<title>", b"<title", b"<title></"])
@pytest.mark.timeout(15)  # it took minutes
def test_a_page_of_any_form_is_read(part: bytes) -> None:
    assert reason_of(b"<html>" + part * 20_000, []).startswith("an HTML page")


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=60),
    st.integers(0, 300),
)
def test_no_part_of_a_secret_is_left_where_the_line_is_cut(secret: str, before: int) -> None:
    said = "." * before + secret
    hidden = BearerAuth(Secret(value=secret)).hidden()
    reason = reason_of(json.dumps({"message": said}).encode(), hidden)
    assert set(reason) <= {".", "*", "…"}


def test_every_spelling_of_the_credentials_is_hidden() -> None:
    auth = BasicAuth(Secret(value="key id"), Secret(value='pa"ss/w\\ö'))
    request_header = auth._pair()  # pyright: ignore[reportPrivateUsage]
    for spelt in ('pa"ss/w\\ö', "pa%22ss%2Fw%5C%C3%B6", "key%20id", "key+id", request_header):
        assert reason_of(json.dumps(f"<{spelt}>").encode(), auth.hidden()) == "<***>"
        assert reason_of(f"it was {spelt}".encode(), auth.hidden()) == "it was ***"
    raw = b'a text with {"password": "pa\\"ss/w\\\\\\u00f6"} in it'
    assert "ss/w" not in reason_of(raw, auth.hidden())
