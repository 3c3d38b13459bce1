"""The PostgreSQL extractor: a server's catalogues as rows of the extract contract.

Catalogues: https://www.postgresql.org/docs/current/catalogs.html. pg_authid, umoptions and
subconninfo hold secrets and are never read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from kada_dagster.collector.extractor import Extractor as BaseExtractor
from kada_dagster.errors import (
    ConfigError,
    ExtractError,
    KadaError,
    PermissionDeniedError,
    SourceChangedError,
)
from kada_dagster.extracts.contract import DATABASE_LOG, LINKAGE, META
from kada_dagster.extracts.writer import ExtractWriter, Section
from kada_dagster.hwm.window import Window
from kada_dagster.postgres import scope as scopes
from kada_dagster.postgres import statements as sql
from kada_dagster.postgres.client import (
    MAINTENANCE_DATABASES,
    ServerAddress,
    Session,
    Sink,
    open_session,
)
from kada_dagster.postgres.failures import is_refused_login
from kada_dagster.postgres.reading import Task, run_tasks
from kada_dagster.postgres.repairing import RepairingSink
from kada_dagster.postgres.scope import Scope, comparable, may_hold_other_bytes
from kada_dagster.postgres.sinks import (
    ColumnMaskingSink,
    CountingSink,
    LineageSink,
    LogSink,
    MaskingSink,
)
from kada_dagster.secrets import Secret


class Extractor(BaseExtractor):
    """Extracts the metadata of a PostgreSQL server (11 or later).

    The first ten arguments are the vendor's; the others are this project's.

    Args:
        username: role to log in as.
        password: its password, or a reference such as `${PG_PASSWORD}` that is resolved when it
            connects; None leaves it to libpq.
        host: label the server has in K.
        server: host name, address or socket folder to connect to.
        databases: names; empty for every database the user may connect to.
        port: TCP port.
        output_path: folder for the extracts, full or relative.
        mask: replace literals and comments in code.
        compress: gzip the files.
        meta_only: False also writes DATABASE_LOG, from pg_stat_statements.
        name: name of the collector instance.
        ssl_mode: libpq's sslmode.
        ssl_root_cert: path of the certificate authority's file.
        include_schemas: glob patterns of schema names to extract.
        exclude_schemas: glob patterns of schema names to leave out.
        connect_timeout: seconds to wait for a connection.
        statement_timeout: seconds one query may take.
        connections: connections to read one database with; they share one snapshot.
        custom_sql: statements to use in place of the packaged ones, by name.

    Raises:
        ConfigError: an argument is unusable.
    """

    source_type: ClassVar[str] = "postgres"

    def __init__(  # noqa: PLR0917 - the vendor's positional arguments
        self,
        username: str | None = None,
        password: str | Secret | None = None,
        host: str | None = None,
        server: str | None = None,
        databases: Sequence[str] = (),
        port: int = 5432,
        output_path: str | Path = "./output",
        mask: bool = False,
        compress: bool = False,
        meta_only: bool = False,
        *,
        name: str = "postgres",
        ssl_mode: str = "prefer",
        ssl_root_cert: str | None = None,
        include_schemas: Sequence[str] = ("*",),
        exclude_schemas: Sequence[str] = (),
        connect_timeout: int = 10,
        statement_timeout: int = 600,
        connections: int = 2,
        custom_sql: Mapping[str, str] | None = None,
    ) -> None:
        if not server:
            raise ConfigError("server: missing; give the address to connect to")
        super().__init__(
            name=name, host=host or server, output_path=output_path, mask=mask, compress=compress
        )
        self.meta_only = meta_only
        self.connections = connections
        names = tuple(dict.fromkeys(databases))
        self.scope = Scope(self.host, names, tuple(include_schemas), tuple(exclude_schemas))
        self.address = ServerAddress(
            server=server,
            port=port,
            username=username,
            password=Secret.parse(password) if isinstance(password, str) else password,
            ssl_mode=ssl_mode,
            ssl_root_cert=ssl_root_cert,
            connect_timeout=connect_timeout,
            statement_timeout=statement_timeout,
        )
        self._statements = sql.packaged()
        for key, statement in (custom_sql or {}).items():
            self.overwrite_sql(key, statement)

    @property
    def families(self) -> tuple[str, ...]:
        """META and LINKAGE; DATABASE_LOG too unless `meta_only`."""
        return (META, LINKAGE) if self.meta_only else (META, LINKAGE, DATABASE_LOG)

    def list_sql(self) -> list[str]:
        """The names of the statements."""
        return list(self._statements)

    def get_sql(self, sql_name: str) -> str:
        """The text of a statement, with its placeholders `{0}`, `{1}`, ...

        Raises:
            ConfigError: there is no statement of that name.
        """
        return sql.find(self._statements, sql_name).sql

    def overwrite_sql(self, sql_name: str, statement: str) -> None:
        """Use another text for a statement from the next `run` on.

        Args:
            sql_name: as `list_sql` gives it.
            statement: must yield the same columns and keep the placeholders with their numbers.

        Raises:
            ConfigError: there is no such statement, or a placeholder is missing.
        """
        self._statements = sql.replaced(self._statements, sql_name, statement)

    def test_connection(self) -> None:
        """Connect to the server, and to every database that is named."""
        for database in self.scope.databases:
            open_session(self.address, database).close()
        if not self.scope.databases:
            self._maintenance_session().close()

    def read(self, window: Window, writer: ExtractWriter) -> None:  # noqa: ARG002
        """Read every database, one after the other. Catalogues have no past: the window does not
        limit what is read."""
        databases = self._databases(writer)
        once = {name for name, statement in self._statements.items() if statement.cluster_wide}
        if DATABASE_LOG in self.families:
            once.add("DATABASE_LOG_SQL")
        for session in self._sessions(databases, writer):
            with session:
                once -= self._read_database(session, databases, once, writer)
        if "DATABASE_LOG_SQL" in once:
            message = "no extracted database has it; CREATE EXTENSION pg_stat_statements"
            writer.warn("pg_stat_statements_missing", message)

    def _databases(self, writer: ExtractWriter) -> tuple[str, ...]:
        if self.scope.databases:
            return self.scope.databases
        with self._maintenance_session() as session:
            names, closed = scopes.connectable(session)
        for name in closed:
            writer.warn("database_not_connectable", name)
        if not names:
            raise ConfigError(f"databases: {self.address.username} may connect to none")
        return tuple(names)

    def _sessions(self, databases: tuple[str, ...], writer: ExtractWriter) -> Iterator[Session]:
        """The databases one after the other, open. One that nobody named may refuse this user:
        pg_hba.conf can, whatever CONNECT says."""
        failure: PermissionDeniedError | None = None
        opened = False
        for database in databases:
            try:
                session = open_session(self.address, database)
            except PermissionDeniedError as error:
                if self.scope.databases or is_refused_login(error):
                    raise
                writer.warn("database_not_connectable", str(error))
                failure = failure or error
                continue
            opened = True
            yield session
        if failure and not opened:
            raise failure

    def _maintenance_session(self) -> Session:
        failure: KadaError | None = None
        for database in (*MAINTENANCE_DATABASES, self.address.username or ""):
            try:
                return open_session(self.address, database)
            except (ConfigError, PermissionDeniedError) as error:
                if is_refused_login(error):  # a second try counts as a second failed login
                    raise
                failure = failure or error
        raise failure or ConfigError("databases: none could be reached")

    def _read_database(
        self, session: Session, databases: tuple[str, ...], once: set[str], writer: ExtractWriter
    ) -> set[str]:
        """Read one database. Returns the statements of `once` that were run here."""
        view = self._log_view(session, writer) if "DATABASE_LOG_SQL" in once else None
        wanted = comparable(databases, session.encoding)
        repair = may_hold_other_bytes(session)
        tasks: list[Task] = []
        sections: dict[str, Section] = {}
        denied: dict[str, str] = {}

        def refused(name: str, reason: str) -> None:
            denied[name] = reason
            sections[name].clear()
            if name == "DATABASES_SQL":  # the parent of everything else
                sections[name].add(self.scope.database_row(session.database))

        for name, statement in self._statements.items():
            if statement.cluster_wide and name not in once:
                continue
            if name == "DATABASE_LOG_SQL" and view is None:
                continue
            section = sections[name] = writer.section(statement.family or LINKAGE)
            sink = self._sink(statement, section, writer, session)
            if repair:
                sink = RepairingSink(sink, statement, session.codec, writer.warn)
            tasks.append(
                Task(
                    name,
                    self.scope.render(statement, session, wanted, view or "NULL"),
                    sink,
                    self._done(session.database, statement, section),
                )
            )
        run_tasks(self.address, session, tasks, self.connections, refused)
        if denied:
            sample = f"{', '.join(sorted(denied))}: {min(denied.values())}"
            writer.warn("not_readable", sample, len(denied))
        return once & {task.name for task in tasks}

    def _log_view(self, session: Session, writer: ExtractWriter) -> str | None:
        """The qualified name of pg_stat_statements where it can be read; else warns or is None."""
        try:
            view = scopes.log_view(session)
            if view is None:
                return None
            hidden = session.rows(f"SELECT count(*) FROM {view} WHERE queryid IS NULL")[0][0]
        except (PermissionDeniedError, SourceChangedError, ExtractError) as error:
            writer.warn("pg_stat_statements_unusable", str(error))
            return None
        if hidden:
            writer.warn("statements_hidden", "grant pg_read_all_stats to see them", hidden)
        return view

    def _sink(
        self, statement: sql.Statement, section: Section, writer: ExtractWriter, session: Session
    ) -> Sink:
        name = statement.name
        if name == "VIEW_RULES_SQL":
            return LineageSink(section, writer.warn)
        sink = CountingSink(section) if statement.counted_as is None else section
        is_log = name == "DATABASE_LOG_SQL"
        if statement.family == LINKAGE or not (self.mask or is_log):
            return sink
        from kada_dagster.extracts.masking import Masker  # its patterns take 4 ms to compile

        if is_log:  # written by clients, whose settings nobody knows
            return LogSink(sink, Masker(enabled=True), writer.warn, is_all=self.mask)
        # what the server prints follows this session's setting; bodies are as somebody wrote them
        printed = name != "PROCEDURES_SQL"
        standard = printed or scopes.reads_backslashes_plainly(session)
        masker = Masker(enabled=True, standard_conforming_strings=standard)
        kind = ColumnMaskingSink if name == "COLUMNS_SQL" else MaskingSink
        return kind(sink, masker, writer.warn)

    def _done(
        self, database: str, statement: sql.Statement, section: Section
    ) -> Callable[[int], None]:
        what = f"{database}: {statement.name.removesuffix('_SQL').lower().replace('_', ' ')}"

        def done(rows: int) -> None:
            if statement.counted_as is not None:
                section.count(statement.counted_as, rows)
            section.close()
            self.on_progress(what, rows)

        return done
