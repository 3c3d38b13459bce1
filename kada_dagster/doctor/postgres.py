"""A PostgreSQL source: let in, databases there and open, every statement of the extract allowed."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kada_dagster.config.problems import suggestion
from kada_dagster.doctor.check import Check, Verdict, fail, ok, warn
from kada_dagster.doctor.limits import Shared
from kada_dagster.doctor.network import Address, reach, reach_socket
from kada_dagster.errors import ConfigError, KadaError, PermissionDeniedError
from kada_dagster.postgres import scope as scopes
from kada_dagster.postgres import statements as sql
from kada_dagster.postgres.client import MAINTENANCE_DATABASES, ServerAddress, Session, open_session
from kada_dagster.postgres.failures import is_refused_login

if TYPE_CHECKING:
    from kada_dagster.postgres.extractor import Extractor
    from kada_dagster.postgres.settings import PostgresSettings

OLDEST, NEWEST = 11, 18
"""Versions of the server the extract is tested with."""

_MOST_DATABASES = 20
_NO_DATABASE = re.compile(r'database ".*" does not exist')
_NO_CONNECT = "permission denied for database"


def postgres_checks(
    settings: PostgresSettings, secrets: tuple[Check, ...], shared: Shared
) -> list[Check]:
    """The checks of a source.

    Args:
        settings: of the source.
        secrets: the check of its secrets, if it has any.
        shared: see there.
    """
    probes = _Probes(settings, shared)
    name = settings.name
    server = Check(name, "server", probes.server, remote=True)
    login = Check(name, "login", probes.login, needs=(*secrets, server), remote=True)
    databases = Check(name, "databases", probes.databases, needs=(login,), remote=True)
    rights = Check(name, "permissions", probes.permissions, needs=(databases,), remote=True)
    return [server, login, databases, rights]


def knock(address: ServerAddress, timeout: float) -> Iterator[Verdict]:
    """Whether a PostgreSQL server, or its socket on this machine, is there."""
    if address.server.startswith(("/", "@")):
        return reach_socket(address.server, address.port)
    return reach(Address(address.server, address.port, "server and port"), timeout)


def server_time(session: Session, server: str, shared: Shared) -> None:
    """Note what the server's clock says."""
    before = time.time()
    theirs = session.rows("SELECT clock_timestamp()")[0][0]
    shared.clocks.note(server, theirs, before, time.time())


