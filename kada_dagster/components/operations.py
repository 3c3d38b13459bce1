"""What operators get of a `dg` project, as a Dagster Component: alerts, summary, retention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, ClassVar, cast

import dagster as dg
from pydantic import BaseModel
from typing_extensions import Self

from kada_dagster.components.attributes import attributes_model, resolved_attributes
from kada_dagster.components.collector import CollectorComponent
from kada_dagster.components.fivetran_account import FivetranAccount
from kada_dagster.components.loader_project import LoaderProject
from kada_dagster.config import HighWaterMarkSettings, KadaConfig, SourceSettings
from kada_dagster.config.operations import OperationsSettings
from kada_dagster.config.single import settings_of


class OperationsScaffolder(dg.Scaffolder[Any]):
    """Writes a defs.yaml that names what has to be filled in."""

    def scaffold(self, request: dg.ScaffoldRequest[Any]) -> None:
        """Write the file for a new instance."""
        dg.scaffold_component(request, dict(Operations.example))


@dg.scaffold_with(OperationsScaffolder)
class Operations(OperationsSettings, dg.Component):
    """Alerts, the summary and retention for all collectors, accounts and loaders of a project.

    The attributes are the keys of kada.yaml with the same names. One instance looks at all
    components of the project; its folder is anywhere among them.

    Example:
        ```yaml
        type: kada_dagster.Operations
        attributes:
          alerts:
            channels:
              - {type: webhook, url: "${SLACK_WEBHOOK}", format: slack}
          summary: {}
          retention: {staging_days: 90}
        ```
    """

    example: ClassVar[Mapping[str, Any]] = {
        "alerts": {"channels": [{"type": "webhook", "url": "${ALERT_WEBHOOK}"}]},
        "summary": {},
    }

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

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The same definitions as kada.yaml gives for all sources, accounts and loaders."""
        from kada_dagster.operations.build import operations_definitions
        from kada_dagster.retention.job import retention_definitions

        every = context.component_tree.get_all_components
        collectors: list[Any] = every(of_type=cast("type[Any]", CollectorComponent))
        sources = cast("Sequence[SourceSettings]", collectors)
        loaders, accounts = every(of_type=LoaderProject), every(of_type=FivetranAccount)
        config = KadaConfig(
            sources=list(sources),
            loader=list(loaders),
            fivetran=list(accounts),
            alerts=self.alerts,
            summary=self.summary,
            retention=self.retention,
        )

        @cache
        def parts() -> Sequence[dg.Definitions]:
            return [one.build_defs(context) for one in (*loaders, *accounts)]

        marks: dict[str, HighWaterMarkSettings] = {
            one.name: one.high_water_marks for one in collectors
        }
        found = operations_definitions(config, parts, marks=marks)
        if self.retention.removes:
            found.append(retention_definitions(self.retention, sources))
        return dg.Definitions.merge(*found)
