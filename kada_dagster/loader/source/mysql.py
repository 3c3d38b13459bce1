"""MySQL and MariaDB as a source: one snapshot; the server prints the rows as COPY text."""

from __future__ import annotations

import socket
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from importlib.resources import files
from typing import Any

from typing_extensions import Self

from kada_dagster.errors import ConfigError, KadaError
from kada_dagster.loader.definition.profiles import MysqlProfile
from kada_dagster.loader.definition.template import Template
from kada_dagster.loader.errors import SourceReadError
from kada_dagster.loader.source.base import (
    Column,
    Encoding,
    Pipe,
    Selection,
    TableInfo,
    TargetColumn,
)
from kada_dagster.loader.source.drivers import driver
from kada_dagster.loader.source.listed import listed
from kada_dagster.loader.source.mysql_failures import reading
from kada_dagster.loader.source.mysql_packets import MissingLineError, lines
from kada_dagster.loader.source.mysql_session import beginnings
from kada_dagster.loader.source.mysql_types import Field, compared_bound, printed, target_type
from kada_dagster.loader.source.statements import Statements
from kada_dagster.loader.source.target_types import base_of

_ALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}


class MysqlSource:
    """One transaction that sees one state of the tables. A context manager that closes it.

    Args:
        arguments: of PyMySQL's `connect`; the password is taken out of them.
        where: the server and database, for messages.
        nulls_zero_dates: whether a date with a zero in it is read as NULL.

    Raises:
        ConfigError: the driver is not installed, or the database is not there.
        LoaderError: the server does not answer, or refuses.
    """

    type = "mysql"

    def __init__(
        self, arguments: dict[str, Any], where: str, *, nulls_zero_dates: bool = False
    ) -> None:
        self._driver = driver("pymysql", "mysql")
        password = arguments.pop("password", None)
        self._where, self._secrets = where, (password,) if password else ()
        self._nulls_zero_dates = nulls_zero_dates
        with self._reading("connect"):
            self._raw: Any = self._driver.connect(
                charset="utf8mb4",
                autocommit=True,
                password=(password or "").encode(),  # the driver would write it in latin1
                **arguments,
            )
        self._keep_alive()
        self._sql = Statements("``", lambda value, _: self._raw.escape(value))
        try:
            for statement in beginnings(str(arguments.get("init_command", ""))):
                self._all("begin", statement)
        except KadaError:
            self._raw.close()
            raise

    def columns(self, selection: Selection) -> tuple[Column, ...]:
        """See `Source.columns`."""
        known = self._definitions(selection)
        found = self._fields(selection).values()
        words = [(field, known.get(field.name, (field.word, ""))) for field in found]
        return tuple(
            Column(field.name, word, target_type(word), field.nullable, comment)
            for field, (word, comment) in words
        )

    def stream(self, selection: Selection, into: Sequence[TargetColumn]) -> MysqlStream:
        """See `Source.stream`."""
        names = selection.columns or tuple(column.name for column in into)
        fields = self._fields(selection)
        if missing := [name for name in names if name not in fields]:
            raise SourceReadError(f"{self._where}: {selection} has no column {missing[0]}")
        parts = [
            printed(
                fields[name],
                self._sql.name(name),
                is_bytea=base_of(column) == "bytea",
                nulls_zero_dates=self._nulls_zero_dates,
            )
            for name, column in zip(names, into)
        ]
        columns = tuple(Column(name, one.type, one.type) for name, one in zip(names, into))
        selection = self._compared(selection, fields)
        statement, _ = self._sql.select(selection, [f"CONCAT({', 0x09, '.join(parts)})"])
        return MysqlStream(self, f"{selection}", statement, columns)

    def count(self, selection: Selection) -> int:
        """See `Source.count`."""
        fields = self._fields(selection) if selection.bounds else {}
        statement, _ = self._sql.select(self._compared(selection, fields), ["COUNT(*)"])
        return self._all(str(selection), statement)[0][0]

    def tables(self, schema: str | None) -> Iterator[TableInfo]:
        """See `Source.tables`; the database of the profile is the usual schema."""
        text = files("kada_dagster.loader.source").joinpath("sql").joinpath("mysql_tables.sql")
        database = schema or str(self._all("database", "SELECT DATABASE()")[0][0])
        found = self._all(
            "tables", text.read_text("utf-8").format(schema=self._raw.escape(database))
        )
        for name, comment, key in found:
            table = (database, name)
            told = partial(self._table, table, tuple(filter(None, key.split("\t"))), comment)
            yield listed(table, told)

    def _table(self, table: tuple[str, ...], key: tuple[str, ...], comment: str) -> TableInfo:
        return TableInfo(table, self.columns(Selection(table=table)), key, comment)

    def read(self, what: str, statement: str) -> Iterator[list[bytes]]:
        """The lines of a statement that prints them.

        Raises:
            LoaderError: the server refuses or is gone.
        """
        begun = 0
        try:
            with self._reading(what):
                self._raw.query(statement, unbuffered=True)
                for found in lines(self._raw, self._driver):
                    begun += len(found)
                    yield found
        except MissingLineError as error:
            row = begun + error.row
        else:
            return
        raise SourceReadError(
            f"{self._where}: {what}: row {row} is longer than the server's max_allowed_packet as "
            "text; raise that, or leave out a column"
        )

    def cancel(self) -> None:
        """Cut the connection, from another thread."""
        with suppress(OSError, AttributeError):
            self._raw._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        self.cancel()
        self._raw._force_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_details: object) -> None:
        self.close()

    def _definitions(self, selection: Selection) -> dict[str, tuple[str, str]]:
        """Types and comments of a table's columns, as they are declared; none of a query."""
        if selection.table is None:
            return {}
        *schema, name = selection.table
        database = self._raw.escape(schema[-1]) if schema else "DATABASE()"
        found = self._all(
            f"columns of {selection}",
            "SELECT column_name, CAST(column_type AS CHAR), column_comment "
            "FROM information_schema.columns "
            f"WHERE table_schema = {database} AND table_name = {self._raw.escape(name)}",
        )
        return {name: (word, comment) for name, word, comment in found}

    def _fields(self, selection: Selection) -> dict[str, Field]:
        statement = f"SELECT * FROM {self._sql.rows_of(selection)} LIMIT 0"
        with self._reading(f"columns of {selection}"), self._raw.cursor() as cursor:
            cursor.execute(statement)
            given = list(cursor._result.fields)
        fields = [
            Field(one.name, one.type_code, one.charsetnr, one.length, one.scale, one.flags)
            for one in given
        ]
        return {field.name: field for field in fields}

    def _compared(self, selection: Selection, fields: Mapping[str, Field]) -> Selection:
        bounds = (compared_bound(bound, fields.get(bound.column)) for bound in selection.bounds)
        return replace(selection, bounds=tuple(bounds))

    def _all(self, what: str, statement: str) -> list[tuple[Any, ...]]:
        with self._reading(what), self._raw.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def _keep_alive(self) -> None:
        """Notice a peer that is gone without a word, however long it may think."""
        for name, value in _ALIVE.items():
            if (option := getattr(socket, name, None)) is not None:
                with suppress(OSError):  # a socket file has no such option
                    self._raw._sock.setsockopt(socket.IPPROTO_TCP, option, value)

    @contextmanager
    def _reading(self, what: str) -> Generator[None]:
        with reading(self._driver, f"{self._where}: {what}", self._secrets):
            yield


