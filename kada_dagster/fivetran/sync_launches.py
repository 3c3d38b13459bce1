"""The runs the sensor asks Dagster for: what follows syncs, and what is told of failed ones.

Which runs those are was decided in `watch.follow`; here they get their jobs, tags and, for
collectors, their windows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import dagster as dg

from kada_dagster.collector.instance import CollectorInstance
from kada_dagster.collector.partitions import closed_until
from kada_dagster.collector.requesting import due_windows, run_request, span_key
from kada_dagster.errors import KadaError
from kada_dagster.fivetran.watch.account import Watched
from kada_dagster.fivetran.watch.follow import Launch
from kada_dagster.fivetran.watch.identity import Failure
from kada_dagster.fivetran.watch.moments import micros, spelled
from kada_dagster.fivetran.watch.names import (
    CONNECTION_ID,
    FAILED_AT,
    SCHEMA,
    SUCCEEDED_AT,
    SYNC_ID,
)

_LONGEST_TAG = 1000
"""Characters; the index PostgreSQL keeps of tags takes 2,700 bytes."""


def follower(launch: Launch, followers_job: str) -> dg.RunRequest:
    """The run for a launch that is no collector's.

    Args:
        launch: what runs, and for which syncs.
        followers_job: name of the job assets run in.
    """
    names, tags = launch.target.names, _tags(launch)
    if launch.target.kind == "job":
        return dg.RunRequest(launch.key, job_name=names[0], tags=tags)
    keys = [dg.AssetKey(name.split("/")) for name in names]
    return dg.RunRequest(launch.key, job_name=followers_job, asset_selection=keys, tags=tags)


def alerts(connection: Watched, failure: Failure, jobs: Iterable[str]) -> Iterator[dg.RunRequest]:
    """The runs that tell of a failed sync."""
    tags = {
        CONNECTION_ID: connection.id,
        SCHEMA: connection.schema,
        FAILED_AT: spelled(failure.failed),
    }
    if failure.item is not None:
        tags[SYNC_ID] = failure.item.sync_id
    for job in jobs:
        yield dg.RunRequest(f"fivetran:{job}:{failure.key}", job_name=job, tags=tags)


@dataclass(frozen=True)
class Collectors:
    """The collectors whose windows follow syncs.

    Attributes:
        instances: by name.
        resources: of the tick, which reach their marks.
    """

    instances: Mapping[str, CollectorInstance]
    resources: Any

    def requests(
        self,
        context: dg.SensorEvaluationContext,
        awaited: dict[str, int],
        fresh: Iterable[str],
        moment: datetime,
    ) -> list[dg.RunRequest]:
        """The runs for the windows that are missing.

        Args:
            context: of the tick.
            awaited: by collector, the newest sync it is to follow. One whose window has closed
                and is asked for is taken out; the others are looked at again when it has.
            fresh: the collectors that follow a sync of this tick: what is closed is asked for
                at once.
            moment: the present.
        """
        found: list[dg.RunRequest] = []
        new = set(fresh)
        for name in [name for name in awaited if name in self.instances]:
            instance = self.instances[name]
            if name in new or _has_closed(instance, awaited[name], moment):
                found += self._of(context, instance, awaited, moment)
        return found

    def _of(
        self,
        context: dg.SensorEvaluationContext,
        instance: CollectorInstance,
        awaited: dict[str, int],
        moment: datetime,
    ) -> list[dg.RunRequest]:
        """A mark that cannot be read now is read by the next tick."""
        marks = getattr(self.resources, instance.marks_resource)
        try:
            due = due_windows(context.instance, instance, marks, moment)
        except KadaError as error:
            context.log.warning(f"{error}; the next tick tries again")
            return []
        sync = awaited[instance.name]
        if due.is_all and micros(due.closed) >= sync:
            del awaited[instance.name]
        return [
            run_request(
                stretch,
                instance,
                run_key=f"fivetran:{instance.name}:{span_key(stretch)}:{sync}",
                job_name=instance.job_name,
            )
            for stretch in due.stretches
        ]


def _has_closed(instance: CollectorInstance, sync: int, moment: datetime) -> bool:
    """Whether the window that holds a sync may be extracted."""
    closed = closed_until(instance.partitions, moment - instance.delay)
    return closed is not None and micros(closed) >= sync


def _tags(launch: Launch) -> dict[str, str]:
    """Which syncs a run is for. Of several the ids are listed, as far as a tag may go."""
    done = [report.completion for report in launch.reports]
    return {
        CONNECTION_ID: _listed([one.connection_id for one in done]),
        SCHEMA: _listed([report.connection.schema for report in launch.reports]),
        SYNC_ID: _listed([one.sync_id or "" for one in done]),
        SUCCEEDED_AT: spelled(max(one.succeeded for one in done)),
    }


def _listed(names: Sequence[str]) -> str:
    """Each once, oldest first, cut with a note of how many more there are."""
    each = [name for name in dict.fromkeys(names) if name]
    text = ",".join(each)
    if len(text) <= _LONGEST_TAG:
        return text
    fitting = text[:_LONGEST_TAG].rsplit(",", 1)[0]
    return f"{fitting},+{len(each) - fitting.count(',') - 1}"
