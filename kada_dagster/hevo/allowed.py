"""Which parts of a connection's configuration are kept: what is not named here is never read.

Hevo may echo passwords, tokens and private keys in `config`.
"""

from __future__ import annotations

from typing import Any

from kada_dagster.api.values import object_of, text

_KEYS = (
    *("db_host", "db_port", "db_name", "schema_name", "account_name", "region", "warehouse"),
    *("project_id", "dataset_name", "server_hostname"),
    *("host", "port", "database", "database_name", "schema", "account", "account_url"),
)


def allowed(config: object) -> dict[str, str]:
    """The configuration's keys that may be stored, as texts; empty ones are left out.

    A value with `@` in it may be an address that holds a password: it is left out, too.
    """
    given: dict[str, Any] = object_of(config)
    values = {key: text(given.get(key)).strip() for key in _KEYS}
    return {key: value for key, value in values.items() if value and "@" not in value}


def kind_of(value: object) -> str:
    """The name of a type, which is an object or a text."""
    return text(object_of(value).get("name")) or text(value)
