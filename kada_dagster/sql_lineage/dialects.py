"""How each database reads names: folding, case, and what a name may stand for.

Sources: the "identifiers" pages of the manuals of Snowflake, PostgreSQL, Redshift, BigQuery and
Databricks; the last two compare column names without case but keep their spelling.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

_TO_LOWER = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


class Name(NamedTuple):
    """A column's or alias's name.

    Attributes:
        key: equal keys are the same name.
        text: the name as the database stores it.
    """

    key: str
    text: str


def _same(text: str) -> str:
    return text


def _ascii_lower(text: str) -> str:
    """PostgreSQL folds ASCII letters only, in UTF-8."""
    return text.translate(_TO_LOWER)


@dataclass(frozen=True)
class Dialect:
    """The rules of one database.

    Attributes:
        name: sqlglot's name of the dialect.
        bare: what becomes of a column's or alias's name without quotes.
        quoted: what becomes of one with quotes.
        bare_table: what becomes of a table's, schema's or database's name without quotes.
        quoted_table: what becomes of one with quotes.
        ignores_case: column names and aliases are compared without case.
        reuses_aliases: an item of SELECT may name an alias given before it in the same list.
        has_fields: `a.b` may be field b of column a.
        has_rows: the name of a relation, as an expression, is its whole row.
        has_casts_named: a column without an alias is named after its function, or after what a cast
            is of.
        implicit_recursion: WITH needs no RECURSIVE for a query that reads itself.
        functions: names without parentheses that are functions or hidden columns.
        columns_go_first: a column of such a name goes before the function.
    """

    name: str
    bare: Callable[[str], str] = _same
    quoted: Callable[[str], str] = _same
    bare_table: Callable[[str], str] = _same
    quoted_table: Callable[[str], str] = _same
    ignores_case: bool = False
    reuses_aliases: bool = False
    has_fields: bool = False
    has_rows: bool = False
    has_casts_named: bool = False
    implicit_recursion: bool = False
    functions: frozenset[str] = frozenset()
    columns_go_first: bool = False

    def column(self, text: str, quoted: bool) -> Name:
        """The name of a column, or of an alias, as written in the text."""
        stored = self.quoted(text) if quoted else self.bare(text)
        return self.stored(stored)

    def stored(self, text: str) -> Name:
        """The name of a column as the database stores it."""
        return Name(text.lower() if self.ignores_case else text, text)

    def table(self, text: str, quoted: bool) -> str:
        """A component of a table's name as the database stores it."""
        return self.quoted_table(text) if quoted else self.bare_table(text)


_SYSTEM = frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})
_POSTGRES = _SYSTEM | {
    "user", "current_user", "session_user", "current_role", "current_catalog", "current_schema",
    "localtime", "localtimestamp", "current_date", "current_time", "current_timestamp", "sysdate",
}  # fmt: skip

DIALECTS = {
    dialect.name: dialect
    for dialect in (
        Dialect(
            "snowflake",
            bare=str.upper,
            bare_table=str.upper,
            reuses_aliases=True,
            implicit_recursion=True,
            functions=frozenset({"LOCALTIME", "LOCALTIMESTAMP"}),
        ),
        Dialect(
            "postgres",
            bare=_ascii_lower,
            bare_table=_ascii_lower,
            has_rows=True,
            has_casts_named=True,
            functions=_POSTGRES,
        ),
        Dialect(
            "redshift",
            bare=_ascii_lower,
            quoted=_ascii_lower,
            bare_table=_ascii_lower,
            quoted_table=_ascii_lower,
            reuses_aliases=True,
            has_fields=True,
            has_casts_named=True,
            functions=_POSTGRES,
        ),
        Dialect(
            "bigquery",
            ignores_case=True,
            has_fields=True,
            has_rows=True,
            functions=frozenset(
                {"_partitiontime", "_partitiondate", "_table_suffix", "_file_name"}
            ),
        ),
        Dialect(
            "databricks",
            bare=str.lower,
            quoted=str.lower,
            bare_table=str.lower,
            quoted_table=str.lower,
            ignores_case=True,
            reuses_aliases=True,
            has_fields=True,
            functions=_POSTGRES | {"_metadata", "current_database", "current_timezone"},
            columns_go_first=True,
        ),
    )
}
"""The dialects whose names are known. A text of another is not analysed."""


def dialect_of(name: str) -> Dialect | None:
    """The dialect of a name, case not counting; `postgresql` is one of `postgres`."""
    return DIALECTS.get({"postgresql": "postgres"}.get(name.lower(), name.lower()))
