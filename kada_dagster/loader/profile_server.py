"""A PostgreSQL profile of connections.yaml as a server to connect to."""

from __future__ import annotations

from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.profiles import PostgresProfile
from kada_dagster.loader.definition.template import Template
from kada_dagster.loader.server import Server
from kada_dagster.postgres.client import ServerAddress
from kada_dagster.secrets import Secret


def server_of(profile: PostgresProfile, name: str) -> Server:
    """The server, with all variables read now.

    Args:
        profile: of connections.yaml.
        name: of it, for messages.

    Raises:
        ConfigError: a variable is not set, or the port is no number.
    """

    def text(key: str, template: Template | None) -> str | None:
        return None if template is None else template.resolve(f"connections.yaml: {name}.{key}")

    password = text("password", profile.password)
    address = ServerAddress(
        server=text("host", profile.host) or "",
        port=_port(text("port", profile.port), name),
        username=text("username", profile.username),
        password=None if password is None else Secret(value=password),
        ssl_mode=profile.ssl_mode,
        ssl_root_cert=str(profile.ssl_root_cert) if profile.ssl_root_cert else None,
        connect_timeout=profile.connect_timeout,
    )
    options = {key: text(f"options.{key}", value) or "" for key, value in profile.options.items()}
    return Server(address, text("database", profile.database) or "", options)


def _port(text: str | None, name: str) -> int:
    if text is None:
        return 5432
    if not (text.isdecimal() and 0 < int(text) < 65_536):
        raise ConfigError(f"connections.yaml: {name}.port: must be a number from 1 to 65535")
    return int(text)
