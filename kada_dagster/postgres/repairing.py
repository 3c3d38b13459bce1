"""Records as UTF-8, whatever the encoding of the database they come from."""

from __future__ import annotations

import re
from collections.abc import Callable

from kada_dagster.extracts.contract import DATABASE_LOG, LINKAGE, META, encode_row
from kada_dagster.extracts.reader import decode_record
from kada_dagster.postgres.client import Sink
from kada_dagster.postgres.statements import Statement

_IDENTIFYING = {META: 2, LINKAGE: 4, DATABASE_LOG: 1, "": 1}
"""How many fields name a record. No other may be shown: it could be code that is to be masked."""

_CLUSTER_NAMES = {
    "DATABASES_SQL": ("NAME", "DESCRIPTION"),
    "POLICIES_SQL": ("ATTRIBUTES",),
    "DEFAULT_PRIVILEGES_SQL": ("OBJECT_ID", "NAME", "PATH", "ATTRIBUTES"),
    "ROLES_SQL": ("OBJECT_ID", "NAME", "DESCRIPTION", "PATH"),
    "USER_MAPPINGS_SQL": ("OBJECT_ID", "NAME", "PATH"),
    "MEMBERSHIPS_SQL": ("SOURCE_OBJECT_ID", "TARGET_OBJECT_ID"),
    "GRANTS_SQL": ("SOURCE_OBJECT_ID",),
    "DEFAULT_PRIVILEGE_GRANTS_SQL": ("SOURCE_OBJECT_ID", "TARGET_OBJECT_ID"),
    "DATABASE_LOG_SQL": ("DATABASE_ID", "USER_NAME"),
}
"""Columns that hold names of roles or databases, as OWNER does everywhere."""

_NOT_ASCII = re.compile(r"[\x80-\xff]+")


class RepairingSink:
    """Makes records UTF-8. Bytes that are no text are replaced and counted.

    Names of the whole cluster are stored as the database spelled them in which they were made, and
    nothing says which that was. They are read as UTF-8 where they can be: the id of a role is then
    the same in every database.

    Args:
        sink: gets the records.
        statement: that they are of.
        codec: Python's name of the encoding they come in.
        warn: called with `not_utf8` and what names the record.
    """

    def __init__(
        self, sink: Sink, statement: Statement, codec: str, warn: Callable[[str, str], None]
    ) -> None:
        self._sink, self._codec, self._warn = sink, codec, warn
        names = (*_CLUSTER_NAMES.get(statement.name, ()), "OWNER")
        self._of_cluster = [column in names for column in statement.columns]
        self._identifying = _IDENTIFYING[statement.family]
        self._replaced = False

    def write(self, record: bytes) -> int:
        return self._sink.write(record if self._is_utf8(record) else self._decoded(record))

    def _is_utf8(self, record: bytes) -> bool:
        if record.isascii() or self._codec != "utf-8":
            return record.isascii()
        try:
            record.decode()
        except UnicodeDecodeError:
            return False
        return True

    def _decoded(self, record: bytes) -> bytes:
        self._replaced = False
        raw = decode_record(record.decode("latin-1"))  # a character a byte: no byte is lost
        fields = [
            _NOT_ASCII.sub(self._name, field) if of_cluster else self._text(field)
            for field, of_cluster in zip(raw, self._of_cluster, strict=True)
        ]
        if self._replaced:
            self._warn("not_utf8", " ".join(fields[: self._identifying]))
        return encode_row(fields)

    def _name(self, found: re.Match[str]) -> str:
        try:
            return found[0].encode("latin-1").decode()
        except UnicodeDecodeError:
            return self._text(found[0])

    def _text(self, raw: str) -> str:
        data = raw.encode("latin-1")
        try:
            return data.decode(self._codec)
        except UnicodeDecodeError:
            self._replaced = True
            return data.decode(self._codec, "replace")
