"""An account, its code location, and a sensor whose ticks are stored as Dagster's daemon does.

The world's clock is moved by hand. The daemon itself is tested in `live`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import dagster as dg
from dagster._core.definitions.sensor_definition import SensorExecutionData

from kada_dagster.fivetran.watch.cursor import Cursor, decode
from kada_dagster.sandbox.fivetran import FivetranWorld
from kada_dagster.sandbox.fivetran.syncs import Sync
from kada_dagster_tests.fivetran.account_location import AccountLocation, account_location
from kada_dagster_tests.fivetran.face_runs import plain

SENSOR = "fivetran_sync_sensor"


@dataclass
class Followed:
    """A code location with its instance.

    Attributes:
        location: the account and its kada.yaml.
        instance: where events and runs are kept.
        more: definitions of a user's own.
        cursor: what the sensor remembers.
    """

    location: AccountLocation
    instance: dg.DagsterInstance
    more: dg.Definitions = field(default_factory=dg.Definitions)
    cursor: str | None = None

    @property
    def world(self) -> FivetranWorld:
        return self.location.world

    def definitions(self) -> dg.Definitions:
        return dg.Definitions.merge(self.location.definitions(), self.more)

    def evaluate(self, cursor: str | None = None) -> SensorExecutionData:
        """What the sensor says, with nothing stored."""
        repository = self.definitions().get_repository_def()
        with dg.build_sensor_context(
            self.instance,
            cursor=self.cursor if cursor is None else cursor,
            repository_def=repository,
            resources=repository.get_top_level_resources(),
            sensor_name=SENSOR,
        ) as context:
            return repository.get_sensor_def(SENSOR).evaluate_tick(context)

    def tick(
        self, *, dies: Literal["", "after events", "after one event", "after runs"] = ""
    ) -> SensorExecutionData:
        """A tick of the daemon: events, then runs, then the cursor; it may die in between."""
        found = self.evaluate()
        events = list(found.asset_events or ())
        for event in events[:1] if dies == "after one event" else events:
            self.instance.report_runless_asset_event(event)
        if dies.endswith(("events", "event")):
            return found
        for request in found.run_requests or ():
            self._launch(request)
        if dies != "after runs":
            self.cursor = found.cursor
        return found

    def _launch(self, request: dg.RunRequest) -> None:
        """Note the run, unless there is one of this key."""
        tags = {**request.tags, "dagster/run_key": str(request.run_key)}
        wanted = dg.RunsFilter(tags={"dagster/run_key": str(request.run_key)})
        if not self.instance.get_runs(wanted):
            done = dg.DagsterRunStatus.SUCCESS
            self.launched(str(request.job_name), tags, done, request.asset_selection or ())

    def launched(
        self,
        job: str,
        tags: Mapping[str, str],
        status: dg.DagsterRunStatus,
        assets: Sequence[dg.AssetKey] = (),
    ) -> dg.DagsterRun:
        """A run Dagster knows of; nothing executes it."""
        run = dg.DagsterRun(
            job, tags=tags, status=status, asset_selection=frozenset(assets) or None
        )
        return self.instance.add_run(run)

    @property
    def known(self) -> Cursor:
        """What the cursor says."""
        found = decode(self.cursor)
        assert found is not None
        return found

    def materialized(self, connection: str) -> list[dict[str, Any]]:
        """Metadata of each report of a connection's asset, oldest first."""
        return self.told(f"fivetran/{connection}")

    def told(self, key: str) -> list[dict[str, Any]]:
        """Metadata of each materialization of an asset, oldest first."""
        found = self.instance.fetch_materializations(
            dg.AssetKey(key.split("/")), limit=1000, ascending=True
        )
        events = [record.event_log_entry.asset_materialization for record in found.records]
        return [plain(event.metadata) for event in events if event]

    def observed(self, connection: str) -> list[dict[str, Any]]:
        """Metadata of each observation of a connection's asset, oldest first."""
        key = dg.AssetKey(["fivetran", connection])
        found = self.instance.fetch_observations(key, limit=1000, ascending=True)
        events = [record.event_log_entry.asset_observation for record in found.records]
        return [plain(event.metadata) for event in events if event]

    def checked(self, connection: str) -> bool | None:
        """Whether a connection's last sync passed, as its check has it."""
        key = dg.AssetCheckKey(dg.AssetKey(["fivetran", connection]), "last_sync")
        storage = self.instance.event_log_storage
        found = storage.get_latest_asset_check_execution_by_key([key]).get(key)
        if found is None or found.event is None:
            return None
        event = found.event.dagster_event
        return None if event is None else event.asset_check_evaluation_data.passed

    def runs(self, job: str | None = None) -> list[dg.DagsterRun]:
        """The runs that were launched, oldest first."""
        return list(reversed(self.instance.get_runs(dg.RunsFilter(job_name=job))))

    def completed(self, connection: str) -> list[Sync]:
        """The syncs of a connection that succeeded, oldest first."""
        return [sync for sync in self.world.syncs(connection) if sync.status == "COMPLETED"]


@contextmanager
def followed(
    folder: Path,
    world: FivetranWorld,
    follow: Sequence[dict[str, Any]] = (),
    sources: Sequence[dict[str, Any]] = (),
    *,
    snapshot: bool = True,
    **fields: Any,
) -> Iterator[Followed]:
    """A followed account.

    Args:
        folder: for the kada.yaml.
        world: the account.
        follow: the rules.
        sources: the rest of the kada.yaml.
        snapshot: whether there is one; without it there are no assets.
        fields: others of the account in kada.yaml.
    """
    with account_location(folder, world) as location, dg.DagsterInstance.ephemeral() as instance:
        location.fields.update({"follow": list(follow), **fields})
        location.others["sources"] = list(sources)
        if snapshot:
            location.refresh()
        location.server.forget()
        yield Followed(location, instance)
