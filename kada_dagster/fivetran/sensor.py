"""The sensor that follows the syncs of a Fivetran account: looks, reports, asks for runs.

Each part of that is elsewhere: what is new in `watch`, what Dagster knows in `sync_journal`, what
it is told in `sync_events`, what runs in `sync_launches`. Building it reads nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

from kada_dagster.fivetran.sensor_parts import SensorParts, SensorTargets
from kada_dagster.fivetran.sensor_tick import SensorTick

if TYPE_CHECKING:
    from kada_dagster.config import FivetranAccountSettings

__all__ = ["SensorTargets", "build_sync_sensor"]


def build_sync_sensor(
    settings: FivetranAccountSettings, targets: SensorTargets
) -> dg.SensorDefinition:
    """The sensor of an account.

    Args:
        settings: the account.
        targets: what is reported and what follows.
    """
    parts = SensorParts(settings, targets)

    @dg.sensor(  # pyright: ignore[reportUnknownMemberType]
        name=settings.sensor_name,
        jobs=parts.jobs or None,
        minimum_interval_seconds=parts.interval,
        required_resource_keys=parts.resource_keys,
        description=f"Reports the syncs of the Fivetran account {settings.name} that have "
        "completed, and runs what follows them.",
        default_status=(
            dg.DefaultSensorStatus.RUNNING
            if settings.sensor.enabled
            else dg.DefaultSensorStatus.STOPPED
        ),
    )
    def completed_syncs(context: dg.SensorEvaluationContext) -> Any:
        return SensorTick(context, parts).result()

    return completed_syncs
