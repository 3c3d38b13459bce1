"""A new table that takes an old one's place, in one transaction and without a moment between.

The new one is made and filled beside the old one; a short lock changes their names. That is done
only where nothing else refers to the table itself: a view, say, would go on reading the old one.
`obstacles` tells what stands in the way.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kada_dagster.api.clock import Clock, SystemClock
from kada_dagster.loader.engine.table import Table, sql
from kada_dagster.loader.engine.target import Target
from kada_dagster.loader.errors import LoadBusyError

if TYPE_CHECKING:
    from psycopg2.sql import Identifier

_LOCK_MS = 1000  # who waits for this lock keeps new readers waiting: not for longer than this
_SHAPE = ("storage", "indexes")  # steps that were done before the old table was locked
_LIKE = {
    "DEFAULTS": 0,
    "CONSTRAINTS": 0,
    "COMMENTS": 0,
    "STORAGE": 0,
    "GENERATED": 12,
    "COMPRESSION": 14,
}
"""What a table beside another takes over, and the version of the server from which it can."""


def obstacles(target: Target, table: Table) -> list[str]:
    """Why no other table can take the place of this one; empty if one can."""
    rows = target.rows(f"what depends on {table}", sql("obstacles"), {"oid": table.oid})
    return [row[0] for row in rows]


@dataclass(frozen=True)
class Replacement:
    """A table beside the one it will replace.

    Attributes:
        target: the transaction.
        table: the one to be replaced.
        name: of the new one, in the same schema.
    """

    target: Target
    table: Table
    name: str

    @classmethod
    def make(cls, target: Target, table: Table) -> Replacement:
        """Make it: the same shape, empty, still without indexes.

        Raises:
            LoaderError: the server refuses, as without CREATE on the schema.
        """
        from psycopg2.sql import SQL, Identifier

        made = cls(target, table, f"_load_{table.oid}_{random.getrandbits(32):08x}")
        like = " ".join(f"INCLUDING {it}" for it, at in _LIKE.items() if target.version >= at)
        kept, by = target.catalogue(f"storage of {table}", sql("storage"), {"oid": table.oid})[0]
        statement = SQL("CREATE {} TABLE {} (LIKE {} {}){}").format(
            SQL(kept),
            made.identifier,
            table.identifier,
            SQL(like),
            SQL(" USING {}").format(Identifier(by)) if by else SQL(""),
        )
        with local_setting(target, "default_tablespace", ""):
            target.run(f"make a table beside {table}", statement)
        made._run(made._steps(), "storage")
        return made

    @property
    def identifier(self) -> Identifier:
        """Its name, quoted."""
        from psycopg2.sql import Identifier

        return Identifier(self.table.schema, self.name)

    def take_over(self, lock_seconds: float, clock: Clock | None = None) -> None:
        """Give it the old one's indexes, privileges, owner and name, and drop the old one.

        Args:
            lock_seconds: how long readers may keep the old table from us.
            clock: what waits.

        Raises:
            LoadBusyError: they kept it all the time.
            LoaderError: the server refuses; a row may break a constraint.
        """
        from psycopg2.sql import SQL

        table, steps = self.table, self._steps()
        with local_setting(self.target, "default_tablespace", ""):
            self._run(steps, "indexes")
        self.target.run(f"analyze {table}", SQL("ANALYZE {}").format(self.identifier))
        with _short_waits(self.target):
            lock_from_readers(self.target, table, lock_seconds, clock)
            self._require_same(steps)
            self._run(self._steps(), "privileges")
            self.target.run(f"drop the old {table}", SQL("DROP TABLE {}").format(table.identifier))
            self._run(steps, "names")
        self.target.described.clear()  # it has another number now

    def _require_same(self, steps: list[tuple[str, str]]) -> None:
        """What somebody else gave the old table meanwhile would be dropped with it."""
        now, was = (
            {what for what in found if what[0] in _SHAPE} for found in (self._steps(), steps)
        )
        reasons = obstacles(self.target, self.table)
        if now != was or reasons:
            what = "; ".join(reasons) or "its indexes or settings are others"
            raise LoadBusyError(
                f"{self.table}: somebody changed it while it was loaded: {what}. Run the load again"
            )

    def _steps(self) -> list[tuple[str, str]]:
        values = {"oid": self.table.oid, "made": self.name}
        rows = self.target.catalogue(f"what {self.table} is like", sql("clone"), values)
        return [(row[0], row[1]) for row in rows]

    def _run(self, steps: list[tuple[str, str]], step: str) -> None:
        for kind, statement in steps:
            if kind == step:
                self.target.run(f"{step} of {self.table}", statement)


def lock_from_readers(
    target: Target, table: Table, seconds: float, clock: Clock | None = None
) -> None:
    """Hold a table alone, asking for it again and again with pauses that let others through.

    Raises:
        LoadBusyError: others kept it all the time.
    """
    from psycopg2.sql import SQL

    clock = clock or SystemClock()
    end = clock.now() + seconds
    lock = SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(table.identifier)
    while True:
        try:
            with target.attempt(), _short_waits(target):
                target.run(f"lock {table}", lock)
        except LoadBusyError as error:
            if clock.now() >= end:
                raise LoadBusyError(f"{error}; tried for {seconds:g} s") from None
            clock.sleep(0.2 + random.random())  # noqa: S311 - out of step with others
        else:
            return


@contextmanager
def local_setting(target: Target, name: str, value: str) -> Generator[None]:
    """A setting for the statements in here; those behind it have it as it was before.

    After an error the transaction or the savepoint around it ends, and the setting with it.
    """
    before = target.rows(name, "SELECT current_setting(%s)", (name,))[0][0]
    setting = "SELECT set_config(%s, %s, true)"
    target.run(name, setting, (name, value))
    yield
    target.run(name, setting, (name, before))


def _short_waits(target: Target) -> AbstractContextManager[None]:
    """No statement in here waits long for a lock."""
    return local_setting(target, "lock_timeout", str(_LOCK_MS))
