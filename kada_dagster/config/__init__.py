"""Configuration: kada.yaml and the vendor's JSON files, read into one model.

This package reads files and says what is wrong in them; it does no work on a source, and it
imports neither Dagster nor a driver.
"""

from kada_dagster.config.find import find_config
from kada_dagster.config.fivetran import FivetranAccountSettings, StartSettings
from kada_dagster.config.fivetran_follow import FollowSettings, SensorSettings
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
    ScheduleSettings,
    SourceSettings,
)
from kada_dagster.config.retries import RetrySettings
from kada_dagster.config.source import source_settings
from kada_dagster.config.vendor_json import load_config
from kada_dagster.config.window import WindowSettings

__all__ = [
    "AzureLandingSettings",
    "CheckSettings",
    "FileMarkSettings",
    "FivetranAccountSettings",
    "FollowSettings",
    "HighWaterMarkSettings",
    "KadaConfig",
    "LandingMarkSettings",
    "LandingSettings",
    "LoadSensorSettings",
    "LoaderSettings",
    "LocalLandingSettings",
    "PostgresMarkSettings",
    "RetrySettings",
    "S3LandingSettings",
    "ScheduleSettings",
    "SensorSettings",
    "SourceSettings",
    "StartSettings",
    "WindowSettings",
    "find_config",
    "load_config",
    "load_config_file",
    "source_settings",
]
