"""The settings every source shares, and those of the whole of kada.yaml.

What one source needs beyond them is in its own folder, `<source>/settings.py`. Nothing here
reads a file or the environment.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, InstanceOf, PrivateAttr, SerializeAsAny, field_validator
from pydantic_core import PydanticCustomError

from kada_dagster.config.fields import LocalPath, Settings, Text
from kada_dagster.config.window import WindowSettings
from kada_dagster.secrets import Secret

if TYPE_CHECKING:
    from kada_dagster.collector.extractor import Extractor
    from kada_dagster.hwm.store import MarkStore
    from kada_dagster.landing.base import Landing

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class LocalLandingSettings(Settings):
    """A landing directory that is a folder of this machine, or mounted on it."""

    type: Literal["local"] = Field(description="Kind of landing.")
    path: LocalPath = Field(description="The folder K picks the files up from.")

    def landing(self) -> Landing:
        """The landing itself."""
        from kada_dagster.landing.local import LocalLanding

        return LocalLanding(self.path)


class CheckSettings(Settings):
    """When an extract is too suspicious to be uploaded."""

    min_share_of_last: float = Field(
        default=0.5, ge=0, le=1, description="Least share of the rows of the last accepted extract."
    )


class RetrySettings(Settings):
    """How often a step is tried again after an error that may pass."""

    max_retries: int = Field(default=3, ge=0, le=100, description="Tries after the first one.")
    delay_seconds: int = Field(
        default=30, ge=0, le=86_400, description="Pause before the first retry; doubles each time."
    )


class ScheduleSettings(Settings):
    """Whether the schedule runs without being switched on in the UI."""

    enabled: bool = Field(default=False, description="Default status of the schedule.")


class HighWaterMarkSettings(Settings):
    """Where the high water marks are kept."""

    path: LocalPath = Field(
        default=Path("hwm"),
        validate_default=True,
        description="Folder of the files `<name>_hwm.txt`.",
    )

    def store(self) -> MarkStore:
        """The store of the marks."""
        from kada_dagster.hwm.file_store import FileMarkStore

        return FileMarkStore(self.path)


class SourceSettings(Settings):
    """One collector instance: the settings all types of source share.

    A subclass adds the source's own fields, narrows `type` to a literal and builds the extractor.
    """

    vendor_keys: ClassVar[frozenset[str]] = frozenset()
    """Keys of the vendor's configuration file for this type of source."""

    secret_keys: ClassVar[frozenset[str]] = frozenset()
    """Those of them that hold a secret."""

    type: str = Field(description="Type of the source.")
    name: str = Field(description="Name of the instance: letters, digits and '_'; unique.")
    description: Text = Field(default="", description="Shown in the catalogue of assets.")
    owners: list[Text] = Field(default=[], description="E-mail addresses, or teams as `team:name`.")
    tags: dict[str, Text] = Field(default={}, description="Tags of the assets.")
    host: Text = Field(
        default="", description="Name of the source in K; a label, never an address."
    )
    output_path: LocalPath = Field(
        default=Path("output"),
        validate_default=True,
        description="Folder the runs are written below.",
    )
    mask: bool = Field(default=False, description="Replace literals and comments in code.")
    compress: bool = Field(default=False, description="gzip the files.")
    config_file: LocalPath | None = Field(
        default=None, description="The vendor's JSON file; keys written here win over its keys."
    )
    window: WindowSettings = Field(description="Which spans of time are extracted.")
    landing: LocalLandingSettings | None = Field(
        default=None, description="Where the files go; without it they stay in output_path."
    )
    checks: CheckSettings = Field(default=CheckSettings(), description="What blocks the upload.")
    retries: RetrySettings = Field(
        default=RetrySettings(), description="After errors that may pass."
    )
    schedule: ScheduleSettings = Field(
        default=ScheduleSettings(), description="When it runs by itself."
    )
    pool: Text | None = Field(
        default=None, description="Dagster concurrency pool; without it, kada_<name>."
    )

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, name: str) -> str:
        if not _NAME.match(name):
            raise ValueError("must be letters, digits and '_', and not begin with a digit")
        return name

    @property
    def pool_name(self) -> str:
        """The concurrency pool all steps of this source share."""
        return self.pool or f"kada_{self.name}"

    def secrets(self) -> list[Secret]:
        """References to the secrets these settings need, so that output can be cleaned of them."""
        values = (getattr(self, key) for key in type(self).model_fields)
        return [value for value in values if isinstance(value, Secret)]

    def extractor(self) -> Extractor:
        """The plain extractor these settings describe."""
        raise NotImplementedError


class KadaConfig(Settings):
    """The whole of kada.yaml."""

    sources: list[SerializeAsAny[InstanceOf[SourceSettings]]] = Field(
        description="The collector instances."
    )
    high_water_marks: HighWaterMarkSettings = Field(
        default=HighWaterMarkSettings(),
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
        paths = [source.landing and source.landing.path.resolve() for source in sources]
        if (place := _repeated(paths)) is not None:
            raise _clash(place, "landing", "another source has this landing directory")
        return sources


def _repeated(values: Sequence[object]) -> int | None:
    """The place of the first value that was there before; None values do not count."""
    for place, value in enumerate(values):
        if value is not None and value in values[:place]:
            return place
    return None


def _clash(place: int, field: str, what: str) -> PydanticCustomError:
    """An error about a field of one source."""
    context = {"what": what, "below": (place, field)}
    return PydanticCustomError("clash", "{what}; each source needs its own", context)
