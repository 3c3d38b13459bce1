"""What a load did, as it is told to the caller and kept with the state."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from kada_dagster.loader.definition.task_folder import Task
from kada_dagster.loader.engine.context import Counts
from kada_dagster.loader.engine.state import LoadState
from kada_dagster.loader.source.base import TargetColumn


@dataclass(frozen=True)
class LoadResult:
    """What a load did.

    Attributes:
        task: its id.
        mode: its mode.
        part: name of the part; '' for the whole table.
        counts: of rows.
        size: bytes of COPY data.
        seconds: from the connection to the commit.
        mark_before, mark_after: of an incremental load.
        notes: further facts, by name.
        columns: of the target that take a value, as they are now; none where there is no table.
        began: when, in seconds since 1970; what changed at the source since may not be in it.
    """

    task: str
    mode: str
    part: str
    counts: Counts
    size: int
    seconds: float
    mark_before: str | None
    mark_after: str | None
    notes: dict[str, str]
    columns: tuple[TargetColumn, ...] = ()
    began: float = 0.0

    def outcome(self) -> dict[str, Any]:
        """What is kept, so that the load can be told of again."""
        return {
            "counts": asdict(self.counts),
            "size": self.size,
            "mark_before": self.mark_before,
            "notes": self.notes,
            "began": self.began,
        }


def kept_result(
    task: Task, part: str, state: LoadState, columns: tuple[TargetColumn, ...], note: str
) -> LoadResult:
    """The result of a load that was committed before.

    Args:
        task: that was loaded.
        part: name of the part.
        state: the load left.
        columns: of the target.
        note: why it is told of now.
    """
    kept = state.outcome
    return LoadResult(
        task.id,
        task.definition.mode,
        part,
        Counts(**kept["counts"]),
        kept["size"],
        0.0,
        kept["mark_before"],
        state.mark,
        {**kept["notes"], "commit": note},
        columns,
        kept["began"],
    )
