"""What the sensor remembers between ticks: the newest syncs it has reported of each connection.

The text goes into Dagster's database with every tick, so it is kept short: JSON, packed once it
is longer than a page.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kada_dagster.errors import ConfigError

VERSION = 1
PLAIN_LENGTH = 4096
"""Characters up to which the JSON is left as it is, for people to read."""

_PACKED = "z:"


@dataclass(frozen=True)
class Seen:
    """What was reported of a connection.

    Attributes:
        succeeded: the success reported last, microseconds since 1970; None before the first.
        failed: the failure reported last.
        gone: seconds since 1970 when the connection was missing in the list for the first time;
            None while it is there.
        waits: the first success that is held back, microseconds since 1970; None where none is.
    """

    succeeded: int | None = None
    failed: int | None = None
    gone: int | None = None
    waits: int | None = None


@dataclass(frozen=True)
class Cursor:
    """What the sensor remembers.

    Attributes:
        since: the newest moment the API named at the first look, microseconds since 1970. A
            connection created then or later is new; all its syncs count.
        seen: by connection id.
        no_history_until: seconds since 1970 up to which the sync history is not asked for,
            because the account has none.
        awaited: by collector, the newest sync whose windows are not extracted yet, microseconds.
        looked: seconds since 1970 of the last look at the account.
        failing: connections that wait because their history could not be read, by id.
    """

    since: int
    seen: Mapping[str, Seen] = field(default_factory=dict[str, Seen])
    no_history_until: int = 0
    awaited: Mapping[str, int] = field(default_factory=dict[str, int])
    looked: int = 0
    failing: frozenset[str] = frozenset()


def encode(cursor: Cursor) -> str:
    """The cursor as text."""
    seen = {key: _packed(one) for key, one in cursor.seen.items()}
    value: dict[str, Any] = {"v": VERSION, "since": cursor.since, "t": cursor.looked, "c": seen}
    if cursor.no_history_until:
        value["h"] = cursor.no_history_until
    if cursor.awaited:
        value["w"] = dict(cursor.awaited)
    if cursor.failing:
        value["f"] = sorted(cursor.failing)
    text = json.dumps(value, separators=(",", ":"))
    if len(text) <= PLAIN_LENGTH:
        return text
    return _PACKED + base64.b85encode(zlib.compress(text.encode(), 9)).decode()


def decode(text: str | None) -> Cursor | None:
    """What `encode` wrote; None for no text, which is the first look.

    Raises:
        ConfigError: it is no cursor of this version.
    """
    if not text:
        return None
    try:
        value = json.loads(_unpacked(text))
        if value["v"] != VERSION:
            raise ValueError
        seen = {key: Seen(*one) for key, one in value["c"].items()}
        kept = value.get("h", 0), value.get("w", {}), value["t"], frozenset(value.get("f", ()))
        return Cursor(value["since"], seen, *kept)
    except (ValueError, KeyError, TypeError, AttributeError, zlib.error, binascii.Error):
        raise ConfigError(
            "the cursor is not one this version of the sensor wrote; put back the one of an "
            "earlier tick, or clear it on the sensor's page: the next tick then begins anew and "
            "takes what has completed so far as reported"
        ) from None


def _packed(one: Seen) -> list[int | None]:
    values = [one.succeeded, one.failed, one.gone, one.waits]
    while values and values[-1] is None:
        values.pop()
    return values


def _unpacked(text: str) -> str:
    if not text.startswith(_PACKED):
        return text
    return zlib.decompress(base64.b85decode(text[len(_PACKED) :])).decode()
