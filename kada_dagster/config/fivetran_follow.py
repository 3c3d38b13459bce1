"""How the syncs of a Fivetran account are watched, and what follows them, in kada.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from typing_extensions import Self

from kada_dagster.config.fields import LocalPath, Settings, Text

EVERY_CONNECTION = "*"


def _asset_key(text: str) -> str:
    if not all(part.strip() == part != "" for part in text.split("/")):
        raise ValueError("must be an asset key like shop/orders, its parts apart by one /")
    return text


def _not_blank(text: str) -> str:
    if text.strip() != text or not text:
        raise ValueError("must be a name, without spaces around it")
    return text


KeyText = Annotated[Text, AfterValidator(_asset_key)]
"""An asset key as users write it, `shop/orders`."""

NameText = Annotated[Text, AfterValidator(_not_blank)]
"""A name or id, taken as it is written."""


class SensorSettings(Settings):
    """How the sensor looks for completed syncs."""

    enabled: bool = Field(
        default=True, description="Whether it runs without being switched on in the UI."
    )
    interval_seconds: int = Field(
        default=30, ge=5, le=86_400, description="Pause between two looks at the account."
    )
    history: Literal["auto", "always", "never"] = Field(
        default="auto", description="Whether completed syncs are told apart by the sync history."
    )
    coalesce: bool = Field(
        default=True, description="Several syncs between two looks become one event and one run."
    )
    report_tables: bool = Field(
        default=True, description="Report the tables of a connection as well as the connection."
    )
    emit_on_first: bool = Field(
        default=False, description="Report, at the very first look, the syncs there were before."
    )
    max_syncs: int = Field(
        default=200, ge=1, le=10_000, description="Syncs one look reports at most."
    )
    hints: LocalPath | None = Field(
        default=None, description="Folder in which the webhook receiver leaves its hints."
    )


class FollowSettings(Settings):
    """What runs after the syncs of some connections."""

    connections: list[NameText] = Field(
        default=[EVERY_CONNECTION],
        min_length=1,
        description='Ids or names of connections; "*" is every one.',
    )
    assets: list[KeyText] = Field(
        default=[], description="Assets to materialize, without partitions."
    )
    jobs: list[NameText] = Field(default=[], description="Jobs to run.")
    collectors: list[NameText] = Field(
        default=[], description="Sources of this file whose missing windows are extracted."
    )

    @model_validator(mode="after")
    def _something_follows(self) -> Self:
        if not (self.assets or self.jobs or self.collectors):
            raise ValueError("names nothing to run; list assets, jobs or collectors")
        return self


class FailureSettings(Settings):
    """What runs after a sync has failed."""

    jobs: list[NameText] = Field(default=[], description="Jobs to run.")
