"""The model of route.yaml: what the tasks of a route share."""

from __future__ import annotations

from pydantic import Field

from kada_dagster.config.fields import Settings, Text
from kada_dagster.loader.definition.parts import Defaults


class RouteDefinition(Settings):
    """One folder below `routes/`."""

    source: Text | None = Field(
        default=None, description="Profile its tasks read from; without it, only mode sql."
    )
    description: Text = Field(default="", description="Shown in the catalogue of assets.")
    owners: list[Text] = Field(default=[], description="E-mail addresses, or teams as `team:name`.")
    tags: dict[str, Text] = Field(default={}, description="Tags of the assets.")
    max_concurrent: int | None = Field(
        default=None, ge=1, le=1000, description="Tasks of the route that run at the same time."
    )
    defaults: Defaults = Field(default=Defaults(), description="For tasks that do not say.")
