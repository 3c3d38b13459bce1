"""How a message reads: as text, as JSON, and within the limits of Slack."""

from __future__ import annotations

import html
import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.operations.notices import Message, Notice
from kada_dagster.operations.slack import (
    LONGEST_HEADER,
    LONGEST_MESSAGE,
    LONGEST_SECTION,
    MOST_BLOCKS,
    escaped,
    slack_body,
)
from kada_dagster.operations.spans import span_text
from kada_dagster.operations.texts import json_body, plain_text, subject_line

AT = datetime(2026, 1, 5, 6, 7, 8, tzinfo=timezone.utc)
BASE = "https://dagster.example.org"
NOTICE = Notice(
    "failed/1/extract",
    "failed",
    "source shop: extract failed",
    (("cause", "first line\nsecond <line> & more"), ("next step", "mend it")),
    "runs/1",
    AT,
)

_texts = st.text(max_size=5000) | st.text("<>&`*\n", max_size=4000)
_notices = st.builds(
    Notice,
    id=st.uuids().map(str),
    kind=st.sampled_from(["failed", "recovered"]),
    title=_texts,
    facts=st.lists(st.tuples(st.sampled_from(["cause", "run"]), _texts), max_size=4).map(tuple),
    page=st.just("runs/1"),
    at=st.just(AT),
)


def test_a_text_says_all_of_it() -> None:
    text = plain_text(Message((NOTICE,)), BASE)
    assert text.startswith(
        "source shop: extract failed\n"
        "  cause        first line\n"
        "               second <line> & more\n"
        "  next step    mend it\n"
        "  at           2026-01-05 06:07:08 UTC\n"
        "  link         https://dagster.example.org/runs/1\n"
    )


def test_without_an_address_there_is_no_link() -> None:
    assert "link" not in plain_text(Message((NOTICE,)), None)
    assert json_body(Message((NOTICE,)), None)["alerts"][0]["link"] is None


def test_a_subject_is_one_short_line() -> None:
    assert subject_line(Message((NOTICE,))) == "source shop: extract failed"
    several = subject_line(Message((NOTICE, replace(NOTICE, title="a\nb " + "x" * 500))))
    assert several.startswith("2 alerts: source shop: extract failed; a b xxx")
    assert len(several) == 120


def test_slack_gets_escaped_text_and_a_quoted_cause() -> None:
    body = slack_body(Message((NOTICE,)), BASE)
    assert body["text"] == "source shop: extract failed"
    section = body["blocks"][1]["text"]["text"]
    assert section.startswith(":red_circle: *source shop: extract failed*\n")
    assert "*cause*\n```first line\nsecond &lt;line&gt; &amp; more```" in section
    assert "<https://dagster.example.org/runs/1|Open in Dagster>" in section


@settings(max_examples=30, deadline=None)
@given(st.lists(_notices, min_size=1, max_size=80), st.integers(0, 5))
def test_a_message_stays_within_slacks_limits(notices: list[Notice], left_out: int) -> None:
    body = slack_body(Message(tuple(notices), left_out), BASE)
    header, *sections, context = body["blocks"]
    assert len(body["blocks"]) <= MOST_BLOCKS
    assert len(header["text"]["text"]) <= LONGEST_HEADER
    assert sections
    assert all(0 < len(section["text"]["text"]) <= LONGEST_SECTION for section in sections)
    assert sum(len(section["text"]["text"]) for section in sections) <= LONGEST_MESSAGE + 1000
    assert len(context["elements"]) == 1
    shown = len([s for s in sections if s["text"]["text"].startswith((":red", ":large"))])
    if shown < len(notices) or left_out:
        more = len(notices) - shown + left_out
        assert sections[-1]["text"]["text"].startswith(f"{more} more alerts")
    json.dumps(body).encode()


@settings(deadline=None)
@given(_texts, st.integers(10, 200))
def test_a_cut_text_is_never_cut_within_an_escape(text: str, longest: int) -> None:
    cut = escaped(text, longest)
    assert len(cut) <= longest
    whole = html.unescape(cut.removesuffix("…"))
    assert text.startswith(whole) or text == whole
    assert "<" not in cut
    assert ">" not in cut


@settings(max_examples=20, deadline=None)
@given(st.lists(_notices, min_size=1, max_size=5))
def test_json_is_the_same_each_time(notices: list[Notice]) -> None:
    body: Any = json_body(Message(tuple(notices)), BASE)
    assert json.dumps(body) == json.dumps(json_body(Message(tuple(notices)), BASE))
    assert [alert["title"] for alert in body["alerts"]] == [notice.title for notice in notices]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3600, "1 h"),
        (3660, "1 h 1 min"),
        (3601, "1 h"),
        (86_400 * 3 + 7200 + 5, "3 d 2 h"),
        (86_400 + 59, "1 d"),
    ],
)
def test_a_span_is_its_two_greatest_units(seconds: float, text: str) -> None:
    assert span_text(timedelta(seconds=seconds)) == text