class MysqlStream:
    """See `Stream`."""

    encoding = Encoding.TEXT

    def __init__(
        self, source: MysqlSource, what: str, statement: str, columns: tuple[Column, ...]
    ) -> None:
        self._source, self._what, self._statement = source, what, statement
        self.columns, self.rows = columns, 0

    def write(self, pipe: Pipe) -> None:
        """See `Stream.write`."""
        for found in self._source.read(self._what, self._statement):
            found.append(b"")
            pipe.write(b"\n".join(found))
            self.rows += len(found) - 1

    def cancel(self) -> None:
        """See `Stream.cancel`."""
        self._source.cancel()

    def place(self, row: int) -> str:  # noqa: ARG002
        """See `Stream.place`."""
        return ""


def open_mysql(profile: MysqlProfile, name: str) -> MysqlSource:
    """See `registry.open_source`."""

    def text(key: str, template: Template | None) -> str | None:
        return None if template is None else template.resolve(f"connections.yaml: {name}.{key}")

    host, port = text("host", profile.host) or "", text("port", profile.port) or "3306"
    if not (port.isdecimal() and 0 < int(port) < 65_536):
        raise ConfigError(f"connections.yaml: {name}.port: must be a number from 1 to 65535")
    database = text("database", profile.database) or ""
    options = {key: _number(text(key, value)) for key, value in profile.options.items()}
    arguments: dict[str, Any] = {
        **options,
        "database": database,
        "user": text("username", profile.username),
        "password": text("password", profile.password),
        "connect_timeout": profile.connect_timeout,
        **({"unix_socket": host} if host.startswith("/") else {"host": host, "port": int(port)}),
        **({"ssl": {"ca": str(profile.ssl_ca)}} if profile.ssl_ca else {}),
    }
    where = f"{host}:{port}/{database}"
    return MysqlSource(arguments, where, nulls_zero_dates=profile.zero_dates == "null")


def _number(text: str | None) -> str | int | None:
    return int(text) if text and text.isdecimal() else text
