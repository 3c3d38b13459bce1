"""Where the high water marks may be kept, in kada.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import ConfigDict, Field, Tag

from kada_dagster.config.fields import (
    LocalPath,
    Seconds,
    SecretReference,
    ServerName,
    Settings,
    Text,
    by_type,
)
from kada_dagster.errors import ConfigError

if TYPE_CHECKING:
    from kada_dagster.config.landing import LandingSettings
    from kada_dagster.config.models import SourceSettings
    from kada_dagster.hwm.store import MarkStore


class FileMarkSettings(Settings):
    """Marks in files of a folder."""

    type: Literal["file"] = Field(default="file", description="Kind of store.")
    path: LocalPath = Field(
        default=Path("hwm"),
        validate_default=True,
        description="Folder of the files `<name>_hwm.txt`.",
    )

    def store(self, source: SourceSettings) -> MarkStore:  # noqa: ARG002 - one folder for all
        """The store of a source's mark."""
        from kada_dagster.hwm.file_store import FileMarkStore

        return FileMarkStore(self.path)


class LandingMarkSettings(Settings):
    """Marks beside each source's landing directory: `lz/shop/hwm` for `lz/shop/landing`."""

    type: Literal["landing"] = Field(description="Kind of store.")

    def store(self, source: SourceSettings) -> MarkStore:
        """The store of a source's mark.

        Raises:
            ConfigError: the source has no landing, or a landing nothing can be beside.
        """
        return self.landing_of(source).landing().marks()

    def landing_of(self, source: SourceSettings) -> LandingSettings:
        """The landing the mark is beside.

        Raises:
            ConfigError: the source has none.
        """
        if source.landing is None:
            raise ConfigError(
                f"high_water_marks: type landing, but source {source.name!r} has no landing; give "
                "it one, or keep the marks elsewhere"
            )
        return source.landing


class PostgresMarkSettings(Settings):
    """Marks in tables of a PostgreSQL database."""

    model_config = ConfigDict(populate_by_name=True)

    type: Literal["postgres"] = Field(description="Kind of store.")
    server: ServerName = Field(min_length=1, description="Host name, address or socket folder.")
    port: int = Field(default=5432, ge=1, le=65_535, description="TCP port of the server.")
    database: Text = Field(min_length=1, description="Its database.")
    username: Text = Field(min_length=1, description="Role to log in as.")
    password: SecretReference | None = Field(default=None, description="Its password, as ${NAME}.")
    schema_name: Text = Field(
        default="kada", alias="schema", description="Schema of the tables; made when missing."
    )
    ssl_mode: Text = Field(default="prefer", description="libpq's sslmode.")
    timeout: Seconds = Field(default=30, description="Seconds a statement may take.")

    def store(self, source: SourceSettings) -> MarkStore:  # noqa: ARG002 - one table for all
        """The store of a source's mark."""
        from kada_dagster.hwm.table_store import TableMarkStore
        from kada_dagster.postgres.client import ServerAddress

        address = ServerAddress(
            server=self.server,
            port=self.port,
            username=self.username,
            password=self.password,
            ssl_mode=self.ssl_mode,
            statement_timeout=self.timeout,
        )
        return TableMarkStore(address, self.database, self.schema_name)


HighWaterMarkSettings = Annotated[
    Annotated[FileMarkSettings, Tag("type:file")]
    | Annotated[LandingMarkSettings, Tag("type:landing")]
    | Annotated[PostgresMarkSettings, Tag("type:postgres")],
    by_type(default="file"),
]
"""A store of marks of any kind, told apart by `type`; without one, files."""
