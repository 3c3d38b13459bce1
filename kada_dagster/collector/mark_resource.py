"""The Dagster resources of the high water marks. The stores themselves are plain Python."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from kada_dagster.collector.landing_resource import LandingResource, landing_resource, plain
from kada_dagster.secrets import Secret

if TYPE_CHECKING:
    from kada_dagster.config.marks import HighWaterMarkSettings
    from kada_dagster.config.models import SourceSettings
    from kada_dagster.hwm.store import MarkStore


class HighWaterMarkResource(dg.ConfigurableResource[Any], ABC):
    """Reaches the store of high water marks."""

    @abstractmethod
    def store(self) -> MarkStore:
        """The store of the marks."""


class FileMarkResource(HighWaterMarkResource):
    """High water marks in files.

    Attributes:
        path: folder of the files `<name>_hwm.txt`.
    """

    path: str = Field(description="Folder of the files <name>_hwm.txt.")

    def store(self) -> MarkStore:
        """The files."""
        from kada_dagster.hwm.file_store import FileMarkStore

        return FileMarkStore(Path(self.path))


class LandingMarkResource(HighWaterMarkResource):
    """High water marks beside a landing directory.

    Attributes:
        landing: the landing.
    """

    landing: dg.ResourceDependency[LandingResource]

    def store(self) -> MarkStore:
        """The folder beside the landing."""
        return self.landing.landing().marks()


class PostgresMarkResource(HighWaterMarkResource):
    """High water marks in tables of a PostgreSQL database."""

    server: str = Field(description="Host name, address or socket folder.")
    port: int = Field(5432, description="TCP port of the server.")
    database: str = Field(description="Its database.")
    username: str = Field(description="Role to log in as.")
    password: str | None = Field(None, repr=False, description="Its password, as dg.EnvVar.")
    schema_name: str = Field("kada", description="Schema of the tables; made when missing.")
    ssl_mode: str = Field("prefer", description="libpq's sslmode.")
    timeout: int = Field(30, description="Seconds a statement may take.")

    def store(self) -> MarkStore:
        """The tables."""
        from kada_dagster.hwm.table_store import TableMarkStore
        from kada_dagster.postgres.client import ServerAddress

        password = None if self.password is None else Secret(value=self.password)
        address = ServerAddress(
            server=self.server,
            port=self.port,
            username=self.username,
            password=password,
            ssl_mode=self.ssl_mode,
            statement_timeout=self.timeout,
        )
        return TableMarkStore(address, self.database, self.schema_name)


def mark_resource(settings: HighWaterMarkSettings, source: SourceSettings) -> HighWaterMarkResource:
    """The resource that reaches a source's mark; a secret stays a reference.

    Raises:
        ConfigError: the mark is to be kept beside the source's landing, and it has none.
    """
    if settings.type == "landing":
        return LandingMarkResource(landing=landing_resource(settings.landing_of(source)))
    kind = FileMarkResource if settings.type == "file" else PostgresMarkResource
    values = {name: getattr(settings, name) for name in type(settings).model_fields}
    return kind(**{k: plain(v) for k, v in values.items() if k != "type" and v is not None})
