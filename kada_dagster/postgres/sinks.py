"""What happens to a record between the server and the file: nothing, masking, or lineage."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from kada_dagster.errors import ExtractError
from kada_dagster.extracts.contract import COLUMNS, DATABASE_LOG, META, encode_row
from kada_dagster.extracts.reader import decode_record
from kada_dagster.extracts.writer import Section
from kada_dagster.postgres.client import Sink
from kada_dagster.postgres.lineage import view_edges

if TYPE_CHECKING:
    from kada_dagster.extracts.masking import Masker

Warn = Callable[[str, str], None]
"""Called with a warning's code and a sample."""

_META_CODE = tuple(COLUMNS[META].index(name) for name in ("QUERY_CODE", "DEFAULT_VALUE"))
_META_ATTRIBUTES = COLUMNS[META].index("ATTRIBUTES")
_META_ID = COLUMNS[META].index("OBJECT_ID")
_LOG_TEXT = COLUMNS[DATABASE_LOG].index("QUERY_TEXT")
_DEFINES = re.compile(rb"\b(?:create|alter)\b", re.IGNORECASE)
_SECRET = re.compile(rb"\b(?:password|connection|options|passwd|secret)\b", re.IGNORECASE)
"""What stands in a statement that gives a role, subscription, server or user mapping a password."""

_NO_DEFAULT = b'"|""|""|""|""\n'
"""How a column's record ends that has no default, owner, status or attributes."""


class CountingSink:
    """Counts META records by their type, where a statement may yield any."""

    def __init__(self, section: Section) -> None:
        self._section = section

    def write(self, record: bytes) -> int:
        kind = record[1 : record.find(b'"|"')].decode(errors="replace")
        self._section.count(kind.replace('""', '"'), 1)
        return self._section.write(record)


class MaskingSink:
    """Masks the code in META records."""

    def __init__(self, sink: Sink, masker: Masker, warn: Warn) -> None:
        self._sink, self._masker, self._warn = sink, masker, warn

    def write(self, record: bytes) -> int:
        fields = decode_record(record.decode())
        language = _language(fields[_META_ATTRIBUTES])
        for index in _META_CODE:
            if fields[index]:
                fields[index] = _masked(
                    self._masker, fields[index], language, self._warn, fields[_META_ID]
                )
        return self._sink.write(encode_row(fields))


class ColumnMaskingSink(MaskingSink):
    """Masks columns' defaults; the many columns without one pass unread."""

    def write(self, record: bytes) -> int:
        if record.endswith(_NO_DEFAULT):
            return self._sink.write(record)
        return super().write(record)


class LogSink:
    """Masks the statements of DATABASE_LOG: all of them, or those that may set a password, which
    the server keeps as they were sent.

    Args:
        sink: gets the records.
        masker: masks a statement.
        warn: see `Warn`.
        is_all: whether all are masked.
    """

    def __init__(self, sink: Sink, masker: Masker, warn: Warn, *, is_all: bool) -> None:
        self._sink, self._masker, self._warn, self._is_all = sink, masker, warn, is_all

    def write(self, record: bytes) -> int:
        if not self._is_all and not (_DEFINES.search(record) and _SECRET.search(record)):
            return self._sink.write(record)
        fields = decode_record(record.decode())
        fields[_LOG_TEXT] = _masked(self._masker, fields[_LOG_TEXT], "sql", self._warn, fields[0])
        return self._sink.write(encode_row(fields))


class LineageSink:
    """Turns a view's parsed rule into column lineage."""

    def __init__(self, section: Section, warn: Warn) -> None:
        self._section, self._warn = section, warn

    def write(self, record: bytes) -> int:
        view, names, inputs, rule = _rule_fields(record)
        for edge in view_edges(view, names, inputs, rule, self._warn):
            self._section.add(edge)
        return len(record)


_RULE_HEAD = re.compile(rb'(?:"[^"]*(?:""[^"]*)*"\|){3}"')


def _rule_fields(record: bytes) -> list[str]:
    """The four fields of a view's rule. The last is a hundred times the others and needs no
    pattern: it is all that follows them. Its quotes stay doubled, which `output_origins` allows.
    """
    head = _RULE_HEAD.match(record)
    if head is None:
        raise ExtractError(f"VIEW_RULES_SQL: not a record of four fields: {record[:100]!r}")
    rule = record[head.end() : -2].decode()
    return [*decode_record(record[: head.end() - 2].decode()), rule]


def _masked(masker: Masker, text: str, language: str, warn: Warn, where: str) -> str:
    before = masker.blanked
    masked = masker(text, language)
    if masker.blanked > before:
        warn("code_blanked", where)
    return masked


def _language(attributes: str) -> str:
    return str(json.loads(attributes).get("language", "sql")) if attributes else "sql"
