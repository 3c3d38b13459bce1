"""The settings every source shares, and those of the whole of kada.yaml.

What one source needs beyond them is in its own folder, `<source>/settings.py`. Nothing here
reads a file or the environment.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import (
    Field,
    InstanceOf,
    PrivateAttr,
    SerializeAsAny,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError
from typing_extensions import Self

from kada_dagster.config.delayed_cron import delayed
from kada_dagster.config.fields import (
    FolderOrUrl,
    LocalPath,
    Name,
    Settings,
    Text,
    secret_fields,
)
from kada_dagster.config.fivetran import FivetranAccountSettings
from kada_dagster.config.fivetran_places import UNREAD_SOURCES, check_account
from kada_dagster.config.freshness import AllowedLag, FreshnessSettings
from kada_dagster.config.landing import LandingSettings
from kada_dagster.config.loader import LoaderSettings
from kada_dagster.config.marks import FileMarkSettings, HighWaterMarkSettings
from kada_dagster.config.operations import OperationsSettings
from kada_dagster.config.retries import RetrySettings
from kada_dagster.config.schedule import ScheduleSettings
from kada_dagster.config.window import WindowSettings
from kada_dagster.secrets import Secret

if TYPE_CHECKING:
    from kada_dagster.collector.extractor import Extractor


class CheckSettings(Settings):
    """When an extract is too suspicious to be uploaded."""

    min_share_of_last: float = Field(
        default=0.5, ge=0, le=1, description="Least share of the rows of the last accepted extract."
    )


class SourceSettings(Settings):
    """One collector instance: the settings all types of source share.

    A subclass adds the source's own fields, narrows `type` to a literal and builds the extractor.
    """

    vendor_keys: ClassVar[frozenset[str]] = frozenset()
    """Keys of the vendor's configuration file for this type of source."""

    secret_keys: ClassVar[frozenset[str]] = frozenset()
    """Those of them that hold a secret."""

    type: str = Field(description="Type of the source.")
    name: Name = Field(description="Name of the instance: letters, digits and '_'; unique.")
    description: Text = Field(default="", description="Shown in the catalogue of assets.")
    owners: list[Text] = Field(default=[], description="E-mail addresses, or teams as `team:name`.")
    tags: dict[str, Text] = Field(default={}, description="Tags of the assets.")
    host: Text = Field(
        default="", description="Name of the source in K; a label, never an address."
    )
    output_path: FolderOrUrl = Field(
        default=Path("output"),
        validate_default=True,
        description="Folder the runs are written below, or the URL of a shared place.",
    )
    mask: bool = Field(default=False, description="Replace literals and comments in code.")
    compress: bool = Field(default=False, description="gzip the files.")
    config_file: LocalPath | None = Field(
        default=None, description="The vendor's JSON file; keys written here win over its keys."
    )
    window: WindowSettings = Field(description="Which spans of time are extracted.")
    landing: LandingSettings | None = Field(
        default=None, description="Where the files go; without it they stay in output_path."
    )
    checks: CheckSettings = Field(default=CheckSettings(), description="What blocks the upload.")
    retries: RetrySettings = Field(
        default=RetrySettings(), description="After errors that may pass."
    )
    schedule: ScheduleSettings = Field(
        default=ScheduleSettings(), description="When it runs by itself."
    )
    freshness: FreshnessSettings = Field(
        default=FreshnessSettings(), description="When its mark is too old; false: never."
    )
    pool: Text | None = Field(
        default=None, description="Dagster concurrency pool; without it, kada_<name>."
    )

    @model_validator(mode="after")
    def _schedule_can_tick(self) -> Self:
        if not self.schedule_crons:
            field = {"below": ("window", "delay_minutes")}
            message = (
                "no cron expression ticks that long after the end of every window; "
                "write in schedule.cron when the schedule shall look for windows"
            )
            raise PydanticCustomError("no_cron", message, field)
        return self

    @model_validator(mode="after")
    def _freshness_can_be_met(self) -> Self:
        try:
            _ = self.allowed_lag
        except ValueError as error:
            context = {"what": str(error), "below": ("freshness",)}
            raise PydanticCustomError("freshness", "{what}", context) from None
        return self

    @property
    def allowed_lag(self) -> AllowedLag | None:
        """How old the mark may be; None where nobody minds."""
        return self.freshness.allowed(self.window, self.schedule.cron)

    @property
    def schedule_crons(self) -> tuple[str, ...]:
        """When the schedule looks for missing windows, in the windows' time zone."""
        if self.schedule.cron is not None:
            return (self.schedule.cron,)
        return delayed(self.window.cron, self.window.delay_minutes)

    @property
    def pool_name(self) -> str:
        """The concurrency pool all steps of this source share."""
        return self.pool or f"kada_{self.name}"

    def secrets(self) -> list[Secret]:
        """References to the secrets these settings need, so that output can be cleaned of them."""
        return [*secret_fields(self), *(secret_fields(self.landing) if self.landing else ())]

    def extractor(self) -> Extractor:
        """The plain extractor these settings describe."""
        raise NotImplementedError


