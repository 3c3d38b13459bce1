"""The Dagster resources of the landings. The landings themselves are plain Python."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

if TYPE_CHECKING:
    from kada_dagster.config.models import LocalLandingSettings
    from kada_dagster.landing.base import Landing


class LandingResource(dg.ConfigurableResource[Any], ABC):
    """Reaches the landing of one source."""

    @abstractmethod
    def landing(self) -> Landing:
        """The landing itself."""


class LocalLandingResource(LandingResource):
    """A landing that is a folder.

    Attributes:
        path: the folder; of one source alone.
    """

    path: str = Field(description="The folder K picks the files up from.")

    def landing(self) -> Landing:
        """The folder as a landing."""
        from kada_dagster.landing.local import LocalLanding

        return LocalLanding(Path(self.path))


def landing_resource(settings: LocalLandingSettings) -> LandingResource:
    """The resource a source's landing settings describe."""
    return LocalLandingResource(path=str(settings.path))
