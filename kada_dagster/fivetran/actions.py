"""STATUS, START, TEST and FORCE_RESYNC: what somebody asks of a connection, from start to end.

All times are the server's; waits and the deadline are by a monotonic clock. How each step is done
is in `readiness`, `asking`, `waiting`, `ending`, `records` and `tables`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from kada_dagster.api.clock import Clock, SystemClock
from kada_dagster.api.stopping import Stop, current
from kada_dagster.fivetran.asking import Asked, ask_for_sync
from kada_dagster.fivetran.client import FivetranClient
from kada_dagster.fivetran.connection import Connection
from kada_dagster.fivetran.ending import tidied
from kada_dagster.fivetran.errors import SyncFailedError
from kada_dagster.fivetran.options import StartOptions
from kada_dagster.fivetran.outcomes import SyncOutcome, TestOutcome
from kada_dagster.fivetran.readiness import SkippedError
from kada_dagster.fivetran.records import failure_told, success_told
from kada_dagster.fivetran.resync_asking import ask_for_everything, ask_for_tables
from kada_dagster.fivetran.run import Report, Run, logged
from kada_dagster.fivetran.waiting import IDLE, Waiting

__all__ = [
    "StartOptions",
    "SyncOutcome",
    "TestOutcome",
    "force_resync",
    "resync_everything",
    "start",
    "status",
    "test",
]

_KICK = 60.0  # seconds: whether a re-sync starts by itself on a manual schedule is not documented
_LARGE = "a re-sync reads all data again, which easily takes longer than a sync"


def status(client: FivetranClient, connection_id: str) -> dict[str, Any]:
    """The connection as Fivetran has it, without its `config` and anything else that may be secret.

    Args:
        client: of the account.
        connection_id: of the connection.

    Returns:
        JSON.

    Raises:
        KadaError: see `FivetranClient.connection`.
    """
    return dict(client.connection(connection_id).raw)


def start(
    client: FivetranClient,
    connection_id: str,
    options: StartOptions = StartOptions(),  # noqa: B008 - frozen
    *,
    report: Report = logged,
    clock: Clock | None = None,
    stop: Stop | None = None,
) -> SyncOutcome:
    """Sync a connection, and wait for the end of that.

    Args:
        client: of the account.
        connection_id: of the connection.
        options: what to do in each case.
        report: hears, in sentences, what happens.
        clock: of the waits and the deadline; None for the machine's.
        stop: ends the waits when it is raised; None for that of this thread's work.

    Raises:
        SyncFailedError: it failed.
        SyncTimeoutError: it did not end in time; `SyncRescheduledError`: and will not.
        SyncRunningError, ConnectionPausedError, ConnectionBrokenError: in the way.
        ApiCallError: a call was refused, or nothing was started because Fivetran cannot be
            reached. While a sync is waited for, an outage ends with the deadline only.
        StoppedError: `stop` was raised.
    """
    run = Run(client, connection_id, options, report, clock or SystemClock(), stop or current.get())
    return _synced(run, lambda: ask_for_sync(run))


def force_resync(
    client: FivetranClient,
    connection_id: str,
    scope: Mapping[str, Sequence[str]],
    options: StartOptions = StartOptions(),  # noqa: B008 - frozen
    *,
    report: Report = logged,
    clock: Clock | None = None,
    stop: Stop | None = None,
) -> SyncOutcome:
    """Have all data of some tables read again, and of no others; wait for the end of that.

    A sync that runs is waited for first, unless `on_running` is `fail`.

    Args:
        client: see `start`.
        connection_id: see `start`.
        scope: tables by schema, by their names in the source or the destination.
        options: see `start`.
        report: see `start`.
        clock: see `start`.
        stop: see `start`.

    Raises:
        TableNotFoundError, TableDisabledError: a name stands for nothing, or nothing that is
            synced.
        SchemaConfigMissingError: the connection never synced.
        ResyncUnsupportedError: it cannot re-sync single tables. Nothing else is done instead.
        KadaError: others are those of `start`.
    """
    run = Run(client, connection_id, options, report, clock or SystemClock(), stop or current.get())
    run.hint = _LARGE
    return _synced(run, lambda: ask_for_tables(run, scope), _KICK)


def resync_everything(
    client: FivetranClient,
    connection_id: str,
    options: StartOptions = StartOptions(),  # noqa: B008 - frozen
    *,
    report: Report = logged,
    clock: Clock | None = None,
    stop: Stop | None = None,
) -> SyncOutcome:
    """Have all data of all tables read again; see `force_resync` for the rest."""
    run = Run(client, connection_id, options, report, clock or SystemClock(), stop or current.get())
    run.hint = _LARGE
    return _synced(run, lambda: ask_for_everything(run), _KICK)


def test(client: FivetranClient, connection_id: str) -> TestOutcome:
    """Run the setup tests of a connection.

    Args:
        client: see `start`.
        connection_id: see `start`.

    Returns:
        What they came to, also where some failed.

    Raises:
        KadaError: see `FivetranClient.test`.
    """
    return TestOutcome.read(client.test(connection_id))


def _synced(run: Run, ask: Callable[[], Asked], idle_limit: float = IDLE) -> SyncOutcome:
    with tidied(run):
        try:
            asked = ask()
        except SkippedError:
            run.report(f"{run.name} is paused: nothing is done")
            return _outcome(run, "skipped")
        waiting = Waiting(run, asked, idle_limit)
        try:
            found = waiting.end()
        except SyncFailedError as error:
            failure = failure_told(run, asked, error)
        else:
            told = success_told(run, asked, found)
            return replace(_outcome(run, "succeeded"), **told, rescheduled_for=waiting.put_off_to)
        raise failure


def _outcome(run: Run, status: Literal["succeeded", "skipped"]) -> SyncOutcome:
    last = run.last or Connection(run.connection_id)
    return SyncOutcome(
        connection_id=run.connection_id,
        schema=last.schema,
        status=status,
        succeeded_at=last.succeeded_at,
        failed_at=last.failed_at,
        polls=run.polls,
        calls=run.calls,
        seconds=run.seconds,
    )
