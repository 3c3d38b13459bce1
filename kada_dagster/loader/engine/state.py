"""What was loaded last, in tables of the target: written in the very transaction that loaded it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kada_dagster.loader.engine.table import sql
from kada_dagster.loader.engine.target import Target, transaction
from kada_dagster.loader.server import Server

if TYPE_CHECKING:
    from psycopg2.sql import Composed

SCHEMA = "kada_loader"
"""Where the tables are, unless the configuration says otherwise."""

_LOCK = "kada_dagster loader: state tables"
_PATIENCE = 60.0  # seconds
_CURSOR = "cursor"


@dataclass(frozen=True)
class LoadState:
    """What is known of the last load of a task, or of a part of it.

    Attributes:
        mark: of an incremental load, as text.
        fingerprint: of the definition.
        rows: that were read.
        facts: what the mode keeps for its next load.
        load_id: of that load.
        outcome: what it came to; see `LoadResult.outcome`.
    """

    mark: str | None = None
    fingerprint: str = ""
    rows: int = 0
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    load_id: str = ""
    outcome: dict[str, Any] = field(default_factory=dict[str, Any])


def cursor_fact(cursor: str | None) -> dict[str, Any]:
    """What to keep of the column a mark is of."""
    return {_CURSOR: cursor} if cursor else {}


def of_cursor(state: LoadState, cursor: str | None) -> LoadState:
    """The state, without the mark if that is one of another column: all rows come once more."""
    is_other = state.facts.get(_CURSOR, cursor) != cursor
    return replace(state, mark=None) if is_other else state


@dataclass(frozen=True)
class StateTables:
    """The tables, in one schema.

    Attributes:
        schema: its name.
    """

    schema: str = SCHEMA

    def require(self, target: Target, server: Server, schema: str | None = None) -> None:
        """Have the tables made where they are missing, over a connection of its own.

        Not in the load's transaction: another load would have to wait for the end of that.

        Args:
            target: the load's transaction, which holds no locks yet.
            server: the target.
            schema: to be made as well.

        Raises:
            LoaderError: they are missing and the role may not make them.
        """
        if self._lacks(target, schema) != (False, False):
            self.prepare(server, schema)

    def prepare(self, server: Server, schema: str | None = None) -> None:
        """Make the tables where they are missing, in a transaction of its own; see `require`."""
        with transaction(server) as target:
            lacks_tables, lacks_schema = self._lacks(target, schema)
            if lacks_tables or lacks_schema:
                target.lock(_LOCK, _PATIENCE)
            if lacks_tables:
                _make_schema(target, self.schema)
                target.run("state tables", self._text(sql("state_tables")))
            if lacks_schema:
                _make_schema(target, schema or "")

    def are_in(self, target: Target) -> bool:
        """Whether they were made."""
        statement = "SELECT to_regclass(quote_ident(%s) || '.versions') IS NOT NULL"
        return bool(target.catalogue("state tables", statement, (self.schema,))[0][0])

    def read(self, target: Target, task: str, part: str = "") -> LoadState | None:
        """What is known of a task; None before its first load."""
        rows = target.rows(f"state of {task}", self._text(sql("state_read")), (task, part))
        return LoadState(*rows[0]) if rows else None

    def write(self, target: Target, task: str, state: LoadState, part: str = "") -> None:
        """Note a load; it counts when the transaction is committed."""
        from psycopg2.extras import Json

        known = (state.mark, state.fingerprint, state.rows, Json(state.facts))
        values = (task, part, *known, state.load_id, Json(state.outcome))
        target.run(f"state of {task}", self._text(sql("state_write")), values)

    def age(self, target: Target, task: str) -> float | None:
        """Seconds since the last load of a task, or of a part of it; None before the first."""
        text = (
            "SELECT extract(epoch FROM clock_timestamp() - max(finished_at))::float8 "
            "FROM {schema}.state WHERE task = %s"
        )
        return target.rows(f"state of {task}", self._text(text), (task,))[0][0]

    def versions(self, target: Target, task: str) -> dict[int, str]:
        """Numbers and checksums of the version files of a task that were applied."""
        text = "SELECT number, checksum FROM {schema}.versions WHERE task = %s"
        rows = target.rows(f"versions of {task}", self._text(text), (task,))
        return {int(row[0]): str(row[1]) for row in rows}

    def note_version(
        self, target: Target, task: str, number: int, file: str, checksum: str
    ) -> None:
        """Note that a version file was applied, or is accepted as it is."""
        values = (task, number, file, checksum)
        target.run(f"versions of {task}", self._text(sql("version_write")), values)

    def forget(self, target: Target, task: str) -> None:
        """Forget the state of a task: its next load is like its first."""
        text = "DELETE FROM {schema}.state WHERE task = %s"
        target.run(f"state of {task}", self._text(text), (task,))

    def _text(self, text: str) -> Composed:
        from psycopg2.sql import SQL, Identifier

        return SQL(text).format(schema=Identifier(self.schema))

    def _lacks(self, target: Target, schema: str | None) -> tuple[bool, bool]:
        """Whether the tables are missing, and whether the schema is."""
        lacks_schema = schema is not None and not _is_there(target, schema)
        return not self.are_in(target), lacks_schema


def _is_there(target: Target, schema: str) -> bool:
    found = "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = %s"
    return bool(target.catalogue(f"schema {schema}", found, (schema,)))


def _make_schema(target: Target, schema: str) -> None:
    """Somebody else may have made it meanwhile, or a role that may not make it just uses it."""
    from psycopg2.sql import SQL, Identifier

    if not _is_there(target, schema):
        create = SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(schema))
        target.run(f"schema {schema}", create)
