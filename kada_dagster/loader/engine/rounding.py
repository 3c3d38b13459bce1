"""Columns that rows are found by again must hold what the source has, to the last digit.

A column of fewer digits rounds without a word. The mark is then past rows that were never read, and
a row at the end of a range belongs to one range at the source and to the next one in the target.
`date` does not round but cut: marks of it are never past anything, and ranges from midnight to
midnight are the same on both sides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kada_dagster.loader.engine.context import LoadContext
from kada_dagster.loader.engine.table import Table
from kada_dagster.loader.errors import SchemaMismatchError
from kada_dagster.loader.source.base import Bound
from kada_dagster.loader.source.postgres import PostgresSource
from kada_dagster.loader.type_parts import type_parts

_WHOLE = {"smallint": 5, "integer": 10, "bigint": 19}
_FLOATS = {"real": 6, "double precision": 15}  # decimal digits that are kept
_OF_SECONDS = 6  # digits, where none are told
_ANY = 1_000_000  # more digits than any type keeps
_MIDNIGHT = re.compile(r"\d+-\d\d-\d\d(?: 00:00:00)?\Z")


def require_exact(context: LoadContext, table: Table, bounds: Sequence[Bound]) -> None:
    """Refuse columns of the target that hold less than the source's have.

    Of queries only PostgreSQL tells the types; how many digits, not even that one.

    Args:
        context: of the load.
        table: of the target.
        bounds: by which rows will be found in the table, in columns of the source.

    Raises:
        SchemaMismatchError: one does; says what to do.
        LoaderError: the source's columns cannot be read.
    """
    plan, is_postgres = context.plan, isinstance(context.source, PostgresSource)
    is_table = plan.selection.table is not None
    if not bounds or not (is_table or is_postgres):
        return
    known = {column.name: column.target_type for column in context.source.columns(plan.selection)}
    own = {column.name: column.plain for column in table.columns}
    called = {source: target for target, source in plan.columns}
    for bound in bounds:
        name = called.get(bound.column, bound.column)
        want, have = known.get(bound.column), own.get(name)
        if want is None or have is None:
            continue
        if is_rounded(want, have, is_told=is_table and is_postgres) or _is_cut(want, have, bound):
            raise SchemaMismatchError(
                f"{table}: {name} is {have}, which holds less than {want} of the source: rows "
                f"would be left out or come twice. ALTER TABLE {table} ALTER COLUMN {name} TYPE "
                f"{want} (ver/NNN_*.sql), or read a query (source.query) that rounds it"
            )


def is_rounded(want: str, have: str, *, is_told: bool) -> bool:
    """Whether a column rounds values of another type.

    Args:
        want: the type of the values, as `format_type` prints it.
        have: the type of the column.
        is_told: whether `want` has all the digits it does not limit; else it may have fewer.
    """
    name, digits, scale = type_parts(have)
    if name.startswith("time"):
        return _digits_of_seconds(want, is_told=is_told) > (
            _OF_SECONDS if digits is None else digits
        )
    if name == "numeric" and digits is not None:
        return _numbers(want, is_told=is_told)[1] > (scale or 0)
    return name in _FLOATS and _numbers(want, is_told=is_told)[0] > _FLOATS[name]


def _is_cut(want: str, have: str, bound: Bound) -> bool:
    """Whether a range that does not end at midnight is one of days."""
    ends = [str(end) for end in (bound.lower, bound.upper) if end is not None]
    is_moment = want.startswith("timestamp") and have == "date"
    return is_moment and not all(_MIDNIGHT.match(end) for end in ends)


def _digits_of_seconds(kind: str, *, is_told: bool) -> int:
    name, digits, _ = type_parts(kind)
    if not name.startswith("time"):
        return 0
    return digits if digits is not None else _OF_SECONDS if is_told else 0


def _numbers(kind: str, *, is_told: bool) -> tuple[int, int]:
    """How many digits numbers of a type may have, and how many of them behind the point."""
    name, digits, scale = type_parts(kind)
    if name in _WHOLE:
        return _WHOLE[name], 0
    if name in _FLOATS:
        return _FLOATS[name], _ANY
    if name != "numeric" or (digits is None and not is_told):
        return 0, 0
    return (_ANY, _ANY) if digits is None else (digits, scale or 0)
