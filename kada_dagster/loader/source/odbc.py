"""Anything with an ODBC driver as a source, by way of pyodbc."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta, timezone
from functools import partial
from importlib import import_module
from typing import Any

from kada_dagster.errors import ConfigError, KadaError
from kada_dagster.loader.definition.profiles import OdbcProfile
from kada_dagster.loader.source.base import Column, Selection, TableInfo
from kada_dagster.loader.source.copy_text import BATCH
from kada_dagster.loader.source.dbapi import DbapiSource, DriverStatements
from kada_dagster.loader.source.dbapi_failures import reading
from kada_dagster.loader.source.described import Described, word_of
from kada_dagster.loader.source.drivers import driver
from kada_dagster.loader.source.hidden import hidden_values
from kada_dagster.loader.source.odbc_tables import UNDECLARED, declared_columns, key_of, table_names
from kada_dagster.loader.source.products import product_called
from kada_dagster.loader.source.statements import Statement
from kada_dagster.loader.source.type_words import target_type

_LOGIN_SECONDS = 30
_SPECIAL = re.compile(r"[{};]|\A\s|\s\Z|\A\Z")  # some drivers take braces for part of a value
_MOMENT_WITH_ZONE = -155  # SQL Server's datetimeoffset
_PASSWORD = re.compile(r"\b(?:pwd|password)\s*=\s*(\{(?:[^}]|\}\})*\}|[^;]*)", re.IGNORECASE)


class OdbcSource(DbapiSource):
    """One transaction of an ODBC connection. A context manager that closes it.

    Args:
        text: the connection string.
        name: of the profile, for messages.
        secrets: values that no message may hold.

    Raises:
        ConfigError: pyodbc, unixODBC or the driver are not installed.
        LoaderError: the server does not answer, or refuses.
    """

    type = "odbc"

    def __init__(self, text: str, name: str, secrets: tuple[str, ...]) -> None:
        self._driver, self._secrets = _pyodbc(), secrets
        self._where, self._cursor = name, None
        with self._reading("connect", is_connecting=True):
            self._raw: Any = self._driver.connect(text, timeout=_LOGIN_SECONDS)
        try:
            self._begin(name)
        except KadaError:
            self.close()
            raise

    def _begin(self, name: str) -> None:
        with self._reading("begin"):
            system = str(self._raw.getinfo(self._driver.SQL_DBMS_NAME))
            mark = str(self._raw.getinfo(self._driver.SQL_IDENTIFIER_QUOTE_CHAR))
        product = product_called(system)
        sql = DriverStatements(alias=product.alias, quote=_quoting(mark))
        super().__init__(f"{name} ({system})", product, sql)
        self._raw.add_output_converter(_MOMENT_WITH_ZONE, moment_with_zone)
        for statement in () if product.is_file else product.begin:
            self._do(statement)
        if product.commits:
            self._raw.commit()

    def tables(self, schema: str | None) -> Iterator[TableInfo]:
        """See `Source.tables`; without a schema, those of all."""
        with self._reading("tables"):
            found = table_names(self._raw, schema)
        for table, comment in found:
            yield self._listed(table, partial(self._table, table, comment))

    def _table(self, table: tuple[str, ...], comment: str) -> TableInfo:
        columns = self.columns(Selection(table=table))
        with self._reading(".".join(table)):
            key = key_of(self._raw, table)
        return TableInfo(table, columns, key, comment)

    def cancel(self) -> None:
        """Have the driver break off the statement."""
        cursor = self._cursor
        if cursor is not None:
            with suppress(Exception):  # it may be over already
                cursor.cancel()

    def close(self) -> None:
        """Close the connection."""
        with suppress(Exception):
            self._raw.rollback()
        with suppress(Exception):
            self._raw.close()

    def _described(self, selection: Selection) -> tuple[Column, ...]:
        statement = f"SELECT * FROM {self._sql.rows_of(selection)} WHERE 1 = 0"
        with self._reading(f"columns of {selection}"):
            with closing(self._raw.cursor()) as cursor:
                cursor.execute(statement)
                given = [Described.of(one) for one in cursor.description]
            declared = declared_columns(self._raw, selection.table)
        return tuple(self._column(one, declared.get(one.name)) for one in given)

    def _column(self, found: Described, declared: Column | None) -> Column:
        told = word_of(found, self._driver)
        if declared is not None:
            target = target_type(declared.source_type, self._product.words)
            if target is not None:
                nullable, comment = declared.nullable, declared.comment
                return Column(found.name, declared.source_type, target, nullable, comment)
        told = "numeric" if told == UNDECLARED else told
        target = target_type(told, self._product.words) or "text"
        return Column(found.name, told, target, found.nullable)

    def _batches(self, what: str, statement: Statement) -> Iterator[Sequence[Any]]:
        with self._reading(what), closing(self._raw.cursor()) as cursor:
            self._cursor = cursor
            try:
                cursor.execute(statement[0], *statement[1])
                while rows := cursor.fetchmany(BATCH):
                    yield rows
            finally:
                self._cursor = None

    def _do(self, statement: str) -> None:
        with self._reading("begin"), closing(self._raw.cursor()) as cursor:
            cursor.execute(statement)

    def _all(self, what: str, statement: Statement) -> Sequence[Any]:
        with self._reading(what), closing(self._raw.cursor()) as cursor:
            return cursor.execute(statement[0], *statement[1]).fetchall()

    @contextmanager
    def _reading(self, what: str, *, is_connecting: bool = False) -> Generator[None]:
        kinds, where = (self._driver.Error,), f"{self._where}: {what}"
        with reading(where, self._secrets, kinds, is_connecting=is_connecting):
            yield


def moment_with_zone(value: bytes) -> datetime:
    """A `datetimeoffset` as SQL Server's driver hands it out (SQL_SS_TIMESTAMPOFFSET_STRUCT)."""
    year, month, day, hour, minute, second, nano, *offset = struct.unpack("<6hI2h", value)
    zone = timezone(timedelta(hours=offset[0], minutes=offset[1]))
    return datetime(year, month, day, hour, minute, second, nano // 1000, zone)


def spelt(value: str) -> str:
    """A value in a connection string: in braces where it has a character with a meaning there."""
    return "{" + value.replace("}", "}}") + "}" if _SPECIAL.search(value) else value


def _quoting(mark: str) -> Callable[[str], str]:
    """How names are quoted; a space means that the driver cannot."""
    if not mark.strip():
        return str

    def quoted(name: str) -> str:
        return f"{mark}{name.replace(mark, mark * 2)}{mark}"

    return quoted


def _pyodbc() -> Any:
    try:
        return import_module("pyodbc")
    except ModuleNotFoundError:
        return driver("pyodbc", "odbc")
    except ImportError:
        reason = "libodbc cannot be loaded; install the system's package of it, as unixodbc"
    raise ConfigError(f"pyodbc: {reason}")


def open_odbc(profile: OdbcProfile, name: str) -> OdbcSource:
    """See `registry.open_source`."""
    field, template = f"connections.yaml: {name}.connection_string", profile.connection_string
    text = template.resolve(field, spelt)
    passwords = [one.strip("{}").replace("}}", "}") for one in _PASSWORD.findall(text)]
    secrets = hidden_values(template, field, spelt, passwords)
    return OdbcSource(text, name, secrets)
