"""Configuration: kada.yaml and the vendor's JSON files, read into one model.

This package reads files and says what is wrong in them; it does no work on a source, and it
imports neither Dagster nor a driver. What is exported here is imported when it is first used:
who needs one part of it, as the loader does, does not pay for the models of all sources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kada_dagster.exports import exports

if TYPE_CHECKING:
    from kada_dagster.config.alerts import AlertSettings, ChannelSettings, SummarySettings
    from kada_dagster.config.find import find_config
    from kada_dagster.config.fivetran import FivetranAccountSettings, StartSettings
    from kada_dagster.config.fivetran_follow import FollowSettings, SensorSettings
    from kada_dagster.config.freshness import FreshnessSettings
    from kada_dagster.config.landing import (
        AzureLandingSettings,
        LandingSettings,
        LocalLandingSettings,
        S3LandingSettings,
    )
    from kada_dagster.config.loader import LoaderSettings, LoadSensorSettings
    from kada_dagster.config.loading import load_config_file
    from kada_dagster.config.marks import (
        FileMarkSettings,
        HighWaterMarkSettings,
        LandingMarkSettings,
        PostgresMarkSettings,
    )
    from kada_dagster.config.models import (
        CheckSettings,
        KadaConfig,
        SourceSettings,
    )
    from kada_dagster.config.retention import RetentionSettings
    from kada_dagster.config.retries import RetrySettings
    from kada_dagster.config.schedule import ScheduleSettings
    from kada_dagster.config.source import source_settings
    from kada_dagster.config.vendor_json import load_config
    from kada_dagster.config.window import WindowSettings

__all__ = [
    "AlertSettings",
    "AzureLandingSettings",
    "ChannelSettings",
    "CheckSettings",
    "FileMarkSettings",
    "FivetranAccountSettings",
    "FollowSettings",
    "FreshnessSettings",
    "HighWaterMarkSettings",
    "KadaConfig",
    "LandingMarkSettings",
    "LandingSettings",
    "LoadSensorSettings",
    "LoaderSettings",
    "LocalLandingSettings",
    "PostgresMarkSettings",
    "RetentionSettings",
    "RetrySettings",
    "S3LandingSettings",
    "ScheduleSettings",
    "SensorSettings",
    "SourceSettings",
    "StartSettings",
    "SummarySettings",
    "WindowSettings",
    "find_config",
    "load_config",
    "load_config_file",
    "source_settings",
]

_HOMES = {
    "AlertSettings": "kada_dagster.config.alerts",
    "ChannelSettings": "kada_dagster.config.alerts",
    "AzureLandingSettings": "kada_dagster.config.landing",
    "CheckSettings": "kada_dagster.config.models",
    "FileMarkSettings": "kada_dagster.config.marks",
    "FivetranAccountSettings": "kada_dagster.config.fivetran",
    "FollowSettings": "kada_dagster.config.fivetran_follow",
    "FreshnessSettings": "kada_dagster.config.freshness",
    "HighWaterMarkSettings": "kada_dagster.config.marks",
    "KadaConfig": "kada_dagster.config.models",
    "LandingMarkSettings": "kada_dagster.config.marks",
    "LandingSettings": "kada_dagster.config.landing",
    "LoadSensorSettings": "kada_dagster.config.loader",
    "LoaderSettings": "kada_dagster.config.loader",
    "LocalLandingSettings": "kada_dagster.config.landing",
    "PostgresMarkSettings": "kada_dagster.config.marks",
    "RetentionSettings": "kada_dagster.config.retention",
    "RetrySettings": "kada_dagster.config.retries",
    "S3LandingSettings": "kada_dagster.config.landing",
    "ScheduleSettings": "kada_dagster.config.schedule",
    "SensorSettings": "kada_dagster.config.fivetran_follow",
    "SourceSettings": "kada_dagster.config.models",
    "StartSettings": "kada_dagster.config.fivetran",
    "SummarySettings": "kada_dagster.config.alerts",
    "WindowSettings": "kada_dagster.config.window",
    "find_config": "kada_dagster.config.find",
    "load_config": "kada_dagster.config.vendor_json",
    "load_config_file": "kada_dagster.config.loading",
    "source_settings": "kada_dagster.config.source",
}

__getattr__, __dir__ = exports(__name__, _HOMES)
