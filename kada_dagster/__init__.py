"""Collects metadata, lineage and run events for K by KADA, on Dagster or without it.

What is exported here is imported when it is first used, so that `import kada_dagster` and the
command line stay light. The functions and `kada_dagster.postgres.Extractor` bear the names of
the vendor's collector library: its documented wrapper script runs with the imports changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kada_dagster.exports import exports

__version__ = "0.1.0"

if TYPE_CHECKING:
    from kada_dagster.collector.build import build_definitions
    from kada_dagster.components.fivetran import FivetranCollector
    from kada_dagster.components.fivetran_account import FivetranAccount
    from kada_dagster.components.hevo import HevoCollector
    from kada_dagster.components.hightouch import HightouchCollector
    from kada_dagster.components.loader_project import LoaderProject
    from kada_dagster.components.postgres import PostgresCollector
    from kada_dagster.config.models import KadaConfig
    from kada_dagster.config.vendor_json import load_config
    from kada_dagster.fivetran.resource import FivetranResource
    from kada_dagster.fivetran.translator import FivetranTranslator
    from kada_dagster.hwm.vendor import get_hwm, publish_hwm
    from kada_dagster.loader.resource import LoaderResource
    from kada_dagster.logs import get_generic_logger

__all__ = [
    "FivetranAccount",
    "FivetranCollector",
    "FivetranResource",
    "FivetranTranslator",
    "HevoCollector",
    "HightouchCollector",
    "KadaConfig",
    "LoaderProject",
    "LoaderResource",
    "PostgresCollector",
    "__version__",
    "build_definitions",
    "get_generic_logger",
    "get_hwm",
    "load_config",
    "publish_hwm",
]

_HOMES = {
    "FivetranAccount": "kada_dagster.components.fivetran_account",
    "FivetranResource": "kada_dagster.fivetran.resource",
    "FivetranTranslator": "kada_dagster.fivetran.translator",
    "FivetranCollector": "kada_dagster.components.fivetran",
    "HevoCollector": "kada_dagster.components.hevo",
    "HightouchCollector": "kada_dagster.components.hightouch",
    "KadaConfig": "kada_dagster.config.models",
    "LoaderProject": "kada_dagster.components.loader_project",
    "LoaderResource": "kada_dagster.loader.resource",
    "PostgresCollector": "kada_dagster.components.postgres",
    "build_definitions": "kada_dagster.collector.build",
    "get_generic_logger": "kada_dagster.logs",
    "get_hwm": "kada_dagster.hwm",
    "load_config": "kada_dagster.config.vendor_json",
    "publish_hwm": "kada_dagster.hwm",
}

__getattr__, __dir__ = exports(__name__, _HOMES)
