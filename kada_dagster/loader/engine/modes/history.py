"""`history`: every version a row had, with the time it was valid (slowly changing dimension 2).

All of a load happens at one moment: the clock of the server once this load alone has the table, so
that a load that waited for another one does not date its versions before the other's. The current
version has no end; where the column takes no NULL, its end is infinity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kada_dagster.loader.engine.context import Counts, LoadContext, LoadOutcome
from kada_dagster.loader.engine.copying import feed, may_replace
from kada_dagster.loader.engine.deletes import matches
from kada_dagster.loader.engine.keeping import keepers, refuse_missing
from kada_dagster.loader.engine.rows import WaitingRows
from kada_dagster.loader.engine.table import Table, describe
from kada_dagster.loader.engine.target import names
from kada_dagster.loader.errors import SchemaMismatchError, TargetError

if TYPE_CHECKING:
    from psycopg2.sql import Composable


def load_history(context: LoadContext) -> LoadOutcome:
    """Close the versions that ended, and open those that began.

    `updated` counts keys with a new version, or whose columns that are not tracked changed in
    place; `deleted` those whose version was closed since the key is gone.

    Raises:
        LoaderError: the target is as it was.
    """
    plan = context.plan
    table = describe(context.target, plan.schema, plan.table)
    _require_columns(table, plan.history.names)
    waiting = WaitingRows.read(context, table, feed(context, table), is_joined=True)
    waiting.require_key(plan.key)
    if not may_replace(context, waiting.rows):
        return LoadOutcome(Counts(), waiting.size)
    moment = context.target.rows("clock", "SELECT clock_timestamp()::text")[0][0]
    versions = _Versions(context, table, waiting, str(moment))
    gone = versions.close_missing() if plan.deletes != "none" else 0
    changed = versions.close_changed()
    refreshed = versions.refresh()
    opened = versions.open()
    counts = Counts(
        waiting.rows,
        opened - changed,
        changed + refreshed,
        gone,
        waiting.rows - opened - refreshed,
    )
    return LoadOutcome(counts, waiting.size, notes={"moment": str(moment)})


def _require_columns(table: Table, columns: tuple[str, str, str]) -> None:
    began, ended, current = table.named(columns)
    for column in (began, ended):
        if not column.type.startswith("timestamp"):
            raise SchemaMismatchError(
                f"{table}: {column.name} is {column.type}; mode history needs a timestamp there"
            )
    if current.type != "boolean":
        raise SchemaMismatchError(f"{table}: {current.name} is {current.type}, not boolean")


@dataclass(frozen=True)
class _Versions:
    """The statements of one load."""

    context: LoadContext
    table: Table
    waiting: WaitingRows
    moment: str

    def close_missing(self) -> int:
        """Versions whose key is gone."""
        from psycopg2.sql import SQL

        missing = SQL("NOT EXISTS (SELECT FROM {} AS new WHERE {})")
        condition = missing.format(self.waiting.place, self._same_key)
        return self._close(condition)

    def close_changed(self) -> int:
        """Versions of which a tracked column is another one now."""
        from psycopg2.sql import SQL

        condition = SQL("{} AND {}").format(self._same_key, _differs(self._tracked))
        return self._close(condition, SQL("{} AS new").format(self.waiting.place))

    def refresh(self) -> int:
        """Columns that are not tracked, changed in the current version."""
        from psycopg2.sql import SQL, Identifier

        key, tracked = self.context.plan.key, self._tracked
        other = [name for name in self.waiting.given.names if name not in (*key, *tracked)]
        if not other:
            return 0
        changes = [SQL("{0} = new.{0}").format(Identifier(name)) for name in other]
        statement = SQL("UPDATE {} AS kept SET {} FROM {} AS new WHERE kept.{} AND {} AND {}")
        made = statement.format(
            self.table.identifier,
            SQL(", ").join(changes),
            self.waiting.place,
            self._current,
            self._same_key,
            _differs(other),
        )
        return self.context.target.run(f"update {self.table}", made)

    def open(self) -> int:
        """A version for each key that has none open."""
        from psycopg2.sql import SQL, Literal

        read = names(self.waiting.given.names)
        ended = self.table.named(self.context.plan.history.names)[1]
        statement = SQL(
            "INSERT INTO {} ({}, {}) SELECT {}, {}, {}, true FROM {} AS new WHERE {}"
        ).format(
            self.table.identifier,
            read,
            names(self.context.plan.history.names),
            read,
            SQL("{}::{}").format(Literal(self.moment), SQL("timestamptz")),
            SQL("'infinity'" if ended.not_null else "NULL"),
            self.waiting.place,
            self._has_none,
        )
        target = self.context.target
        opened = target.run(f"new versions of {self.table}", statement)
        if keepers(target, self.table, "insert"):
            lacking = SQL("SELECT count(*) FROM {} AS new WHERE {}")
            count = lacking.format(self.waiting.place, self._has_none)
            found = target.rows(f"versions {self.table} lacks", count)[0][0]
            refuse_missing(target, self.table, int(found))
        return opened

    def _close(self, condition: Composable, joined: Composable | None = None) -> int:
        """End current versions now; one that begins later means that the clock went back."""
        from psycopg2.sql import SQL, Identifier, Literal

        began, ended, current = map(Identifier, self.context.plan.history.names)
        statement = SQL(
            "WITH closed AS (UPDATE {} AS kept SET {} = {}::timestamptz, {} = false{} "
            "WHERE kept.{} AND {} RETURNING kept.{} >= {}::timestamptz AS is_later) "
            "SELECT count(*), count(*) FILTER (WHERE is_later) FROM closed"
        ).format(
            self.table.identifier,
            ended,
            Literal(self.moment),
            current,
            SQL("") if joined is None else SQL(" FROM ") + joined,
            current,
            condition,
            began,
            Literal(self.moment),
        )
        closed, later = self.context.target.rows(f"close versions of {self.table}", statement)[0]
        if later:
            raise TargetError(
                f"{self.table}: {later} versions begin later than now, {self.moment}: the clock of "
                "the server went back. Wait until it is past them, or correct their begin"
            )
        self._require_closed(condition, joined)
        return int(closed)

    def _require_closed(self, condition: Composable, joined: Composable | None) -> None:
        from psycopg2.sql import SQL

        target, table = self.context.target, self.table
        if not (why := keepers(target, table, "update")):
            return
        also = SQL("") if joined is None else SQL(", ") + joined
        open_still = SQL("SELECT count(*) FROM {} AS kept{} WHERE kept.{} AND {}")
        count = open_still.format(table.identifier, also, self._current, condition)
        if found := int(target.rows(f"open versions of {table}", count)[0][0]):
            raise TargetError(
                f"{table}: {found} versions were not closed, because of {why}. Let it take the "
                "updates of the loading role"
            )

    @property
    def _tracked(self) -> list[str]:
        plan = self.context.plan
        read = [name for name in self.waiting.given.names if name not in plan.key]
        if unknown := [name for name in plan.history.track if name not in read]:
            raise SchemaMismatchError(f"{self.table}: history.track: {unknown[0]} is not read")
        return plan.history.track or read

    @property
    def _same_key(self) -> Composable:
        return matches("new", "kept", self.table.named(self.context.plan.key))

    @property
    def _has_none(self) -> Composable:
        """The condition that a key has no open version."""
        from psycopg2.sql import SQL

        none = SQL("NOT EXISTS (SELECT FROM {} AS kept WHERE kept.{} AND {})")
        return none.format(self.table.identifier, self._current, self._same_key)

    @property
    def _current(self) -> Composable:
        from psycopg2.sql import Identifier

        return Identifier(self.context.plan.history.names[2])


def _differs(columns: list[str]) -> Composable:
    """To the bit; false without columns."""
    from psycopg2.sql import SQL, Identifier

    if not columns:
        return SQL("false")
    old, new = (
        SQL(", ").join(Identifier(side, name) for name in columns) for side in ("kept", "new")
    )
    return SQL("ROW({})::record *<> ROW({})::record").format(old, new)
