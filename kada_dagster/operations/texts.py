"""A message as plain text and as JSON. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kada_dagster.operations.notices import Message, Notice

_LONGEST_SUBJECT = 120
_LABEL = 12  # columns


def subject_line(message: Message) -> str:
    """One line that says what a message is about."""
    titles = [notice.title for notice in message.notices]
    count = len(titles) + message.left_out
    line = titles[0] if count == 1 else f"{count} alerts: {'; '.join(titles)}"
    line = " ".join(line.split())
    return line if len(line) <= _LONGEST_SUBJECT else line[: _LONGEST_SUBJECT - 1] + "…"


def plain_text(message: Message, base_url: str | None) -> str:
    """The whole message for people.

    Args:
        message: to write.
        base_url: address of Dagster's UI, for links; none without it.
    """
    parts = ["\n".join(_lines(notice, base_url)) for notice in message.notices]
    if message.left_out:
        parts.append(left_out(message))
    return "\n\n".join([*parts, f"-- \n{signature(message)}"]) + "\n"


def json_body(message: Message, base_url: str | None) -> dict[str, Any]:
    """The whole message for programs; the same each time it is sent."""
    return {
        "id": message.id,
        "subject": subject_line(message),
        "alerts": [
            {
                "id": notice.id,
                "kind": notice.kind,
                "title": notice.title,
                "at": notice.at.isoformat(),
                "facts": dict(notice.facts),
                "link": link(notice, base_url),
            }
            for notice in message.notices
        ],
        "left_out": message.left_out,
    }


def link(notice: Notice, base_url: str | None) -> str | None:
    """Where in Dagster's UI a notice leads."""
    return f"{base_url}/{notice.page}" if base_url and notice.page else None


def left_out(message: Message) -> str:
    """What to say of the notices that are not in a message."""
    return f"{message.left_out} more alerts: see `kada status`."


def signature(message: Message) -> str:
    """What stands below a message."""
    return f"kada_dagster, alert {message.id}; how everything is: kada status"


def _lines(notice: Notice, base_url: str | None) -> Iterator[str]:
    yield notice.title
    facts = [*notice.facts, ("at", f"{notice.at:%Y-%m-%d %H:%M:%S} UTC")]
    if (address := link(notice, base_url)) is not None:
        facts.append(("link", address))
    for name, text in facts:
        first, *more = text.splitlines() or [""]
        yield f"  {name:<{_LABEL}} {first}"
        yield from (f"  {'':<{_LABEL}} {line}" for line in more)
