"""What an Edge account holds: pipelines, their objects and their jobs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from kada_dagster.sandbox.hevo.classic import Destination, Field
from kada_dagster.sandbox.hevo.connections import Connection

SILENT_OBJECT = frozenset({"DELETED", "DISABLED", "INACTIVE"})
"""Statuses of objects and fields that carry no data."""

SILENT_PIPELINE = frozenset({"DELETED", "DELETING"})
"""Statuses of pipelines that are on their way out."""

UNFINISHED = frozenset({"IN_PROGRESS", "CANCELLING"})
"""Statuses of jobs that go on."""

FINISHED = frozenset(
    {
        *("COMPLETED", "COMPLETED_WITH_FAILURES", "FAILED", "CANCELLED", "SKIPPED"),
        *("DEFERRED", "DEFERRED_WITH_FAILURES"),
    }
)
"""Statuses of jobs that are over."""


class Namespace(NamedTuple):
    """Where a table is: k0 its name, k1 its schema, k2 its database."""

    k0: str
    k1: str | None = None
    k2: str | None = None


@dataclass(frozen=True)
class EdgeObject:
    """An object of an Edge pipeline.

    Attributes:
        object_id: UUID.
        destination_table: None where the API does not say it, and prefix and k0 must do.
        name: shown by the detail alone.
        is_gone: whether it is deleted after it was listed: its detail answers 404.
    """

    object_id: str
    source: Namespace
    destination: Namespace
    destination_table: str | None = None
    name: str = ""
    status: str = "ACTIVE"
    fields: tuple[Field, ...] = ()
    is_gone: bool = False

    @property
    def is_silent(self) -> bool:
        """Whether no data flows through it, or nobody can tell."""
        return self.is_gone or self.status in SILENT_OBJECT


@dataclass(frozen=True)
class EdgeJob:
    """One run of an Edge pipeline; times are epoch milliseconds.

    Attributes:
        updated: when it ended, if it did; None where the API leaves it out.
        duration: milliseconds; None where the API leaves it out.
    """

    job_id: str
    created: int
    updated: int | None
    duration: int | None = None
    status: str = "COMPLETED"
    type: str = "INCREMENTAL"
    ingested: int | None = 0
    loaded: int | None = 0
    failed: int | None = 0

    @property
    def ended(self) -> int | None:
        """When it ended, whatever its status says."""
        if self.updated is not None:
            return self.updated
        return None if self.duration is None else self.created + self.duration

    def at(self, moment: int | None, delay: int = 0) -> EdgeJob | None:
        """The job as the API shows it at a moment; None before it shows it.

        Args:
            moment: epoch milliseconds; None for the end of time.
            delay: milliseconds the API is behind.
        """
        if moment is None:
            return self
        seen = moment - delay
        end = self.created if self.ended is None else self.ended
        if min(self.created, end) > seen:  # a skewed clock may end it before it began
            return None
        if end <= seen:
            return self
        return replace(
            self, status="IN_PROGRESS", updated=seen, duration=None, loaded=0, ingested=0
        )


@dataclass(frozen=True)
class EdgePipeline:
    """A pipeline of the Edge family; times are epoch milliseconds.

    Attributes:
        prefix: of the names of its tables, as far as Hevo adds it.
        is_gone: whether it is deleted after it was listed: what belongs to it answers 404.
    """

    id: int
    name: str
    source: Connection
    destination: Destination
    objects: tuple[EdgeObject, ...] = ()
    jobs: tuple[EdgeJob, ...] = ()
    status: str = "ENABLED"
    prefix: str = ""
    owner: str = "ana@example.com"
    created: int = 1704067200000
    updated: int = 1704067200000
    refreshed: int = 1704067200000
    is_gone: bool = False
