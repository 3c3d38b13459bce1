"""What is to be generated, and which tables it is about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from kada_dagster.errors import ConfigError

GeneratedMode = Literal["full", "upsert", "incremental"]
_PARTS = re.compile(r'(?:"((?:[^"]|"")+)"|([^".]+))(?:\.(.+))?\Z', re.DOTALL)


@dataclass(frozen=True)
class Request:
    """How tasks are made of tables.

    Attributes:
        route: they become part of.
        schema: of the source; None for the usual one.
        pattern: of the names of tables, with `*` and `?`.
        into: schema of the target.
        mode: of the tasks, where a table allows it.
        cursor: of mode incremental.
        connection: profile they read, where it is not the route's.
        has_ddl_files: whether tables are made by version files, not from the source's columns.
        empty: what an empty source means; None to say nothing.
    """

    route: str
    schema: str | None
    pattern: str
    into: str
    mode: GeneratedMode = "full"
    cursor: str | None = None
    connection: str | None = None
    has_ddl_files: bool = False
    empty: str | None = None

    def matches(self, table: str) -> bool:
        """Whether a table is meant."""
        return fnmatchcase(table, self.pattern)


def parts_of_name(text: str) -> tuple[str, str]:
    """Schema and pattern of `SCHEMA[.PATTERN]`; a schema with a dot stands in double quotes.

    Raises:
        ConfigError: it is not written so.
    """
    match = _PARTS.match(text)
    if match is None:
        raise ConfigError(
            f"{text}: write SCHEMA or SCHEMA.TABLE; a schema with a dot in double quotes"
        )
    quoted, plain, pattern = match.groups()
    return quoted.replace('""', '"') if quoted else plain, pattern or "*"