class KadaConfig(OperationsSettings):
    """The whole of kada.yaml."""

    sources: list[SerializeAsAny[InstanceOf[SourceSettings]]] = Field(
        default=[], description="The collector instances."
    )
    fivetran: list[FivetranAccountSettings] = Field(
        default=[], description="Fivetran accounts whose syncs are started and followed."
    )
    loader: list[LoaderSettings] = Field(
        default=[], description="Projects whose tasks fill tables of PostgreSQL."
    )
    landings: dict[str, object] = Field(
        default={}, description="Landings for several sources, by name: `landing: {use: <name>}`."
    )
    high_water_marks: HighWaterMarkSettings = Field(
        default=FileMarkSettings(),
        validate_default=True,
        description="How far each source is uploaded.",
    )
    _config_path: Path | None = PrivateAttr(None)

    @property
    def config_path(self) -> Path | None:
        """The file this was read from, absolute; None where it was made by a program."""
        return self._config_path

    def read_from(self, file: Path) -> KadaConfig:
        """Note the file; for whoever reads one."""
        self._config_path = file
        return self

    @field_validator("sources")
    @classmethod
    def _sources_stay_apart(cls, sources: list[SourceSettings]) -> list[SourceSettings]:
        """Names become folders and file names, in which case may not count; files of two
        sources have the same names, so each needs a landing directory of its own."""
        names = [source.name.lower() for source in sources]
        if (place := _repeated(names)) is not None:
            raise _clash(place, "name", f"{sources[place].name!r} is the name of another source")
        paths = [source.landing and source.landing.place for source in sources]
        if (place := _repeated(paths)) is not None:
            raise _clash(place, "landing", "another source has this landing directory")
        return sources

    @field_validator("fivetran")
    @classmethod
    def _accounts_stay_apart(
        cls, accounts: list[FivetranAccountSettings]
    ) -> list[FivetranAccountSettings]:
        names = [account.name.lower() for account in accounts]
        if (place := _repeated(names)) is not None:
            raise _clash(place, "name", f"{accounts[place].name!r} is the name of another account")
        files = [account.snapshot.absolute() for account in accounts]
        if (place := _repeated(files)) is not None:
            raise _clash(place, "snapshot", "another account has this snapshot")
        return accounts

    @field_validator("loader")
    @classmethod
    def _loaders_stay_apart(cls, loaders: list[LoaderSettings]) -> list[LoaderSettings]:
        names = [loader.name.lower() for loader in loaders]
        if (place := _repeated(names)) is not None:
            raise _clash(place, "name", f"{loaders[place].name!r} is the name of another loader")
        folders = [loader.project.absolute() for loader in loaders]
        if (place := _repeated(folders)) is not None:
            raise _clash(place, "project", "another loader has this project")
        return loaders

    @model_validator(mode="after")
    def _accounts_fit_the_sources(self, info: ValidationInfo) -> Self:
        context: dict[str, object] = info.context or {}
        unread = context.get(UNREAD_SOURCES)
        for place, account in enumerate(self.fivetran):
            check_account(place, account, [source.name for source in self.sources], unread)
        return self


def _repeated(values: Sequence[object]) -> int | None:
    """The place of the first value that was there before; None values do not count."""
    for place, value in enumerate(values):
        if value is not None and value in values[:place]:
            return place
    return None


def _clash(place: int, field: str, what: str) -> PydanticCustomError:
    """An error about a field of one source, account or loader."""
    context = {"what": what, "below": (place, field)}
    return PydanticCustomError("clash", "{what}; each needs its own", context)
