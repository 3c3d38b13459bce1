"""Which parts of a connection's configuration are kept: what is not named here is never read.

Hevo may echo passwords, tokens and private keys in `config`, and users paste addresses that hold
some into fields for a host.
"""

from __future__ import annotations

from typing import Any

from kada_dagster.api.values import object_of, text
from kada_dagster.extracts.places import host_in, is_name

_HOSTS = ("db_host", "server_hostname", "host", "account", "account_name", "account_url")
_NAMES = (
    *("db_port", "db_name", "schema_name", "region", "warehouse", "project_id", "dataset_name"),
    *("port", "database", "database_name", "schema"),
)


def allowed(config: object) -> dict[str, str]:
    """The configuration's keys that may be stored, as texts; empty ones are left out.

    Of an address, which may hold a password, its host is taken where a host belongs, and nothing
    where another name does.
    """
    given: dict[str, Any] = object_of(config)
    values = {key: text(given.get(key)).strip() for key in (*_HOSTS, *_NAMES)}
    hosts = {key: host_in(values[key]) for key in _HOSTS}
    names = {key: values[key] for key in _NAMES if is_name(values[key])}
    return {key: value for key, value in {**hosts, **names}.items() if value}


def kind_of(value: object) -> str:
    """The name of a type, which is an object or a text."""
    return text(object_of(value).get("name")) or text(value)
