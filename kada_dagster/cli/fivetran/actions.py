"""The four actions, each from a client to what came of it.

What they do is `kada_dagster.fivetran.actions`; here is how it is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from kada_dagster.cli.fivetran.ending import Ending, Log, counted, moment
from kada_dagster.fivetran import actions
from kada_dagster.fivetran.actions import StartOptions

if TYPE_CHECKING:
    from kada_dagster.fivetran.actions import SyncOutcome, TestOutcome
    from kada_dagster.fivetran.client import FivetranClient


@dataclass(frozen=True)
class Errand:
    """What an action is about.

    Attributes:
        connection_id: the connection.
        options: of a sync.
        scope: tables to re-sync by schema.
        sets_schedule: STATUS and TEST set the schedule to manual first.
        as_json: print the outcome as JSON.
        waits: the action is one that waits for a sync.
    """

    connection_id: str
    options: StartOptions = field(default_factory=StartOptions)
    scope: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    sets_schedule: bool = False
    as_json: bool = False
    waits: bool = False


def show_status(client: FivetranClient, errand: Errand, log: Log) -> Ending:
    """The connection as JSON, without what its configuration keeps secret."""
    _set_schedule(client, errand, log)
    return Ending(0, actions.status(client, errand.connection_id))


def start_sync(client: FivetranClient, errand: Errand, log: Log) -> Ending:
    """A sync from its start to its end."""
    outcome = actions.start(client, errand.connection_id, errand.options, report=log)
    return _synced(outcome)


def resync_tables(client: FivetranClient, errand: Errand, log: Log) -> Ending:
    """A re-sync of the tables of the errand, and of no other."""
    outcome = actions.force_resync(
        client, errand.connection_id, errand.scope, errand.options, report=log
    )
    return _synced(outcome)


def resync_everything(client: FivetranClient, errand: Errand, log: Log) -> Ending:
    """A re-sync of the whole connection."""
    outcome = actions.resync_everything(client, errand.connection_id, errand.options, report=log)
    return _synced(outcome)


def test(client: FivetranClient, errand: Errand, log: Log) -> Ending:
    """The setup tests, each failed one with its message."""
    _set_schedule(client, errand, log)
    outcome = actions.test(client, errand.connection_id)
    return Ending(0 if outcome.ok else 1, _test_facts(errand, outcome), _test_lines(outcome))


def _set_schedule(client: FivetranClient, errand: Errand, log: Log) -> None:
    if not errand.sets_schedule:
        return
    if client.connection(errand.connection_id).schedule_type != "manual":
        client.set_schedule(errand.connection_id, "manual")
        log(f"{errand.connection_id}: schedule set to manual")


def _synced(outcome: SyncOutcome) -> Ending:
    facts = {**asdict(outcome), "error": None}
    return Ending(0, facts, [_sync_line(outcome)])


def _sync_line(outcome: SyncOutcome) -> str:
    parts = [
        f"final status of {outcome.connection_id}: {outcome.status}",
        f"sync {outcome.sync_id}" if outcome.sync_id else "",
        f"succeeded at {moment(outcome.succeeded_at)}" if outcome.status == "succeeded" else "",
        f"{outcome.load_mb:g} MB loaded" if outcome.load_mb is not None else "",
        f"{outcome.seconds:.0f} s, {counted(outcome.calls, 'call')}",
    ]
    return ", ".join(part for part in parts if part)


def _test_facts(errand: Errand, outcome: TestOutcome) -> dict[str, Any]:
    kinds = ("passed", "failed", "warnings", "skipped")
    found = {kind: getattr(outcome, kind) for kind in kinds}
    listed = {
        kind: [{"title": title, "message": message} for title, message in tests]
        for kind, tests in found.items()
    }
    return {"connection_id": errand.connection_id, "ok": outcome.ok, **listed}


def _test_lines(outcome: TestOutcome) -> list[str]:
    counts = f"{len(outcome.passed)} passed, {len(outcome.failed)} failed"
    counts += f", {counted(len(outcome.warnings), 'warning')}" if outcome.warnings else ""
    counts += f", {len(outcome.skipped)} skipped" if outcome.skipped else ""
    lines = [f"warning: {title}: {message}" for title, message in outcome.warnings]
    lines += [f"failed: {title}: {message}" for title, message in outcome.failed]
    return [f"setup tests: {counts}", *lines]