class _Probes:
    def __init__(self, settings: PostgresSettings, shared: Shared) -> None:
        self._settings, self._shared = settings, shared
        self._names: list[str] = []

    def _extractor(self) -> Extractor:
        extractor = self._settings.extractor()
        patience = int(self._shared.patience(extractor.address.connect_timeout))
        extractor.address = replace(
            extractor.address, connect_timeout=patience, statement_timeout=patience
        )
        return extractor

    def server(self) -> Iterator[Verdict]:
        address = self._extractor().address
        return knock(address, self._shared.patience(address.connect_timeout))

    def login(self) -> Iterator[Verdict]:
        extractor = self._extractor()
        try:
            extractor.test_connection()
        except KadaError as error:  # the server asks for the password before it looks further
            if not _is_about_database(error):
                raise
        yield ok(f"{extractor.address.username} is let in")

    def databases(self) -> Iterator[Verdict]:
        """Which can be used; one verdict for each that cannot."""
        extractor, wrong = self._extractor(), list[Verdict]()
        listed = extractor.scope.databases
        names, closed = (list(listed), []) if listed else self._connectable(extractor)
        for name in listed:
            wrong += self._opened(extractor.address, name)
        if not listed:
            names, refused = self._admitting(extractor.address, names)
            wrong += refused
        if closed:
            user = extractor.address.username
            wrong.append(
                warn(
                    f"left out, as {user} may not connect: {', '.join(closed)}: GRANT CONNECT, or "
                    "list the databases that are wanted"
                )
            )
        if not names:
            wrong.append(
                fail(
                    f"{extractor.address.username} may connect to no database: "
                    "GRANT CONNECT ON DATABASE ... TO it"
                )
            )
        self._names = names
        yield from wrong or [ok(f"{', '.join(names[:_MOST_DATABASES])}{_more(names)}")]

    def _opened(self, address: ServerAddress, name: str) -> Iterator[Verdict]:
        try:
            open_session(address, name).close()
        except ConfigError as error:
            if not _NO_DATABASE.search(str(error)):
                raise
            there = self._all_names(address)
            known = f"; there are: {', '.join(there)}" if there else ""
            yield fail(
                f"there is no database {name!r}{suggestion(name, there)}{known}: correct databases"
            )
        except PermissionDeniedError as error:
            if _NO_CONNECT not in str(error):
                raise
            yield fail(
                f"{address.username} may not connect to {name}: "
                f'GRANT CONNECT ON DATABASE "{name}" TO "{address.username}"'
            )

    def _admitting(
        self, address: ServerAddress, names: Sequence[str]
    ) -> tuple[list[str], list[Verdict]]:
        """Those of all databases that let the user in, and what is said of the others: pg_hba.conf
        can refuse whatever CONNECT says, and the extract goes on without them."""
        admitting, refused = list[str](), list[Verdict]()
        failure: PermissionDeniedError | None = None
        for name in names:
            try:
                open_session(address, name).close()
            except PermissionDeniedError as error:
                if is_refused_login(error):
                    raise
                refused.append(warn(f"left out: {error}, or list the databases that are wanted"))
                failure = failure or error
            else:
                admitting.append(name)
        if failure and not admitting:
            raise failure
        return admitting, refused

    def _all_names(self, address: ServerAddress) -> Sequence[str]:
        """The databases of the server, as far as one of them can be asked."""
        for database in MAINTENANCE_DATABASES:
            try:
                with open_session(address, database) as session:
                    return [name for some in scopes.connectable(session) for name in some]
            except KadaError:
                continue
        return []

    def _connectable(self, extractor: Extractor) -> tuple[list[str], list[str]]:
        failure: KadaError | None = None
        for database in (*MAINTENANCE_DATABASES, extractor.address.username or ""):
            try:
                with open_session(extractor.address, database) as session:
                    return scopes.connectable(session)
            except KadaError as error:
                failure = failure or error
        raise failure or ConfigError("databases: none could be reached")

    def permissions(self) -> Iterator[Verdict]:
        """Plan, and do not run, every statement of the extract: planning asks for the rights."""
        extractor, wrong, statements = self._extractor(), list[Verdict](), 0
        version, has_log = 0, False
        for name in self._names[:_MOST_DATABASES]:
            with open_session(extractor.address, name) as session:
                server_time(session, f"the server of {self._settings.name}", self._shared)
                version = session.version
                if version < OLDEST:
                    break
                view = scopes.log_view(session)
                has_log = has_log or view is not None
                planned, denied = self._planned(extractor, session, view)
                statements, wrong = max(statements, planned), [*wrong, *denied]
        wrong += _version(version)
        if "DATABASE_LOG" in extractor.families and not has_log and version >= OLDEST:
            wrong.append(
                warn(
                    "pg_stat_statements is in no database, so DATABASE_LOG stays empty: "
                    "CREATE EXTENSION pg_stat_statements, or set meta_only: true"
                )
            )
        yield from wrong or [ok(f"PostgreSQL {version}, {statements} statements allowed")]

    def _planned(
        self, extractor: Extractor, session: Session, view: str | None
    ) -> tuple[int, list[Verdict]]:
        """How many statements an extract of a database runs, and what stands against some."""
        refused: dict[str, list[str]] = {}
        wanted = [
            statement
            for statement in self._statements().values()
            if statement.name != "DATABASE_LOG_SQL"
            or (view is not None and statement.family in extractor.families)
        ]
        names = scopes.comparable(self._names, session.encoding)
        for statement in wanted:
            text = extractor.scope.render(statement, session, names, view or "NULL")
            sent = f"EXPLAIN {text}"
            try:
                session.rows(sent)
            except KadaError as error:
                said = str(error).partition("; grant")[0].replace(f"{sent.strip()[:60]}: ", "")
                refused.setdefault(said, []).append(statement.name)
        wrong = [
            fail(f"{', '.join(names)}: {said}: {_cure(names, self._settings)}")
            for said, names in refused.items()
        ]
        return len(wanted), wrong

    def _statements(self) -> dict[str, sql.Statement]:
        statements = sql.packaged()
        for key, text in self._settings.statements().items():
            statements = sql.replaced(statements, key, text)
        return statements


def _more(names: Sequence[str]) -> str:
    left = len(names) - _MOST_DATABASES
    return f" and {left} more" if left > 0 else ""


def _version(version: int) -> Iterator[Verdict]:
    if version < OLDEST:
        yield fail(f"PostgreSQL {version} is too old: upgrade the server to {OLDEST} or later")
    elif version > NEWEST:
        yield warn(f"PostgreSQL {version} is newer than what was tested, {OLDEST} to {NEWEST}")


def _cure(names: Sequence[str], settings: PostgresSettings) -> str:
    custom = {name.upper() for name in settings.custom_sql}
    if custom.issuperset(names):
        return "correct custom_sql, or grant what it reads"
    return "grant the role SELECT on it, as PostgreSQL's defaults do"


def _is_about_database(error: KadaError) -> bool:
    return _NO_CONNECT in str(error) or bool(_NO_DATABASE.search(str(error)))
