"""The storage of a Dagster instance, looked at without opening it as Dagster does: that would make
files and tables where there are none, and try for long where a server is down.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from kada_dagster.errors import ConfigError, ConnectionFailedError, KadaError
from kada_dagster.postgres.client import ServerAddress, open_session
from kada_dagster.secrets import Secret

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

_HISTORY = "SELECT count(*) FROM pg_class WHERE relname = 'runs' AND relkind = 'r'"


def variables_in(config: object) -> Iterator[str]:
    """The environment variables a part of dagster.yaml names, as `{env: NAME}`."""
    if isinstance(config, dict):
        part = cast("dict[str, object]", config)
        if list(part) == ["env"]:
            yield str(part["env"])
        else:
            for value in part.values():
                yield from variables_in(value)
    elif isinstance(config, list):
        for value in cast("list[object]", config):
            yield from variables_in(value)


def sqlite_history(folder: Path, storage: dict[str, Any]) -> tuple[str, bool]:
    """Where SQLite keeps the history of runs, and whether there is one.

    Args:
        folder: of the instance.
        storage: that part of dagster.yaml; empty where there is none.
    """
    if storage and "sqlite" not in storage:
        return "the configured storage", True  # of another kind: Dagster has to open it
    base = storage.get("sqlite", {}).get("base_dir", str(folder))
    kept = Path(_plain(base)) / "history"
    return str(kept), (kept / "runs.db").exists()


def open_postgres(config: dict[str, Any], timeout: float) -> tuple[str, bool]:
    """Log in to the database.

    Args:
        config: `storage.postgres` of dagster.yaml; its variables are set.
        timeout: seconds to wait.

    Returns:
        Where it is, and whether Dagster has made its tables there.

    Raises:
        KadaError: it cannot be used; says what to correct.
    """
    url = _url_of(config)
    address = ServerAddress(
        url.host or "localhost",
        url.port or 5432,
        url.username,
        Secret(value=str(url.password)) if url.password else None,
        ssl_mode=str(url.query.get("sslmode", "prefer")),
        connect_timeout=int(timeout),
    )
    database = url.database or "postgres"
    try:
        with open_session(address, database) as session:
            has_run = bool(session.rows(_HISTORY)[0][0])
    except KadaError as error:
        said = str(error).rpartition("; check ")[0] or str(error).removeprefix("databases: ")
        kind = ConnectionFailedError if error.transient else ConfigError
        raise kind(
            f"{said}: start the server, or correct storage.postgres of dagster.yaml"
        ) from None
    return f"{address.server}:{address.port}/{database}", has_run


def _url_of(config: dict[str, Any]) -> URL:
    from sqlalchemy.engine import URL, make_url

    if "postgres_url" in config:
        return make_url(_plain(config["postgres_url"]))
    db: dict[str, Any] = config.get("postgres_db", {})
    text = {key: _plain(value) for key, value in db.items() if key != "params"}
    return URL.create(
        "postgresql",
        text.get("username"),
        text.get("password"),
        text.get("hostname"),
        int(text.get("port") or 5432),
        text.get("db_name"),
        {key: str(value) for key, value in db.get("params", {}).items()},
    )


def _plain(value: Any) -> str:
    """A value of dagster.yaml, which may be `{env: NAME}`."""
    names = list(variables_in(value))
    return os.environ[names[0]] if names else str(value)
