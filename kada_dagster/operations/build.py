"""From a configuration to what operators get: the sensor that tells, the asset that sums up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import dagster as dg

from kada_dagster.operations.sensor import build_sensor
from kada_dagster.operations.summary import build_summary
from kada_dagster.operations.watched import Watched

if TYPE_CHECKING:
    from kada_dagster.config import HighWaterMarkSettings, KadaConfig


def operations_definitions(
    config: KadaConfig,
    parts: Callable[[], Sequence[dg.Definitions]],
    resources: Mapping[str, object] | None = None,
    marks: Mapping[str, HighWaterMarkSettings] | None = None,
) -> list[dg.Definitions]:
    """The definitions of `alerts` and `summary`; none where neither is configured.

    Args:
        config: the configuration.
        parts: see `Watched`.
        resources: those used in place of the configured ones, by key.
        marks: see `Watched.marks_of`.
    """
    watched = Watched(config, parts, resources or {}, marks or {})
    found: list[dg.Definitions] = []
    if config.alerts is not None:
        found.append(dg.Definitions(sensors=[build_sensor(config.alerts, watched)]))
    if config.summary is not None:
        found.append(build_summary(config.summary, watched))
    return found
