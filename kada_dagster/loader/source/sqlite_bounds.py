"""Ranges and marks of SQLite, where the type of a column says little of how its values compare.

A text is greater than every number, and moments are texts in one of several forms: a day, with a
time, with `T`, with a zone. Facts: https://www.sqlite.org/datatype3.html, 4.1, and
https://www.sqlite.org/lang_datefunc.html, 2.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from kada_dagster.api.values import moment_iso
from kada_dagster.loader.source.base import Bound
from kada_dagster.loader.source.statements import Compared
from kada_dagster.loader.source.target_types import NUMBERS, bare

_MOMENTS = frozenset({"date", "timestamp without time zone"})
# In UTC, with all digits of the second: SQLite's own functions keep three. A zone behind these
# does no harm, being less than any digit, but for Z. A number would be a day of the Julian count.
_KEY = """coalesce(CASE WHEN {0} NOT LIKE '____-__-__%' THEN NULL
WHEN instr({0}, '.') = 0 THEN datetime({0}) ELSE
datetime(substr({0}, 1, instr({0}, '.') - 1) ||
ltrim(substr({0}, instr({0}, '.') + 1), '0123456789')) ||
substr(rtrim({0}, 'Zz'), instr({0}, '.')) END, """
_STEP = timedelta(microseconds=1)


def sqlite_bound(bound: Bound, target: str, otherwise: str = "{0}") -> Bound:
    """A range whose ends are compared as what they mean.

    Args:
        bound: numbers, or texts as PostgreSQL prints them.
        target: the type of PostgreSQL that the column corresponds to.
        otherwise: SQL that stands for a moment SQLite cannot read, with `{0}` for the column.
    """
    if bare(target) in NUMBERS:
        made = [_number(end) for end in (bound.lower, bound.upper)]
    elif bare(target) in _MOMENTS:
        made = [_moment(end, otherwise) for end in (bound.lower, bound.upper)]
    else:
        return bound
    return replace(bound, lower=made[0], upper=made[1])


def _number(end: object) -> object:
    return Compared(end, mark="CAST({0} AS NUMERIC)") if isinstance(end, str) else end


def _moment(end: object, otherwise: str) -> object:
    """Half a microsecond earlier: the target rounds digits behind the sixth, which .NET writes."""
    found = moment_iso(end if ":" in end else f"{end} 00:00") if isinstance(end, str) else None
    if found is None or found.year == 1:
        return end
    text = (found - _STEP).replace(tzinfo=None).isoformat(" ", "microseconds")
    return Compared(f"{text}5", column=f"{_KEY}{otherwise})")
