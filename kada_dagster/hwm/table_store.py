"""High water marks in tables of a PostgreSQL database: one transaction a change, one row's lock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from typing import Any, TypeVar

from kada_dagster.errors import ConfigError, WatermarkError
from kada_dagster.hwm.history import LONGEST_HISTORY, MarkChange
from kada_dagster.hwm.mark import MarkState, advanced, moved, settled, uploaded
from kada_dagster.hwm.mark_format import check_mark_name
from kada_dagster.hwm.table_session import TablesMissingError, Transaction, transaction
from kada_dagster.hwm.window import Window
from kada_dagster.postgres.client import ServerAddress

_T = TypeVar("_T")
_Step = Callable[[MarkState], MarkState]


class TableMarkStore:
    """Keeps marks in the table `high_water_mark`; see `MarkStore` for what the methods do.

    Args:
        address: the server.
        database: its database.
        schema: of the tables; they are made with the first mark, where they are missing.
    """

    def __init__(self, address: ServerAddress, database: str, schema: str = "kada") -> None:
        self.address, self.database, self.schema = address, database, schema

    def read(self, name: str) -> MarkState:
        """The present state; an empty one before the first upload."""
        check_mark_name(name)
        return self._reading(lambda open_: settled(_stored(open_, name)), MarkState())

    def record(self, name: str, window: Window, first: datetime) -> MarkState:
        """Note that a window was uploaded; the mark never moves back."""
        return self._change(name, "uploaded", lambda s: uploaded(s, window, first), window)

    def set(self, name: str, moment: datetime) -> MarkState:
        """Put the mark where the operator wants it."""
        return self._change(name, "set", lambda state: moved(state, moment))

    def advance(self, name: str, moment: datetime) -> MarkState:
        """Move the mark forward to a moment; it stays when it is there already or beyond."""
        return self._change(name, "published", lambda state: advanced(state, moment))

    def history(self, name: str, limit: int = LONGEST_HISTORY) -> Sequence[MarkChange]:
        """The last changes of the mark, oldest first."""
        check_mark_name(name)
        wanted = max(0, min(limit, LONGEST_HISTORY))
        rows = self._reading(lambda open_: open_.run("read_changes", name=name, limit=wanted), [])
        return [_change(row) for row in reversed(rows)]

    def describe(self, name: str) -> str:
        """Server, database, table and row."""
        where = f"{self.address.server}:{self.address.port}/{self.database}"
        return f"{where}, table {self.schema}.high_water_mark, row {check_mark_name(name)}"

    def _change(
        self, name: str, action: str, step: _Step, window: Window | None = None
    ) -> MarkState:
        def work(open_: Transaction) -> MarkState:
            open_.run("lock_mark", name=name)
            before = _stored(open_, name)
            after = step(before)
            if after != before:
                _save(open_, name, after)
                _add(open_, name, MarkChange.now(action, window, before, after))
            return settled(after)

        check_mark_name(name)
        return self._writing(work)

    def _reading(self, work: Callable[[Transaction], _T], nothing: _T) -> _T:
        try:
            with transaction(self.address, self.database, self.schema, read_only=True) as open_:
                return work(open_)
        except TablesMissingError:
            return nothing

    def _writing(self, work: Callable[[Transaction], _T]) -> _T:
        try:
            with transaction(self.address, self.database, self.schema) as open_:
                return work(open_)
        except TablesMissingError:
            with transaction(self.address, self.database, self.schema) as open_:
                if not open_.run("find_schema"):
                    open_.run("create_schema")
                open_.run("create_tables")
        with transaction(self.address, self.database, self.schema) as open_:
            return work(open_)


def _stored(open_: Transaction, name: str) -> MarkState:
    try:
        rows = open_.run("read_mark", name=name)
        mark = rows[0][0] if rows else None
        return MarkState(mark, tuple(Window(s, e) for _, s, e in rows if s is not None))
    except (ConfigError, ValueError, OverflowError) as error:  # moments Python does not know
        raise WatermarkError(
            f"high water mark {name!r} in the table: {error}; correct the row"
        ) from None


def _save(open_: Transaction, name: str, state: MarkState) -> None:
    starts, ends = [span.start for span in state.ahead], [span.end for span in state.ahead]
    open_.run("save_mark", name=name, mark=state.mark, starts=starts, ends=ends)


def _add(open_: Transaction, name: str, change: MarkChange) -> None:
    window = change.window
    open_.run(
        "add_change",
        name=name,
        at=change.at,
        action=change.action,
        start=window and window.start,
        end=window and window.end,
        before=change.before,
        after=change.after,
        kept=LONGEST_HISTORY,
    )


def _change(row: tuple[Any, ...]) -> MarkChange:
    at, action, start, end, before, after = row
    return MarkChange(
        at.astimezone(timezone.utc),
        action,
        Window(start, end) if start else None,
        before and before.astimezone(timezone.utc),
        after and after.astimezone(timezone.utc),
    )
