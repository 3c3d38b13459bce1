"""Whether a load was committed, where the connection was lost before the server could say so.

Every load has an id, which its transaction writes with the state: the load was committed if and
only if the id is there. It is looked for under the lock of the load, so that the lost transaction
has come to an end in the server.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Event
from time import monotonic

from kada_dagster.errors import ConnectionFailedError
from kada_dagster.loader.definition.task_folder import Task
from kada_dagster.loader.engine.result import LoadResult, kept_result
from kada_dagster.loader.engine.split import Part
from kada_dagster.loader.engine.state import LoadState, StateTables
from kada_dagster.loader.engine.stopping import breakable
from kada_dagster.loader.engine.table import described
from kada_dagster.loader.engine.target import Target, transaction
from kada_dagster.loader.errors import LoadBusyError, TargetLostError
from kada_dagster.loader.server import Server
from kada_dagster.loader.source.base import TargetColumn

_WAIT_SECONDS = 60.0  # for another load of the same table
_PATIENCE = 60.0  # seconds for the target to come back
_PAUSE = 0.5
_REPEATED = "was made by another attempt of this load, which nobody heard of"
_LOST = "the connection was lost before the server could say that it had committed"


def load_lock(task: Task) -> str:
    """Name of the lock that every load of a task holds."""
    return f"kada_dagster loader: {task.id}"


@dataclass(frozen=True)
class Attempt:
    """One attempt to do a load.

    Attributes:
        task: to load.
        part: a range of it; None for the whole table.
        tables: where the state is kept.
        load_id: the same in all attempts to do this load.
    """

    task: Task
    part: Part | None
    tables: StateTables
    load_id: str

    @property
    def name(self) -> str:
        """Of the part; '' for the whole table."""
        return self.part.name if self.part else ""

    def begin(self, target: Target) -> LoadState:
        """Hold the lock of the load until the end of the transaction, and read its state.

        Ranges of a table are loaded side by side, but not beside the whole of it.

        Raises:
            LoadBusyError: another load held the lock all the time.
        """
        lock = load_lock(self.task)
        target.lock(lock, _WAIT_SECONDS, shared=self.part is not None)
        if self.part is not None:
            target.lock(f"{lock} {self.name}", _WAIT_SECONDS)
        return self.tables.read(target, self.task.id, self.name) or LoadState()

    def earlier(self, target: Target, state: LoadState, why: str = _REPEATED) -> LoadResult | None:
        """What this load came to, if the state says that it was committed."""
        if state.load_id != self.load_id:
            return None
        return kept_result(self.task, self.name, state, self.columns(target), why)

    def columns(self, target: Target) -> tuple[TargetColumn, ...]:
        """The columns of the table that take a value."""
        task = self.task
        return described(target, task.schema, task.table).columns if task.has_table else ()

    def find_out(self, server: Server, lost: TargetLostError) -> LoadResult:
        """Ask the server whether it committed; it may be starting again.

        Args:
            server: the target.
            lost: how the connection was lost.

        Raises:
            TargetLostError: it did not, or does not say: it stays away, or goes on committing.
        """
        stopped, end = Event(), monotonic() + _PATIENCE
        with breakable(stopped.set):
            while not stopped.is_set() and monotonic() < end:
                try:
                    with transaction(server) as target:
                        result = self.earlier(target, self.begin(target), _LOST)
                except (ConnectionFailedError, LoadBusyError):
                    stopped.wait(_PAUSE)
                    continue
                if result is None:
                    raise TargetLostError(f"{lost}; it was not committed")
                return result
        raise TargetLostError(f"{lost}; whether it was committed is not known")
