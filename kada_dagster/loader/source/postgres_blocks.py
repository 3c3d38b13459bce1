"""Rows in blocks of their key's order, each with a hash: the same statements for both servers.

A block is all rows from one key up to the next block's first one; texts are ordered by their bytes,
whatever the database's own order is. A row's hash is md5 over the text of its values as the
target's types print them; a block's is the sum of them, in two halves of 64 bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kada_dagster.loader.pg_types import FIRST_USER_OID
from kada_dagster.loader.source.base import Column, TargetColumn
from kada_dagster.loader.source.target_types import TEXTS, bare, base_of

if TYPE_CHECKING:
    from psycopg2.sql import Composable

_PADDED = "character"

Block = tuple[int, str, str]
"""Rows, and both sums."""


@dataclass(frozen=True)
class Blocks:
    """The statements over one side's rows.

    Attributes:
        rows: what stands behind FROM.
        condition: on them, with WHERE; or nothing.
        columns: of this side, in the order of `into`.
        into: columns of the target.
        key: names of the target's columns that tell rows apart.
    """

    rows: Composable
    condition: Composable
    columns: tuple[Column, ...]
    into: tuple[TargetColumn, ...]
    key: tuple[str, ...]

    def starts(self, size: int) -> Composable:
        """The first key of each block of that many rows, as texts, in order."""
        from psycopg2.sql import SQL

        keys = self._keys()
        listed = SQL(", ").join(keys)
        texts = SQL(", ").join(SQL("({})::text").format(key) for key in keys)
        return SQL(
            "SELECT r FROM (SELECT ARRAY[{}] AS r, row_number() OVER (ORDER BY {}) AS n FROM {}{})"
            " AS numbered WHERE (n - 1) % {}::int8 = 0 ORDER BY n"
        ).format(texts, listed, self.rows, self.condition, SQL(str(size)))

    def hashes(self, starts: Sequence[Sequence[str]]) -> Composable:
        """Number, rows and sums of each block that has rows."""
        from psycopg2.sql import SQL

        half = "sum(('x' || {}(m, 16))::bit(64)::bigint)::text"
        return SQL(
            "SELECT b, count(*), " + half.format("left") + ", " + half.format("right") + " FROM "
            "(SELECT {} AS b, md5(pg_catalog.convert_to(ROW({})::text, 'UTF8')) AS m FROM {}{}"
            " OFFSET 0) AS hashed GROUP BY b"
        ).format(self.number(starts), SQL(", ").join(self._texts()), self.rows, self.condition)

    def number(self, starts: Sequence[Sequence[str]]) -> Composable:
        """The block a row is in, from 1; 0 for rows before all of them."""
        from psycopg2.sql import SQL, Literal

        columns = [self._into(name) for name in self.key]
        made = [
            self._joined([_ordered(Literal(text), column) for text, column in zip(start, columns)])
            for start in starts
        ]
        array = SQL("ARRAY[{}]").format(SQL(", ").join(made))
        return SQL("pg_catalog.width_bucket({}, {})").format(self._joined(self._keys()), array)

    def _joined(self, parts: list[Composable]) -> Composable:
        """One value of the parts of a key; arrays would become one of more dimensions."""
        from psycopg2.sql import SQL

        is_array = base_of(self._into(self.key[0])).endswith("[]")
        if len(parts) == 1 and not is_array:
            return parts[0]
        return SQL("ROW({})").format(SQL(", ").join(parts))

    def _keys(self) -> list[Composable]:
        own = {want.name: _value(have, want) for want, have in zip(self.into, self.columns)}
        return [_ordered(own[name], self._into(name)) for name in self.key]

    def _into(self, name: str) -> TargetColumn:
        return next(column for column in self.into if column.name == name)

    def _texts(self) -> list[Composable]:
        """Values as the target prints them, read by its type where the source has another one."""
        from psycopg2.sql import SQL

        made: list[Composable] = []
        for have, want in zip(self.columns, self.into):
            is_other = have.target_type != want.type and base_of(want) not in TEXTS
            is_known = want.facts is not None and want.facts.oid < FIRST_USER_OID
            cast = f"::{want.type}::text" if is_other and is_known else ""
            made.append(SQL("{}::text" + cast).format(_value(have, want)))
        return made


def differing(source: dict[int, Block], target: dict[int, Block]) -> list[int]:
    """Numbers of the blocks that are not the same on both sides."""
    return sorted(
        number
        for number in source.keys() | target.keys()
        if source.get(number) != target.get(number)
    )


def by_number(rows: Sequence[tuple[Any, ...]]) -> dict[int, Block]:
    """What `Blocks.hashes` gave, by block; rows without a key are in block -1."""
    return {-1 if row[0] is None else row[0]: (row[1], row[2], row[3]) for row in rows}


def _value(have: Column, want: TargetColumn) -> Composable:
    """A column as COPY prints it: a `char(n)` with its blanks, which a cast to text leaves out."""
    from psycopg2.sql import SQL, Identifier

    name = Identifier(have.name)
    was_padded, is_padded = bare(have.target_type) == _PADDED, base_of(want) == _PADDED
    if was_padded and not is_padded:
        return SQL("(CASE WHEN {0} IS NOT NULL THEN pg_catalog.concat({0}) END)").format(name)
    return SQL("{}::text::bpchar").format(name) if is_padded and not was_padded else name


def _ordered(value: Composable, column: TargetColumn) -> Composable:
    """A value of the key in an order both servers share."""
    from psycopg2.sql import SQL

    is_user = column.facts is None or column.facts.oid >= FIRST_USER_OID
    if is_user or base_of(column) in TEXTS:
        return SQL('{}::text COLLATE "C"').format(value)
    return SQL("{}::" + base_of(column)).format(value)
