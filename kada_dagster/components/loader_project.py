"""A loader project as a Dagster Component: its tasks as assets, and the sensor of what is due."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import dagster as dg
from pydantic import BaseModel
from typing_extensions import Self

from kada_dagster.components.attributes import attributes_model, resolved_attributes
from kada_dagster.components.collector import CollectorScaffolder
from kada_dagster.config import LoaderSettings
from kada_dagster.config.single import settings_of
from kada_dagster.loader.build import loader_definitions


@dg.scaffold_with(CollectorScaffolder)
class LoaderProject(LoaderSettings, dg.Component):
    """The tasks of a loader project as assets, checked after each load, run when they are due.

    The attributes are those of an entry under `loader:` in kada.yaml.

    Example:
        ```yaml
        type: kada_dagster.LoaderProject
        attributes:
          name: dwh
          project: load
        ```
    """

    example: ClassVar[Mapping[str, Any]] = {"project": "load"}

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """The schema of `attributes`, for `dg check yaml`, editors and the documentation."""
        return attributes_model(cls)

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        """Read the attributes of a defs.yaml; relative paths in it count from its folder.

        Raises:
            ConfigError: the attributes are not usable; every problem is named.
        """
        return settings_of(cls, *resolved_attributes(attributes, context))

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:  # noqa: ARG002
        """The same definitions as kada.yaml gives the loader."""
        return loader_definitions(self)
