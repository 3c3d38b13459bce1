"""A message as the JSON of a Slack webhook, within Slack's limits.

Limits: https://docs.slack.dev/reference/block-kit/blocks (50 blocks, 150 characters of a header,
3,000 of a section); all blocks of a message together are refused from about 13,000 characters on
(`msg_blocks_too_long`), which is not written there. Text is escaped as
https://docs.slack.dev/messaging/formatting-message-text wants it: `&`, `<` and `>` only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kada_dagster.operations.notices import Message, Notice
from kada_dagster.operations.texts import left_out, link, signature, subject_line

LONGEST_HEADER, LONGEST_SECTION, LONGEST_MESSAGE = 150, 3000, 11_000
MOST_BLOCKS = 50
_LONGEST_FACT = 1200
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_QUOTED = ("cause",)


def slack_body(message: Message, base_url: str | None) -> dict[str, Any]:
    """The body of the request.

    Args:
        message: to write; what does not fit in is counted.
        base_url: address of Dagster's UI, for links.
    """
    sections = [_section(notice, base_url) for notice in message.notices]
    shown = _fitting(sections)
    more = len(sections) - len(shown) + message.left_out
    if more:
        shown.append(escaped(left_out(Message(message.notices, more)), LONGEST_SECTION))
    subject = subject_line(message)
    return {
        "text": escaped(subject, LONGEST_SECTION),
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": subject[:LONGEST_HEADER]}},
            *({"type": "section", "text": _markdown(text)} for text in shown),
            {"type": "context", "elements": [_markdown(escaped(signature(message), 300))]},
        ],
    }


def escaped(text: str, longest: int) -> str:
    """A text as Slack takes it, cut to so many characters after escaping, never within one."""
    parts: list[str] = []
    room = longest - 1
    for char in text:
        part = _ESCAPES.get(char, char)
        if len(part) > room:
            return "".join([*parts, "…"])
        parts.append(part)
        room -= len(part)
    return "".join(parts)


def _fitting(sections: list[str]) -> list[str]:
    """As many of the sections as a message may have, besides header, rest and signature."""
    shown: list[str] = []
    room = LONGEST_MESSAGE
    for section in sections[: MOST_BLOCKS - 3]:
        room -= len(section)
        if room < 0:
            break
        shown.append(section)
    return shown


def _section(notice: Notice, base_url: str | None) -> str:
    sign = ":red_circle:" if notice.is_bad else ":large_green_circle:"
    lines = [f"{sign} *{_bold(notice.title)}*", *_facts(notice)]
    if (address := link(notice, base_url)) is not None:
        lines.append(f"<{escaped(address, 500)}|Open in Dagster>")
    return "\n".join(lines)


def _facts(notice: Notice) -> Iterator[str]:
    """The facts as lines, within the length of a section."""
    room = LONGEST_SECTION - 900  # for title and link
    for name, said in notice.facts:
        text = escaped(said, min(_LONGEST_FACT, room - len(name) - 12))
        quoted = text.replace("```", "'''")
        line = f"*{name}*\n```{quoted}```" if name in _QUOTED else f"*{name}*: {text}"
        room -= len(line) + 1
        if room < 50:
            return
        yield line


def _bold(title: str) -> str:
    return escaped(" ".join(title.replace("*", "").split()), 300)


def _markdown(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}
