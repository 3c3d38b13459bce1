"""The PostgreSQL storage of a Dagster instance: opened once, where Dagster would try for long."""

from __future__ import annotations

import os
from typing import Any, cast

from kada_dagster.errors import ConfigError, ConnectionFailedError, KadaError
from kada_dagster.postgres.client import ServerAddress, open_session
from kada_dagster.secrets import Secret


def plain(value: Any) -> Any:
    """A value of dagster.yaml, which may be `{env: NAME}`.

    Raises:
        ConfigError: the variable is not set.
    """
    if not isinstance(value, dict):
        return value
    name = str(cast("dict[str, object]", value)["env"])
    if name not in os.environ:
        raise ConfigError(
            f"environment variable {name} is not set, which dagster.yaml takes the storage from: "
            "set it for all processes of Dagster"
        )
    return os.environ[name]


def open_postgres(config: dict[str, Any], timeout: float) -> None:
    """Log in to the database.

    Args:
        config: `storage.postgres` of dagster.yaml.
        timeout: seconds to wait.

    Raises:
        KadaError: it cannot be used; says what to correct.
    """
    from sqlalchemy.engine import URL, make_url

    if "postgres_url" in config:
        url = make_url(plain(config["postgres_url"]))
    else:
        db = {key: plain(value) for key, value in config.get("postgres_db", {}).items()}
        port = int(db.get("port") or 5432)
        names = (db.get("username"), db.get("password"), db.get("hostname"))
        url = URL.create("postgresql", *names, port, db.get("db_name"))
    address = ServerAddress(
        url.host or "localhost",
        url.port or 5432,
        url.username,
        Secret(value=str(url.password)) if url.password else None,
        connect_timeout=int(timeout),
    )
    try:
        open_session(address, url.database or "postgres").close()
    except KadaError as error:
        said = str(error).rpartition("; check ")[0] or str(error).removeprefix("databases: ")
        kind = ConnectionFailedError if error.transient else ConfigError
        raise kind(
            f"{said}: start the server, or correct storage.postgres of dagster.yaml"
        ) from None
