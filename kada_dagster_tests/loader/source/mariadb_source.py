"""A database of MariaDB opened as loads open it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

from kada_dagster.loader.definition.profiles import PROFILE
from kada_dagster.loader.source.mysql import MysqlSource
from kada_dagster.loader.source.registry import open_source
from kada_dagster_tests.loader.source.mariadb_server import MariadbDatabase

PASSWORD_VARIABLE = "MARIA_PASSWORD"


@contextmanager
def opened(maria: MariadbDatabase, **more: Any) -> Iterator[MysqlSource]:
    """The source, of a profile with these fields besides the usual ones."""
    fields = {
        "type": "mariadb",
        "host": "127.0.0.1",
        "port": maria.port,
        "database": maria.name,
        "username": "root",
        "password": f"${{{PASSWORD_VARIABLE}}}",
    }
    profile = PROFILE.validate_python({**fields, **more})
    with open_source(profile, "erp") as source:
        assert isinstance(source, MysqlSource)
        yield source


@contextmanager
def with_default(maria: MariadbDatabase, name: str, value: str) -> Generator[None]:
    """What new sessions of the server have."""
    maria.run(f"SET GLOBAL {name} = {value}")
    try:
        yield
    finally:
        maria.run(f"SET GLOBAL {name} = DEFAULT")
