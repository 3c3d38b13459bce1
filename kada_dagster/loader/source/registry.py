"""From a profile to an open source. A kind of source is imported when one is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from kada_dagster.loader.definition.profiles import Profile
from kada_dagster.loader.source.base import Source

_OPENERS: Mapping[str, str] = {
    "postgres": "kada_dagster.loader.source.postgres:open_postgres",
    "mysql": "kada_dagster.loader.source.mysql:open_mysql",
    "mariadb": "kada_dagster.loader.source.mysql:open_mysql",
    "sqlalchemy": "kada_dagster.loader.source.sqlalchemy:open_sqlalchemy",
    "odbc": "kada_dagster.loader.source.odbc:open_odbc",
    "sqlite": "kada_dagster.loader.source.sqlite:open_sqlite",
    "http": "kada_dagster.loader.source.http.source:open_http",
    "folder": "kada_dagster.loader.source.files.source:open_folder",
}
"""`module:function` by the type of the profile; called with the profile and its name."""


def open_source(profile: Profile, name: str) -> Source:
    """Connect to what a profile describes; close it.

    Args:
        profile: of connections.yaml.
        name: of the profile, for messages.

    Raises:
        ConfigError: a variable is not set, or the driver is not installed.
        ConnectionFailedError: there is no answer.
        PermissionDeniedError: the credentials are refused.
    """
    kind: Any = profile
    module, _, function = _OPENERS[kind.type].partition(":")
    opener: Callable[[Profile, str], Source] = getattr(import_module(module), function)
    return opener(profile, name)
