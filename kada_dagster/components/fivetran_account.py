"""A Fivetran account as a Dagster Component: its assets, actions, and the sensor of its syncs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

import dagster as dg
from pydantic import BaseModel
from typing_extensions import Self

from kada_dagster.components.attributes import attributes_model, resolved_attributes
from kada_dagster.components.collector import CollectorScaffolder
from kada_dagster.config import FivetranAccountSettings
from kada_dagster.config.fivetran_places import account_settings
from kada_dagster.fivetran.build import account_definitions
from kada_dagster.fivetran.translator import FivetranTranslator


@dg.scaffold_with(CollectorScaffolder)
class FivetranAccount(FivetranAccountSettings, dg.Component):
    """Connections and tables of a Fivetran account as assets, its actions as jobs, and a sensor.

    The attributes are those of an account under `fivetran:` in kada.yaml. What follows a sync may
    be assets, and the account's own jobs. Override `translator` to have other keys or owners.

    Example:
        ```yaml
        type: kada_dagster.FivetranAccount
        attributes:
          name: fivetran
          api_key: ${FIVETRAN_API_KEY}
          api_secret: ${FIVETRAN_API_SECRET}
          follow:
            - {connections: [warm_salad], assets: [shop/daily_orders]}
        ```
    """

    example: ClassVar[Mapping[str, Any]] = {
        "api_key": "${FIVETRAN_API_KEY}",
        "api_secret": "${FIVETRAN_API_SECRET}",
        "start": {"timeout": 300},
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
        return cast("Self", account_settings(*resolved_attributes(attributes, context), model=cls))

    def translator(self) -> FivetranTranslator:
        """What the assets look like."""
        return FivetranTranslator()

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:  # noqa: ARG002
        """The same definitions as kada.yaml gives the account."""
        return account_definitions(self, translator=self.translator())
