"""What is done to a soak while it runs: processes killed and started again, and a backfill."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import dagster as dg

from bench.deployment import Deployment, wait_for
from bench.part import Part
from bench.soak.site import MINUTE, Site
from kada_dagster.hwm.window import format_hwm
from kada_dagster_tests.live.dev_server import DevServerError
from kada_dagster_tests.live.launching import finished_backfill, launch_backfill

BACKFILLED = "hevo"
"""The source whose history is backfilled."""

_BACKFILL_SECONDS = 900.0
_LAUNCHES = 3
_RUNNING = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])

_STATES = """{ repositoryOrError(repositorySelector: {
    repositoryName: "__repository__", repositoryLocationName: "kada_dagster"
}) { ... on Repository { schedules { scheduleState { id status } } } } }"""
_STOP = "mutation($id: String!) { stopRunningSchedule(id: $id) { __typename } }"


@dataclass
class Happenings:
    """Does what is to happen, and tells it.

    Attributes:
        site: what the soak runs on.
        deployment: what is killed.
        down: seconds a process stays away.
        backfills: ids of the backfills launched: of the first one, and of those an operator
            launches again because a run of theirs was lost for good.
    """

    site: Site
    deployment: Deployment
    down: float
    backfills: list[str] = field(default_factory=list[str])
    _began: float = field(default_factory=time.monotonic)

    def happen(self, minutes: float) -> None:
        """All of it, spread over so many minutes."""
        steps = self._steps()
        for number, step in enumerate(steps, 1):
            self._sleep_until(minutes * 60 * number / (len(steps) + 1))
            step()
        self._sleep_until(minutes * 60)

    def _steps(self) -> Sequence[Callable[[], None]]:
        parts = self.deployment
        return (
            lambda: self._kill(parts.daemon, "between two ticks", self.down),
            self._backfill_and_kill,
            lambda: self._kill_in_a_run(parts.code_server),
            lambda: self._kill(parts.webserver, "nobody asks it", self.down),
            lambda: self._kill(parts.daemon, "ticks are missed", 2.2 * 60),
            lambda: self._kill_in_a_run(parts.code_server),
        )

    def _backfill_and_kill(self) -> None:
        """The daemon dies when it has been asked for the backfill."""
        self._launch_backfill()
        self._kill(self.deployment.daemon, "a backfill waits for it", self.down)

    def _launch_backfill(self) -> None:
        first, count = self.site.first, (self.site.marked - self.site.first) // MINUTE
        keys = [format_hwm(first + number * MINUTE) for number in range(count)]
        self.backfills.append(launch_backfill(self.deployment.web, BACKFILLED, keys))
        self.tell(f"backfill of {len(keys)} windows of {BACKFILLED} launched")

    def end_of_backfill(self) -> Mapping[str, Any]:
        """What became of the backfill, after it was launched again where it failed."""
        while True:
            found = self._ended()
            is_over = found["status"] in ("COMPLETED_SUCCESS", "REQUESTED")
            if is_over or len(self.backfills) == _LAUNCHES:
                return found
            self._launch_backfill()

    def _ended(self) -> Mapping[str, Any]:
        """The last backfill, when it has ended, or as it is when it does not."""
        web, number = self.deployment.web, self.backfills[-1]
        try:
            return finished_backfill(web, number, _BACKFILL_SECONDS)
        except DevServerError as error:
            self.tell(str(error).splitlines()[0])
            return web.ask("Backfill", id=number)["partitionBackfillOrError"]

    def _kill_in_a_run(self, part: Part) -> None:
        """Kill it when a run has begun; a run is a process below the code server."""
        is_there = wait_for("run that has begun", self._is_a_run_busy, 150, pause=0.1)
        self._kill(part, "with a run" if is_there else "without a run", self.down)

    def _is_a_run_busy(self) -> bool:
        return bool(self.deployment.instance.get_runs(_RUNNING, limit=1))

    def _kill(self, part: Part, when: str, seconds: float) -> None:
        part.kill()
        self.tell(f"{part.name} killed ({when}), away for {seconds:.0f} s")
        time.sleep(seconds)
        part.start()
        self.tell(f"{part.name} started")

    def tell(self, what: str) -> None:
        """A line of the report, with its moment."""
        passed = time.monotonic() - self._began
        now = datetime.now(timezone.utc)
        print(f"  {passed / 60:5.1f} min  {now:%H:%M:%S}  {what}", flush=True)

    def _sleep_until(self, seconds: float) -> None:
        time.sleep(max(0.0, self._began + seconds - time.monotonic()))


def stop_schedules(deployment: Deployment) -> None:
    """Switch the schedules off, as their switches in the UI do."""
    for schedule in deployment.graphql(_STATES)["repositoryOrError"]["schedules"]:
        state = schedule["scheduleState"]
        if state["status"] == "RUNNING":
            deployment.graphql(_STOP, id=state["id"])
