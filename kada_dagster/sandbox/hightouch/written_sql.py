"""SQL in the words of each database, beside what it reads and what its columns are made from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from kada_dagster.sandbox.hightouch.model import ColumnOf, RawSql
from kada_dagster.sandbox.hightouch.naming import TableOf
from kada_dagster.sandbox.hightouch.places import Dialect, Place

COLUMNS = ("id", "email", "first_name", "last_name", "created_at")
"""Columns that every table has."""

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*", re.IGNORECASE)
_FOLDS = {
    "snowflake": str.upper,
    "postgres": str.lower,
    "redshift": str.lower,
    "databricks": str.lower,
}
_NO_CASE = ("redshift", "databricks")  # quotes make no difference to them


def stored(dialect: Dialect, name: str) -> str:
    """A name as the database stores it when it is written without quotes, where it can be."""
    fold = _FOLDS.get(dialect)
    return fold(name) if fold and (dialect in _NO_CASE or _PLAIN.fullmatch(name)) else name


@dataclass(frozen=True)
class Written:
    """A table as it stands in a text, and what it is."""

    text: str
    table: TableOf


class Writer:
    """Writes queries for one source.

    Args:
        random: makes the choices.
        place: the source.
    """

    def __init__(self, random: Random, place: Place) -> None:
        self._random = random
        self._dialect: Dialect = place.dialect
        self._place = place

    def table(self, name: str) -> Written:
        """A table of that name: bare, with a schema, or with another database too."""
        name = stored(self._dialect, name)
        if not self._place.has_schemas:
            table = TableOf("", self._random.choice(("", self._place.database)), name)
        else:
            schemas = (self._place.schema or "staging", "staging", "Mixed Case")
            database = self._random.choice((self._place.database, "elsewhere"))
            parts = (database, self._random.choice(schemas))
            less = self._random.choice((0, 1, 1, 2))
            kept = (stored(self._dialect, part) for part in parts[less:])
            names = [*("",) * less, *kept, name]
            table = TableOf(names[0], names[1], names[2])
        return Written(".".join(self.quoted(part) for part in table if part), table)

    def quoted(self, name: str) -> str:
        """A stored name as it is written; without quotes only where that comes to the same."""
        if _PLAIN.fullmatch(name) and stored(self._dialect, name) == name:
            folds = self._dialect in _FOLDS
            return self._random.choice((name.lower(), name.upper())) if folds else name
        mark = "`" if self._dialect in ("bigquery", "databricks") else '"'
        return f"{mark}{name}{mark}"

    def query(self, shape: int, names: tuple[str, str]) -> RawSql:
        """A query of a shape (any number) that reads one or two tables of these names."""
        shapes = (
            self._plain, self._join, self._with, self._union, self._star,
            self._grouped, self._constants, self._nested,
        )  # fmt: skip
        first, second = self.table(names[0]), self.table(names[1])
        return shapes[shape % len(shapes)](first, second)

    def column(self, name: str) -> str:
        """A column of the output as it is stored."""
        return stored(self._dialect, name)

    def _of(self, written: Written, *names: str) -> tuple[ColumnOf, ...]:
        return tuple((written.table, self.column(name)) for name in names)

    def _plain(self, one: Written, _: Written) -> RawSql:
        sql = f"select id, email, first_name, upper(last_name) as shout\nfrom {one.text}"
        same = {self.column(name): self._of(one, name) for name in ("id", "email", "first_name")}
        columns = {**same, self.column("shout"): self._of(one, "last_name")}
        return RawSql(sql=sql, reads=(one.table,), columns=columns)

    def _join(self, one: Written, two: Written) -> RawSql:
        sql = (
            f"select a.id, b.email, concat(a.first_name, b.last_name) as full_name "
            f"from {one.text} as a left join {two.text} as b on a.id = b.id"
        )
        full = (*self._of(one, "first_name"), *self._of(two, "last_name"))
        columns = {
            self.column("id"): self._of(one, "id"),
            self.column("email"): self._of(two, "email"),
            self.column("full_name"): full,
        }
        return RawSql(sql=sql, reads=(one.table, two.table), columns=columns)

    def _with(self, one: Written, _: Written) -> RawSql:
        sql = (
            f"with recent as (select id, email from {one.text} where created_at > '2025-01-01')\n"
            "select r.id as id, lower(r.email) as email -- all of them\nfrom recent as r"
        )
        columns = {self.column(name): self._of(one, name) for name in ("id", "email")}
        return RawSql(sql=sql, reads=(one.table,), columns=columns)

    def _union(self, one: Written, two: Written) -> RawSql:
        sql = f"select id, email from {one.text} union all select id, email from {two.text}"
        columns = {
            self.column(name): (*self._of(one, name), *self._of(two, name))
            for name in ("id", "email")
        }
        return RawSql(sql=sql, reads=(one.table, two.table), columns=columns)

    def _star(self, one: Written, _: Written) -> RawSql:
        sql = f"select * from {one.text}"
        return RawSql(sql=sql, reads=(one.table,), has_any=True)

    def _grouped(self, one: Written, _: Written) -> RawSql:
        last = "max(created_at) as last_seen"
        sql = f"select id, {last} from {one.text} group by id having count(*) > 1"
        columns = {
            self.column("id"): self._of(one, "id"),
            self.column("last_seen"): self._of(one, "created_at"),
        }
        return RawSql(sql=sql, reads=(one.table,), columns=columns)

    def _constants(self, one: Written, _: Written) -> RawSql:
        sql = f"select id, 'this | \"here\"' as label, 42 as answer from {one.text}"
        columns = {self.column("id"): self._of(one, "id")}
        constant = {self.column("label"): (), self.column("answer"): ()}
        return RawSql(sql=sql, reads=(one.table,), columns={**columns, **constant})

    def _nested(self, one: Written, _: Written) -> RawSql:
        sql = (
            f"select s.id, s.email from (select id, email from {one.text} "
            "where email is not null) as s where s.id > 7"
        )
        columns = {self.column(name): self._of(one, name) for name in ("id", "email")}
        return RawSql(sql=sql, reads=(one.table,), columns=columns)
