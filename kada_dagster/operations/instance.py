"""Dagster's records from outside of Dagster: which instance, and how everything is by it."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from kada_dagster.collector.build import build_definitions
from kada_dagster.errors import ConfigError, KadaError
from kada_dagster.operations.overview import Overview
from kada_dagster.operations.watched import Watched

if TYPE_CHECKING:
    from kada_dagster.config import KadaConfig
    from kada_dagster.operations.situation import Situation


def recorded_situation(config: KadaConfig, home: Path, now: datetime) -> Situation:
    """How everything is, by marks and by Dagster's records.

    Args:
        config: what there is.
        home: folder of the instance's dagster.yaml.
        now: the present moment.

    Raises:
        ConfigError: the records cannot be read.
    """
    parts = [build_definitions(config)]
    watched = Watched(config, lambda: parts)
    try:
        with _instance(home) as instance:
            return Overview(instance, watched, now).situation(str(home))
    except KadaError:
        raise
    except Exception as error:  # of Dagster, of its database
        reason = (str(error).splitlines() or [""])[0]
        raise ConfigError(
            f"Dagster's records of {home} cannot be read ({type(error).__name__}: {reason}); "
            "--no-dagster shows what is known without them"
        ) from error


def _instance(home: Path) -> dg.DagsterInstance:
    if os.environ.get("DAGSTER_HOME"):
        return dg.DagsterInstance.get()
    return dg.DagsterInstance.from_config(str(home))
