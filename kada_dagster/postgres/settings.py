"""The fields of a PostgreSQL source in kada.yaml; none of them needs the driver to be read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, cast

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from kada_dagster.config.document import read_text
from kada_dagster.config.fields import (
    LocalPath,
    Seconds,
    SecretReference,
    ServerName,
    Text,
    expanded,
)
from kada_dagster.config.models import SourceSettings

if TYPE_CHECKING:
    from kada_dagster.postgres.extractor import Extractor

SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
"""https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION"""

_SQL_FILE = re.compile(r"\S[^\n]*\.sql\s*\Z", re.IGNORECASE)


def _locate_sql(text: str, info: ValidationInfo) -> str:
    """A path of a file stays a path, counted from the configuration file."""
    if not _SQL_FILE.match(text):
        return text
    context: dict[str, Any] = info.context or {}
    path = Path(context.get("base", "")) / expanded(Path(text.strip()))
    if not path.is_file():
        raise ValueError(f"{path}: there is no such file")
    return str(path)


SqlText = Annotated[str, AfterValidator(_locate_sql)]
"""A statement, or the path of a `.sql` file that holds it."""


class PostgresSettings(SourceSettings):
    """One PostgreSQL server. The first ten fields are those of the vendor's collector."""

    vendor_keys: ClassVar[frozenset[str]] = frozenset(
        {
            *("host", "server", "username", "password", "databases", "port"),
            *("output_path", "mask", "compress", "meta_only"),
        }
    )
    secret_keys: ClassVar[frozenset[str]] = frozenset({"password"})

    type: Literal["postgres"] = Field(  # pyright: ignore[reportIncompatibleVariableOverride]
        default="postgres", description="Type of the source."
    )
    server: ServerName = Field(min_length=1, description="Host name, address or socket folder.")
    username: Text = Field(min_length=1, description="Role to log in as.")
    password: SecretReference | None = Field(
        default=None,
        description="Its password, as ${NAME}; not needed where the server asks for none.",
    )
    databases: list[Text] = Field(
        default=[], description="Databases to read; empty: every one the user may connect to."
    )
    port: int = Field(default=5432, ge=1, le=65_535, description="TCP port of the server.")
    meta_only: bool = Field(default=False, description="Do not read the statement statistics.")
    ssl_mode: SslMode = Field(default="prefer", description="libpq's sslmode.")
    ssl_root_cert: LocalPath | None = Field(
        default=None, description="File with the certificates of the authorities to trust."
    )
    include_schemas: list[Text] = Field(
        default=["*"],
        min_length=1,
        description="Patterns of the schemas to read; * and ? are wild.",
    )
    exclude_schemas: list[Text] = Field(default=[], description="Patterns of schemas to leave out.")
    connect_timeout: Seconds = Field(default=10, description="Seconds to wait for a connection.")
    statement_timeout: Seconds = Field(default=600, description="Seconds one statement may take.")
    connections: int = Field(
        default=2, ge=1, le=16, description="Connections that read side by side."
    )
    custom_sql: dict[str, SqlText] = Field(
        default={}, description="Statements to use instead of ours, by name: SQL, or a .sql file."
    )

    @model_validator(mode="before")
    @classmethod
    def _label_is_the_server(cls, fields: object) -> object:
        """A source is usually onboarded in K under the name of its server."""
        if not isinstance(fields, dict):
            return fields
        given = cast("dict[str, object]", fields)
        return {**given, "host": given.get("host") or given.get("server") or ""}

    def extractor(self) -> Extractor:
        """The plain extractor these settings describe; it resolves the password when it connects.

        Raises:
            ConfigError: a file of `custom_sql` cannot be read, or a statement has no such name.
        """
        from kada_dagster.postgres.extractor import Extractor

        keys = set(type(self).model_fields) - set(SourceSettings.model_fields)
        keys |= {"name", "host", "output_path", "mask", "compress"}
        keywords: dict[str, Any] = {key: getattr(self, key) for key in keys}
        keywords["custom_sql"] = self.statements()
        keywords["ssl_root_cert"] = self.ssl_root_cert and str(self.ssl_root_cert)
        return Extractor(**keywords)

    def statements(self) -> dict[str, str]:
        """The SQL of `custom_sql`, files read.

        Raises:
            ConfigError: a file cannot be read.
        """
        return {
            name: read_text(Path(text.strip())) if _SQL_FILE.match(text) else text
            for name, text in self.custom_sql.items()
        }
