"""One collector instance as Dagster sees it: its keys, names, partitions and resources.

Every name the Dagster face gives is made here, so that assets, checks, job and schedule agree.
Not here: what any of them does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import dagster as dg

from kada_dagster.collector.partitions import window_partitions
from kada_dagster.extracts.staging_place import StagingPlace, staging_at

if TYPE_CHECKING:
    from kada_dagster.config import SourceSettings


@dataclass(frozen=True)
class CollectorInstance:
    """A source of kada.yaml with the one partitions definition its assets share.

    Attributes:
        settings: the source as configured.
    """

    settings: SourceSettings

    @property
    def name(self) -> str:
        """Name of the instance: asset key prefix, group, prefix of its mark."""
        return self.settings.name

    @cached_property
    def partitions(self) -> dg.TimeWindowPartitionsDefinition:
        """The windows. One object, so that a range of all assets is cut into the same runs."""
        return window_partitions(self.settings.window)

    @property
    def first(self) -> datetime:
        """Start of the first window, UTC: where the mark starts."""
        return self.settings.window.first

    @property
    def delay(self) -> timedelta:
        """How long after its end a window may be extracted."""
        return self.settings.window.delay

    @cached_property
    def staging(self) -> StagingPlace:
        """Where this instance's runs are written and read back."""
        return staging_at(self.settings.output_path, self.name)

    @property
    def pool(self) -> str:
        """Concurrency pool of everything that touches this source."""
        return self.settings.pool_name

    @property
    def extract_key(self) -> dg.AssetKey:
        """`<name>/extract`."""
        return dg.AssetKey([self.name, "extract"])

    @property
    def upload_key(self) -> dg.AssetKey:
        """`<name>/upload`."""
        return dg.AssetKey([self.name, "upload"])

    @property
    def mark_key(self) -> dg.AssetKey:
        """`<name>/high_water_mark`."""
        return dg.AssetKey([self.name, "high_water_mark"])

    @property
    def sent_key(self) -> dg.AssetKey:
        """The asset the mark follows: the upload; without a landing, the extract."""
        return self.extract_key if self.settings.landing is None else self.upload_key

    @property
    def checks_op(self) -> str:
        """Name of the op that runs the checks."""
        return f"{self.name}__extract_checks"

    @property
    def job_name(self) -> str:
        """Name of the job that brings one window to the landing."""
        return f"{self.name}_job"

    @property
    def schedule_name(self) -> str:
        """Name of the schedule that launches the job for the windows that are missing."""
        return f"{self.name}_schedule"

    @property
    def source_resource(self) -> str:
        """Key of the resource that reads the source."""
        return f"{self.name}_source"

    @property
    def landing_resource(self) -> str:
        """Key of the resource that holds the landing."""
        return f"{self.name}_landing"

    @property
    def marks_resource(self) -> str:
        """Key of the resource that holds the high water marks."""
        return f"{self.name}_marks"
