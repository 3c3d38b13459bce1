"""Dagster Components: what kada.yaml describes, for people with a `dg` project of their own.

`dg list components` finds them through the entry point group `dagster_dg_cli.registry_modules`.
"""

from kada_dagster.components.fivetran import FivetranCollector
from kada_dagster.components.fivetran_account import FivetranAccount
from kada_dagster.components.hevo import HevoCollector
from kada_dagster.components.hightouch import HightouchCollector
from kada_dagster.components.loader_project import LoaderProject
from kada_dagster.components.operations import Operations
from kada_dagster.components.postgres import PostgresCollector

__all__ = [
    "FivetranAccount",
    "FivetranCollector",
    "HevoCollector",
    "HightouchCollector",
    "LoaderProject",
    "Operations",
    "PostgresCollector",
]
