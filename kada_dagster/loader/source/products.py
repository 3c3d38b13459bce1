"""What servers behind generic drivers do otherwise: how a snapshot begins, what types mean.

Not here: what SQLAlchemy and ODBC do for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from kada_dagster.loader.source import mysql_session, postgres_session
from kada_dagster.loader.source.base import Bound
from kada_dagster.loader.source.sqlite_bounds import sqlite_bound

_MONTHS = "interval year to month"
_TIMES = ("date", "time", "interval")
Printed = Callable[[str, str], str]
"""From a column's type in PostgreSQL and its name, quoted, to the expression that is read."""


def _as_it_is(_target: str, name: str) -> str:
    return name


@dataclass(frozen=True)
class Product:
    """A kind of server.

    Attributes:
        begin: statements that begin a transaction that reads one state, times in UTC.
        commits: whether a commit must follow them before they hold.
        alias: what stands between a query in brackets and its name.
        printed: the expression that gives a column's values in a form that loses nothing.
        words: types, by names that mean something else elsewhere.
        is_described: whether the driver tells the types of a query as exactly as the catalogue.
        zoned: what a moment with a zone is bound as.
        is_file: whether the database is a file.
        aborts: whether nothing more can be read behind a statement that failed.
        bound: from a range and its column's type in PostgreSQL to the range as it is compared,
            where binding values of that type is not enough.
    """

    begin: tuple[str, ...] = ()
    commits: bool = False
    alias: str = " AS "
    printed: Printed = _as_it_is
    words: Mapping[str, str] = field(default_factory=dict[str, str])
    is_described: bool = False
    zoned: Literal["aware", "naive", "text"] = "aware"
    is_file: bool = False
    aborts: bool = False
    bound: Callable[[Bound, str], Bound] | None = None


def _mssql(target: str, name: str) -> str:
    """Not all drivers know a moment with a zone."""
    is_zoned = target == "timestamp with time zone"
    return f"CONVERT(varchar(34), {name}, 121)" if is_zoned else name


def _mysql(target: str, name: str) -> str:
    """The server prints 6 digits of a FLOAT, and bytes for bits."""
    if target == "real":
        return f"{name} * 1e0"
    return f"LPAD(BIN({name}), {target[4:-1]}, '0')" if target.startswith("bit(") else name


def _postgresql(target: str, name: str) -> str:
    """As Python's values, infinity is the year 9999, a month 30 days, and JSON has few digits."""
    is_odd = target.startswith((*_TIMES, "json")) and not target.endswith("[]")
    return f"CAST({name} AS text)" if is_odd else name


def _oracle(target: str, name: str) -> str:
    """The drivers drop the zone, and have no value for months."""
    if target == "timestamp with time zone":
        return f"TO_CHAR(SYS_EXTRACT_UTC({name}), 'YYYY-MM-DD HH24:MI:SS.FF6') || '+00'"
    return f"TO_CHAR({name})" if target == _MONTHS else name


def _duckdb(target: str, name: str) -> str:
    """As Python's values, infinity is the year 9999, a month 30 days, and JSON no text."""
    base, is_list = target.removesuffix("[]"), target.endswith("[]")
    if target == "jsonb":
        return f"CAST(to_json({name}) AS VARCHAR)"
    if base.startswith(_TIMES):
        text = f"CAST({name} AS VARCHAR{target[len(target.rstrip('[]')) :]})"
        return text if is_list else f"replace({text}, ' (BC)', ' BC')"
    return f"CAST({name} AS VARCHAR)" if target == "json" else name


_MYSQL = Product(
    begin=mysql_session.beginnings(),
    printed=_mysql,
    words={
        "timestamp": "timestamp with time zone",
        "bytea": "text",  # the driver's word for both, in a query
        "time": "interval",
        "float": "real",
        "bool": "smallint",
    },
    zoned="naive",
)

PRODUCTS: Mapping[str, Product] = {
    "postgresql": Product(
        begin=postgres_session.beginnings(),
        printed=_postgresql,
        words={"money": "money"},
        aborts=True,
    ),
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "oracle": Product(
        begin=("ALTER SESSION SET TIME_ZONE = '+00:00'", "SET TRANSACTION READ ONLY"),
        alias=" ",
        printed=_oracle,
        words={
            "date": "timestamp(0) without time zone",
            "integer": "numeric(38,0)",
            "interval year to month": _MONTHS,
            "interval_ym": _MONTHS,
        },
        is_described=True,
        zoned="naive",
    ),
    "mssql": Product(
        begin=(
            "IF (SELECT snapshot_isolation_state FROM sys.databases WHERE name = DB_NAME()) = 1 "
            "SET TRANSACTION ISOLATION LEVEL SNAPSHOT",
        ),
        commits=True,  # a transaction cannot become a snapshot when it has begun
        printed=_mssql,
        words={"bit": "boolean", "timestamp": "bytea"},
        zoned="text",
    ),
    "duckdb": Product(
        begin=("SET TimeZone = 'UTC'",),
        printed=_duckdb,
        words={"float": "real", "varchar": "text", "bit": "bit varying"},
        is_described=True,
        is_file=True,
    ),
    "sqlite": Product(begin=("BEGIN",), is_file=True, bound=sqlite_bound),
}
"""By the name of SQLAlchemy's dialect."""

_SYSTEMS = {
    "postgresql": "postgresql",
    "mysql": "mysql",
    "mariadb": "mariadb",
    "oracle": "oracle",
    "microsoft sql server": "mssql",
    "duckdb": "duckdb",
    "sqlite": "sqlite",
}


def product_of(dialect: str) -> Product:
    """The product of a dialect of SQLAlchemy; one without anything of its own if unknown."""
    return PRODUCTS.get(dialect, Product())


def product_called(system: str) -> Product:
    """The product an ODBC driver calls so.

    Args:
        system: what it says for SQL_DBMS_NAME.
    """
    return product_of(_SYSTEMS.get(system.strip().lower(), ""))
