"""Any database SQLAlchemy has a driver for, as a source: streamed, and in one snapshot."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from kada_dagster.errors import KadaError
from kada_dagster.loader.definition.profiles import SqlalchemyProfile
from kada_dagster.loader.source.base import Column, Selection, TableInfo
from kada_dagster.loader.source.copy_text import BATCH
from kada_dagster.loader.source.dbapi import DbapiSource, DriverStatements
from kada_dagster.loader.source.dbapi_failures import reading
from kada_dagster.loader.source.products import product_of
from kada_dagster.loader.source.sqlalchemy_columns import Catalogue, described
from kada_dagster.loader.source.sqlalchemy_engine import Address, address_of
from kada_dagster.loader.source.statements import Statement

_MARKS = {
    "qmark": "?",
    "format": "%s",
    "numeric": ":{}",
    "numeric_dollar": "${}",
    "named": ":v{}",
    "pyformat": "%(v{})s",
}


class SqlalchemySource(DbapiSource):
    """One transaction that sees one state, where the server has such. Closes at the end.

    Args:
        address: of the database.

    Raises:
        LoaderError: the server does not answer, or refuses.
    """

    type = "sqlalchemy"

    def __init__(self, address: Address) -> None:
        self._engine, self._secrets = address.engine, address.secrets
        self._dialect: Any = address.engine.dialect
        product = product_of(self._dialect.name)
        super().__init__(address.where, product, statements_of(self._dialect))
        self._cursor: Any = None
        with self._reading("connect", is_connecting=True):
            self._raw = address.engine.connect()
        try:
            for statement in product.begin:
                with self._reading("begin"):
                    self._raw.exec_driver_sql(statement).close()
            if product.commits:
                self._raw.commit()
        except KadaError:
            self.close()
            raise

    def tables(self, schema: str | None) -> Iterator[TableInfo]:
        """See `Source.tables`; the dialect knows the usual schema."""
        with self._reading("tables"):
            catalogue = Catalogue(self._engine)
            found = catalogue.names(schema)
        for name in found:
            yield self._listed(name, partial(self._table, catalogue, name))

    def _table(self, catalogue: Catalogue, name: tuple[str, ...]) -> TableInfo:
        columns = self.columns(Selection(table=name))
        with self._reading(".".join(name)):
            key, comment = catalogue.key(name), catalogue.comment(name)
        return TableInfo(name, columns, key, comment)

    def cancel(self) -> None:
        """As the driver can: the connection's or the cursor's own way."""
        raw: Any = self._raw.connection.dbapi_connection if not self._raw.closed else None
        for owner, way in ((raw, "cancel"), (raw, "interrupt"), (self._cursor, "cancel")):
            stop = getattr(owner, way, None)
            if callable(stop):
                with suppress(Exception):  # it may be over already
                    stop()
                return

    def close(self) -> None:
        """Close the connection; what it read ends with it."""
        with suppress(Exception):
            self._raw.invalidate()
        self._raw.close()
        self._engine.dispose()

    def _described(self, selection: Selection) -> tuple[Column, ...]:
        what = f"columns of {selection}"
        statement = f"SELECT * FROM {self._sql.rows_of(selection)} WHERE 1 = 0"
        with self._reading(what):
            result = self._run((statement, []))
            given: list[Any] = list(getattr(result.cursor, "description", None) or ())
            result.close()
            given = self._named(given)
            declared = Catalogue(self._engine).columns(selection.table)
        return described(given, declared, self._dialect, self._product)

    def _named(self, given: list[Any]) -> list[Any]:
        """PostgreSQL's drivers tell the number of a type; the server knows its name."""
        if self._dialect.name != "postgresql" or not given:
            return given
        asked = ", ".join(f"pg_catalog.format_type({int(one[1])}, NULL)" for one in given)
        names = self._run((f"SELECT {asked}", [])).fetchone()
        return [(one[0], name) for one, name in zip(given, names)]

    def _batches(self, what: str, statement: Statement) -> Iterator[Sequence[Any]]:
        with self._reading(what):
            result = self._run(statement, stream_results=True, max_row_buffer=BATCH)
            self._cursor = result.cursor
            try:
                while rows := result.fetchmany(BATCH):
                    yield rows
            finally:
                self._cursor = None
                with suppress(Exception):
                    result.close()

    def _all(self, what: str, statement: Statement) -> Sequence[Any]:
        with self._reading(what):
            return self._run(statement).fetchall()

    def _do(self, statement: str) -> None:
        with self._reading(statement):
            self._run((statement, []))

    def _run(self, statement: Statement, **options: Any) -> Any:
        text, values = statement
        is_named = self._dialect.paramstyle in ("named", "pyformat")
        given: Any = {f"v{at}": one for at, one in enumerate(values, 1)}
        bound = given if is_named else tuple(values)
        options = {**options, "no_parameters": True}  # where there are none, % means nothing
        return self._raw.exec_driver_sql(text, bound or None, execution_options=options)

    @contextmanager
    def _reading(self, what: str, *, is_connecting: bool = False) -> Generator[None]:
        from sqlalchemy.exc import SQLAlchemyError

        kinds = (SQLAlchemyError, self._dialect.dbapi.Error)
        where = f"{self._where}: {what}"
        with reading(where, self._secrets, kinds, is_connecting=is_connecting):
            yield


def statements_of(dialect: Any) -> DriverStatements:
    """How a dialect's driver wants statements. Names are quoted by its own preparer.

    Where the server folds names to upper case, SQLAlchemy calls those in lower case, and a name in
    lower case is left without quotes.
    """
    preparer = dialect.identifier_preparer
    style = dialect.paramstyle
    quote = preparer.quote if dialect.requires_name_normalize else preparer.quote_identifier
    return DriverStatements(
        alias=product_of(dialect.name).alias,
        quote=quote,
        mark=_MARKS[style].format,
        doubles_percent=style in ("format", "pyformat"),
    )


def open_sqlalchemy(profile: SqlalchemyProfile, name: str) -> SqlalchemySource:
    """See `registry.open_source`."""
    return SqlalchemySource(address_of(profile.url, name))
