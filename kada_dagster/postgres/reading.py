"""Reading one database: its statements run over a few connections that share one snapshot."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass

from kada_dagster.errors import ConnectionFailedError, PermissionDeniedError
from kada_dagster.postgres.client import ServerAddress, Session, Sink, open_session

_HEAVY = (
    "COLUMNS_SQL",
    "RELATIONS_SQL",
    "VIEW_RULES_SQL",
    "CONSTRAINTS_SQL",
    "INDEXES_SQL",
    "VIEW_LINEAGE_SQL",
)
"""The longest first, so that the connections end at about the same time."""


@dataclass(frozen=True)
class Task:
    """One statement on its way into a file.

    Attributes:
        name: of the statement.
        select: what to send.
        sink: gets the records.
        done: called with the number of rows when the statement is through.
    """

    name: str
    select: str
    sink: Sink
    done: Callable[[int], None]


def run_tasks(
    address: ServerAddress,
    first: Session,
    tasks: Sequence[Task],
    connections: int,
    denied: Callable[[str, str], None],
) -> None:
    """Run the tasks, the heavy ones first, all in the snapshot of `first`.

    Args:
        address: the server, for further connections.
        first: a session in its snapshot.
        tasks: what to run.
        connections: how many to use at most, `first` included.
        denied: called with a statement's name and the reason where the user may not read what it
            reads; the others go on. May be called by several threads at once.

    Raises:
        KadaError: the first failure of any task; the others are cancelled.
    """
    pending = deque(sorted(tasks, key=_weight))
    with ExitStack() as stack:
        sessions = [first]
        if connections > 1 and len(tasks) > 1:
            wanted = min(connections, len(tasks)) - 1
            sessions += _more_sessions(address, first, wanted, stack)
        pool = stack.enter_context(ThreadPoolExecutor(len(sessions), "kada-postgres"))
        futures = [pool.submit(_work, session, pending, denied) for session in sessions]
        try:
            for future in _finished(futures):
                future.result()
        except BaseException:  # Ctrl-C too: nothing goes on reading for nobody
            pending.clear()
            _stop(sessions, futures)
            raise


def _finished(futures: Sequence[Future[None]]) -> set[Future[None]]:
    """Wait for all, or the first failure. Waiting without end would not hear a signal that the
    system gave to another thread."""
    while True:
        done, running = wait(futures, timeout=0.2, return_when=FIRST_EXCEPTION)
        if not running or any(future.exception() for future in done):
            return done


def _more_sessions(
    address: ServerAddress, first: Session, wanted: int, stack: ExitStack
) -> list[Session]:
    snapshot = first.export_snapshot()
    sessions: list[Session] = []
    for _ in range(wanted):
        try:
            session = open_session(address, first.database, snapshot)
        except ConnectionFailedError:  # the role's or server's connections are used up: one will do
            break
        sessions.append(stack.enter_context(session))
    return sessions


def _stop(sessions: Sequence[Session], futures: Sequence[Future[None]]) -> None:
    """Cancel until nothing runs: a statement may begin just after the server was asked to stop."""
    while wait(futures, timeout=0).not_done:
        for session, future in zip(sessions, futures):
            if not future.done():
                session.cancel()
        wait(futures, timeout=0.5)


def _work(session: Session, pending: deque[Task], denied: Callable[[str, str], None]) -> None:
    while True:
        try:
            task = pending.popleft()
        except IndexError:
            return
        try:
            task.done(session.copy(task.name, task.select, task.sink))
        except PermissionDeniedError as error:
            denied(task.name, str(error))


def _weight(task: Task) -> int:
    return _HEAVY.index(task.name) if task.name in _HEAVY else len(_HEAVY)
