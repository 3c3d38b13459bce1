"""The four actions, each from a client to what came of it.

What they do is `kada_dagster.fivetran.actions`; how it is told is in `outcomes`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kada_dagster.cli.fivetran.ending import Ending, Log
from kada_dagster.cli.fivetran.outcomes import setup_ending, sync_ending
from kada_dagster.fivetran import actions
from kada_dagster.fivetran.actions import StartOptions

if TYPE_CHECKING:
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
    return sync_ending(outcome)


def resync_tables(client: FivetranClient, errand: Errand, log: Log) -> Ending:
    """A re-sync of the tables of the errand, and of no other."""
    outcome = actions.force_resync(
        client, errand.connection_id, errand.scope, errand.options, report=log
    )
    return sync_ending(outcome)


def resync_everything(client: FivetranClient, errand: Errand, log: Log) -> Ending:
    """A re-sync of the whole connection."""
    outcome = actions.resync_everything(client, errand.connection_id, errand.options, report=log)
    return sync_ending(outcome)


def test(client: FivetranClient, errand: Errand, log: Log) -> Ending:
    """The setup tests, each failed one with its message."""
    _set_schedule(client, errand, log)
    return setup_ending(errand.connection_id, actions.test(client, errand.connection_id))


def _set_schedule(client: FivetranClient, errand: Errand, log: Log) -> None:
    if not errand.sets_schedule:
        return
    if client.connection(errand.connection_id).schedule_type != "manual":
        client.set_schedule(errand.connection_id, "manual")
        log(f"{errand.connection_id}: schedule set to manual")
