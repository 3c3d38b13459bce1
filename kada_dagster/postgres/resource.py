"""The Dagster resource of a PostgreSQL server: how to reach it, not what to read.

The password is a reference until a run needs it: an environment variable (`dg.EnvVar`) or a key
of the vendor's JSON file. Nothing else in the definitions or the run configuration knows it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field
from typing_extensions import Self

from kada_dagster.collector.resources import SourceResource
from kada_dagster.secrets import Secret

if TYPE_CHECKING:
    from kada_dagster.postgres.extractor import Extractor
    from kada_dagster.postgres.settings import PostgresSettings

_SETTINGS = ("server", "port", "username", "ssl_mode", "connect_timeout", "statement_timeout")


class PostgresResource(SourceResource):
    """A PostgreSQL server and the role to read it with.

    Example:
        `PostgresResource(server="db.example.com", username="kada", password=dg.EnvVar("PGPASS"))`
    """

    server: str = Field(description="Host name, address or socket folder.")
    port: int = Field(5432, description="TCP port of the server.")
    username: str = Field(description="Role to log in as.")
    password: str | None = Field(
        None, repr=False, description="Its password, as dg.EnvVar; never the text itself."
    )
    password_file: str | None = Field(
        None, description="The vendor's JSON file that holds the password instead."
    )
    password_key: str = Field("password", description="The password's key in that file.")
    ssl_mode: str = Field("prefer", description="libpq's sslmode.")
    ssl_root_cert: str | None = Field(
        None, description="File with the certificates of the authorities to trust."
    )
    connect_timeout: int = Field(10, description="Seconds to wait for a connection.")
    statement_timeout: int = Field(600, description="Seconds one statement may take.")

    @classmethod
    def from_settings(cls, settings: PostgresSettings) -> Self:
        """The resource of a source of kada.yaml; its password stays a reference."""
        fields: dict[str, Any] = {name: getattr(settings, name) for name in _SETTINGS}
        if settings.ssl_root_cert is not None:
            fields["ssl_root_cert"] = str(settings.ssl_root_cert)
        return cls(**fields, **_password_fields(settings.password))

    def extractor(self, settings: PostgresSettings) -> Extractor:
        """The plain extractor of these settings, connecting as this resource says."""
        fields: dict[str, Any] = {name: getattr(self, name) for name in _SETTINGS}
        fields["ssl_root_cert"] = Path(self.ssl_root_cert) if self.ssl_root_cert else None
        fields["password"] = self._secret()
        return settings.model_copy(update=fields).extractor()

    def _secret(self) -> Secret | None:
        if self.password_file is not None:
            return Secret(file=Path(self.password_file), key=self.password_key)
        return None if self.password is None else Secret(value=self.password)


def _password_fields(secret: Secret | None) -> dict[str, Any]:
    if secret is None:
        return {}
    if secret.variable is not None:
        return {"password": dg.EnvVar(secret.variable)}
    return {"password_file": str(secret.file), "password_key": secret.key}
