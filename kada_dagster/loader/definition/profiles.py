"""The profiles of connections.yaml: how to reach a source or the target. Values stay references."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Tag, TypeAdapter, field_validator, model_validator
from typing_extensions import Self

from kada_dagster.config.fields import LocalPath, Seconds, Settings, by_type
from kada_dagster.loader.definition.template import (
    NOT_HERE,
    SecretText,
    Template,
    TemplateText,
    without_password,
)
from kada_dagster.loader.definition.written_secrets import (
    NO_LOGIN_HERE,
    has_login,
    is_secret_header,
    referring_options,
    without_written_secret,
)

_IN_ADDRESS = re.compile(r"\A[^/]*//[^/@]*?:([^@]+)@")
DriverOptions = Annotated[dict[str, TemplateText], AfterValidator(referring_options)]
"""Parameters of a driver; those that are secret are references."""


class Profile(Settings):
    """What all profiles have."""

    max_concurrent: int | None = Field(
        default=None, ge=1, le=1000, description="Loads that may read from it at the same time."
    )


class _ServerProfile(Profile):
    host: TemplateText = Field(description="Host name, address or socket folder.")
    port: TemplateText | None = Field(default=None, description="TCP port.")
    database: TemplateText = Field(description="Name of the database.")
    username: TemplateText | None = Field(default=None, description="Who logs in.")
    password: SecretText | None = Field(default=None, description="Password, as ${NAME}.")
    connect_timeout: Seconds = Field(default=10, description="Seconds to wait for a connection.")
    options: DriverOptions = Field(default={}, description="Further parameters of the driver.")


class PostgresProfile(_ServerProfile):
    """PostgreSQL: a source, or the target. Options are libpq's, as `sslmode`."""

    type: Literal["postgres"] = "postgres"
    ssl_mode: str = Field(default="prefer", description="libpq's sslmode.")
    ssl_root_cert: LocalPath | None = Field(default=None, description="Certificate authority.")


class MysqlProfile(_ServerProfile):
    """MySQL or MariaDB."""

    type: Literal["mysql", "mariadb"] = "mysql"
    ssl_ca: LocalPath | None = Field(default=None, description="Certificate authority.")
    zero_dates: Literal["fail", "null"] = Field(
        default="fail", description="What becomes of 0000-00-00 and of dates without a day."
    )


class SqliteProfile(Profile):
    """A SQLite file."""

    type: Literal["sqlite"] = "sqlite"
    path: LocalPath = Field(description="The file.")


class SqlalchemyProfile(Profile):
    """Anything SQLAlchemy has a driver for."""

    type: Literal["sqlalchemy"] = "sqlalchemy"
    url: TemplateText = Field(
        description="As `oracle+oracledb://${USER}:${PASSWORD}@host/service`; values of variables "
        "are percent-encoded."
    )

    @field_validator("url")
    @classmethod
    def _password_is_a_reference(cls, url: Template) -> Template:
        return without_written_secret(without_password(url, _IN_ADDRESS))


class OdbcProfile(Profile):
    """Anything with an ODBC driver."""

    type: Literal["odbc"] = "odbc"
    connection_string: TemplateText = Field(
        description="As `Driver={...};Server=...;UID=${USER};PWD=${PASSWORD}`; values of variables "
        "are put in braces where they need it."
    )

    @field_validator("connection_string")
    @classmethod
    def _password_is_a_reference(cls, text: Template) -> Template:
        return without_written_secret(text)


class FolderProfile(Profile):
    """A folder, or a prefix of an object store."""

    type: Literal["folder"] = "folder"
    path: LocalPath | None = Field(default=None, description="The folder.")
    url: TemplateText | None = Field(default=None, description="As s3://bucket/prefix.")
    options: DriverOptions = Field(
        default={}, description="Parameters of the store's driver, as keys."
    )

    @field_validator("url")
    @classmethod
    def _password_is_elsewhere(cls, url: Template | None) -> Template | None:
        if url is None:
            return None
        if has_login(url.text):
            raise ValueError(NO_LOGIN_HERE)
        return without_written_secret(url)

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.url is None):
            raise ValueError("give either path or url")
        return self


class NoLogin(Settings):
    """An API without credentials."""

    type: Literal["none"] = "none"


class BasicLogin(Settings):
    """HTTP Basic."""

    type: Literal["basic"] = "basic"
    username: TemplateText = Field(description="User name.")
    password: SecretText = Field(description="Password, as ${NAME}.")


class BearerLogin(Settings):
    """A bearer token."""

    type: Literal["bearer"] = "bearer"
    token: SecretText = Field(description="Token, as ${NAME}.")


class OauthLogin(Settings):
    """OAuth 2, client credentials (RFC 6749, 4.4)."""

    type: Literal["oauth2"] = "oauth2"
    token_url: TemplateText = Field(description="Where tokens are given.")
    client_id: TemplateText = Field(description="Id of the client.")
    client_secret: SecretText = Field(description="Its secret, as ${NAME}.")
    scope: TemplateText | None = Field(default=None, description="Scopes, apart by spaces.")


Login = Annotated[
    Annotated[NoLogin, Tag("type:none")]
    | Annotated[BasicLogin, Tag("type:basic")]
    | Annotated[BearerLogin, Tag("type:bearer")]
    | Annotated[OauthLogin, Tag("type:oauth2")],
    by_type(),
]


class HttpProfile(Profile):
    """A REST API, or any files behind HTTP."""

    type: Literal["http"] = "http"
    url: TemplateText = Field(description="What all paths are put behind.")
    headers: dict[str, TemplateText] = Field(default={}, description="Of every request.")
    auth: Login = Field(default=NoLogin(), description="How requests are signed.")
    timeout: Seconds = Field(default=30, description="Seconds to wait for an answer.")
    calls: int = Field(default=1000, ge=1, description="Requests that may be made ...")
    seconds: int = Field(default=60, ge=1, description="... in so many seconds.")
    concurrency: int = Field(default=4, ge=1, le=32, description="Requests at the same time.")

    @field_validator("url")
    @classmethod
    def _no_secret_is_written(cls, url: Template) -> Template:
        return without_written_secret(url)

    @field_validator("headers")
    @classmethod
    def _secrets_are_references(cls, headers: dict[str, Template]) -> dict[str, Template]:
        for name, value in headers.items():
            if is_secret_header(name) and not value.variables:
                raise ValueError(f"{name}: {NOT_HERE}")
        return headers


AnyProfile = Annotated[
    Annotated[PostgresProfile, Tag("type:postgres")]
    | Annotated[MysqlProfile, Tag("type:mysql")]
    | Annotated[MysqlProfile, Tag("type:mariadb")]
    | Annotated[SqliteProfile, Tag("type:sqlite")]
    | Annotated[SqlalchemyProfile, Tag("type:sqlalchemy")]
    | Annotated[OdbcProfile, Tag("type:odbc")]
    | Annotated[FolderProfile, Tag("type:folder")]
    | Annotated[HttpProfile, Tag("type:http")],
    by_type(),
]


class Connections(Settings):
    """The whole of connections.yaml, under one key so that a model can describe it."""

    profiles: dict[str, AnyProfile] = Field(description="Profiles by name.")


PROFILE: TypeAdapter[Profile] = TypeAdapter(AnyProfile)
