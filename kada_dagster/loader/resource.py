"""The Dagster resource of a loader: which target is filled, and the doing of it.

What is loaded from where is in the project; its secrets are read from the environment when a load
connects.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field
from typing_extensions import Self

if TYPE_CHECKING:
    from kada_dagster.config import LoaderSettings
    from kada_dagster.loader.definition.project import Project
    from kada_dagster.loader.definition.task_folder import Task
    from kada_dagster.loader.engine.context import Report
    from kada_dagster.loader.engine.run import LoadResult
    from kada_dagster.loader.engine.split import Part
    from kada_dagster.loader.quality import Quality


class LoaderResource(dg.ConfigurableResource[Any]):
    """Loads tasks into a target. Subclass it to do something before or behind a load."""

    target: str = Field("target", description="Profile of connections.yaml that is filled.")
    state_schema: str = Field(
        "kada_loader", description="Schema of the target that holds marks and versions."
    )

    @classmethod
    def from_settings(cls, settings: LoaderSettings) -> Self:
        """The resource of a loader of kada.yaml."""
        return cls(target=settings.target, state_schema=settings.state_schema)

    def load(self, task: Task, project: Project, part: Part | None, report: Report) -> LoadResult:
        """Load a task, or a part of it; a signal that reaches this thread breaks the load off.

        Raises:
            KadaError: the target is as it was.
        """
        from kada_dagster.loader.engine.run import run_task
        from kada_dagster.loader.engine.state import StateTables
        from kada_dagster.loader.engine.watching import watched
        from kada_dagster.loader.load_ids import current_load_id

        tables, load_id = StateTables(self.state_schema), current_load_id()

        def work(said: Report) -> LoadResult:
            return run_task(
                task,
                project,
                target=self.target,
                tables=tables,
                part=part,
                report=said,
                load_id=load_id,
            )

        return watched(work, report)

    def check(
        self,
        task: Task,
        project: Project,
        names: Sequence[str],
        *,
        parts: Sequence[Part] = (),
        read: int | None = None,
    ) -> list[Quality]:
        """Check a table; arguments as `check_task` takes them.

        Raises:
            KadaError: the target cannot be reached.
        """
        from kada_dagster.loader.engine.context import no_report
        from kada_dagster.loader.engine.state import StateTables
        from kada_dagster.loader.engine.watching import watched
        from kada_dagster.loader.quality import check_task

        tables = StateTables(self.state_schema)

        def work(_: Report) -> list[Quality]:
            return check_task(
                task, project, names, target=self.target, tables=tables, parts=parts, read=read
            )

        return watched(work, no_report)
