"""The K extract contract, version 1: families, columns and the CSV dialect, all in one module.

The vendor publishes the dialect and META's leading columns (pages "Custom interface - Data
Quality" and "Bulk set-up of users and teams"). What is marked *ours* in `docs/contract.md` was
chosen here and has not been verified against a K instance; a correction is an edit of this file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from enum import Enum
from typing import Any

CONTRACT_VERSION = 1
DELIMITER = "|"
_SURROGATE = re.compile("[\ud800-\udfff]")

META = "META"
LINKAGE = "LINKAGE"
EVENTS = "EVENTS"
DATABASE_LOG = "DATABASE_LOG"

COLUMNS: Mapping[str, tuple[str, ...]] = {
    META: (
        "OBJECT_TYPE",
        "OBJECT_ID",
        "TOOL_OBJECT_TYPE",
        "NAME",
        "DESCRIPTION",
        "URL",
        "PATH",
        "QUERY_CODE",
        "CREATED_AT",
        "UPDATED_AT",
        "PARENT_ID",
        "DATA_TYPE",
        "ORDINAL",
        "NULLABLE",
        "DEFAULT_VALUE",
        "OWNER",
        "STATUS",
        "ATTRIBUTES",
    ),
    LINKAGE: (
        "SOURCE_OBJECT_TYPE",
        "SOURCE_OBJECT_ID",
        "TARGET_OBJECT_TYPE",
        "TARGET_OBJECT_ID",
        "RELATIONSHIP",
        "CONFIDENCE",
        "ATTRIBUTES",
    ),
    EVENTS: (
        "EVENT_ID",
        "EVENT_TYPE",
        "OBJECT_TYPE",
        "OBJECT_ID",
        "STATUS",
        "USER_NAME",
        "STARTED_AT",
        "ENDED_AT",
        "ROWS_READ",
        "ROWS_WRITTEN",
        "ROWS_FAILED",
        "MESSAGE",
        "ATTRIBUTES",
    ),
    DATABASE_LOG: (
        "LOG_ID",
        "DATABASE_ID",
        "USER_NAME",
        "QUERY_TEXT",
        "STARTED_AT",
        "DURATION_MS",
        "CALLS",
        "ROWS",
        "STATUS",
        "ATTRIBUTES",
    ),
}
"""Columns of each family in file order. The keys' order is the order of upload: META first."""


class Relationship(str, Enum):
    """The words of LINKAGE.RELATIONSHIP."""

    LINEAGE = "LINEAGE"
    REFERENCES = "REFERENCES"
    DEPENDS_ON = "DEPENDS_ON"
    MEMBER_OF = "MEMBER_OF"
    GRANT = "GRANT"
    INHERITS = "INHERITS"


class Confidence(str, Enum):
    """The words of LINKAGE.CONFIDENCE: how the relationship became known."""

    DIRECT = "DIRECT"
    PARSED = "PARSED"
    INHERITED = "INHERITED"
    INFERRED = "INFERRED"


def header(family: str) -> bytes:
    """The header record of a family."""
    return encode_row(COLUMNS[family])


def encode_row(fields: Iterable[str]) -> bytes:
    """One record in the dialect: every field quoted, inner quotes doubled, `\\n` at the end.

    Args:
        fields: the values in column order; a missing value is the empty string.

    Returns:
        The record, UTF-8.

    Raises:
        UnicodeEncodeError: a field holds half of a surrogate pair, which is no character. These
            and NUL, which passes here, are for `clean` to take out.
    """
    quoted = '"|"'.join([field.replace('"', '""') for field in fields])
    return f'"{quoted}"\n'.encode()


def clean(text: str) -> str:
    """The text without what no extract may hold: NUL goes, half a surrogate pair becomes U+FFFD.

    Databases have neither; an API's JSON may (`"\\u0000"`, `"\\ud800"`).
    """
    return _SURROGATE.sub("\ufffd", text.replace("\0", ""))


def file_name(family: str, stamp: str, *, compressed: bool) -> str:
    """`<FAMILY>_<YYYYMMDDHHMMSS>.csv`, with `.gz` behind it when compressed."""
    return f"{family}_{stamp}.csv{'.gz' if compressed else ''}"


def json_cell(value: Mapping[str, Any]) -> str:
    """A JSON cell: compact, keys sorted, absent values left out, empty when nothing is left."""
    present = {key: item for key, item in value.items() if item is not None}
    if not present:
        return ""
    return json.dumps(present, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def timestamp(moment: datetime | None) -> str:
    """`YYYY-MM-DD HH:MM:SS[.ffffff]`, UTC; empty for `None`."""
    if moment is None:
        return ""
    return moment.astimezone(timezone.utc).replace(tzinfo=None).isoformat(sep=" ")


def flag(value: bool | None) -> str:
    """`Y` or `N`; empty for `None`."""
    return "" if value is None else "Y" if value else "N"
