"""From an address to an engine of SQLAlchemy: dialect, driver, and what must not be shown of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.template import Template
from kada_dagster.loader.source.hidden import hidden_values
from kada_dagster.loader.source.products import product_of
from kada_dagster.secrets import redact

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.engine import URL

_EXTRAS = {
    "oracledb": "oracle",
    "pymssql": "sqlserver",
    "pyodbc": "odbc",
    "duckdb": "duckdb",
    "pymysql": "mysql",
}
_DIALECT_EXTRAS = {"duckdb": "duckdb"}
_ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "duckdb": {"read_only": True},
}


@dataclass(frozen=True)
class Address:
    """A database as SQLAlchemy is told of it.

    Attributes:
        engine: keeps no connection.
        where: dialect, server and database, for messages.
        secrets: values that no message may hold.
    """

    engine: Engine
    where: str
    secrets: tuple[str, ...]


def address_of(template: Template, name: str) -> Address:
    """The engine of an address in connections.yaml.

    Args:
        template: of the address.
        name: of the profile.

    Raises:
        ConfigError: a variable is not set, it is no address, or dialect or driver are missing.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    field = f"connections.yaml: {name}.url"
    text = template.resolve(field, _encoded)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    if url is None:
        raise ConfigError(f"{field}: is no address such as dialect+driver://user:password@host/db")
    password = str(url.password or "")
    secrets = hidden_values(template, field, _encoded, [password])
    where = redact(_where(url, name), [password, _encoded(password)])
    return Address(_engine(url, field), where, secrets)


def _engine(url: URL, field: str) -> Engine:
    from sqlalchemy import create_engine
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError
    from sqlalchemy.pool import NullPool

    try:
        dialect = url.get_dialect().name
        _require_file(url, dialect, field)
        arguments = {**_ARGUMENTS.get(dialect, {}), **_password(url)}
        return create_engine(url, poolclass=NullPool, connect_args=arguments)
    except NoSuchModuleError:
        reason = _missing(_DIALECT_EXTRAS, url.get_backend_name(), "SQLAlchemy's dialect for ")
    except ImportError as error:
        reason = _missing(_EXTRAS, error.name or url.drivername, "")
    except (ArgumentError, TypeError, ValueError):
        reason = "has a part that the dialect does not know"
    raise ConfigError(f"{field}: {reason}")


def _password(url: URL) -> dict[str, bytes]:
    """PyMySQL would write it in latin1."""
    is_bent = url.password is not None and url.get_driver_name() == "pymysql"
    return {"password": str(url.password).encode()} if is_bent else {}


def _missing(extras: Mapping[str, str], module: str, what: str) -> str:
    """What to install; a package is mostly called as what it brings."""
    package = f"'kada_dagster[{extras[module]}]'" if module in extras else module
    hint = "" if module in extras or not what else "the package that has it, as sqlalchemy-"
    return f"{what}{module} is not installed; install it with: pip install {hint}{package}"


def _require_file(url: URL, dialect: str, field: str) -> None:
    """The drivers of files would make a new one."""
    database = url.database or ""
    is_path = database and not database.startswith((":", "file:", "md:"))
    if product_of(dialect).is_file and is_path and not Path(database).is_file():
        raise ConfigError(f"{field}: {database} is not there")


def _where(url: URL, name: str) -> str:
    server = f"{url.host}:{url.port}" if url.port else (url.host or "")
    place = "/".join(filter(None, (server, Path(url.database or "").name)))
    return f"{name} ({url.get_backend_name()}{f' {place}' if place else ''})"


def _encoded(value: str) -> str:
    return quote(value, safe="")
