"""Which databases and schemas an extract covers, and what fills the statements' placeholders."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from kada_dagster.errors import ConfigError, PermissionDeniedError
from kada_dagster.extracts.contract import COLUMNS, META
from kada_dagster.extracts.identity import object_id, object_path
from kada_dagster.extracts.reader import decode_record
from kada_dagster.postgres.client import Session
from kada_dagster.postgres.statements import Statement, for_server

_DATABASES = """
SELECT datname, datconnlimit <> -2 AND has_database_privilege(oid, 'CONNECT')
  FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname"""
_OTHER_STRINGS = """
SELECT FROM pg_settings WHERE name = 'standard_conforming_strings' AND reset_val <> 'on'
UNION ALL
SELECT FROM pg_db_role_setting s
 WHERE array_to_string(s.setconfig, ' ') LIKE '%standard_conforming_strings=%'
UNION ALL
SELECT FROM pg_proc p
 WHERE array_to_string(p.proconfig, ' ') LIKE '%standard_conforming_strings=%'"""
_LOG_VIEW = """
SELECT quote_ident(n.nspname) || '.pg_stat_statements'
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
 WHERE e.extname = 'pg_stat_statements'"""

_ENCODINGS = """
SELECT bool_or(encoding <> pg_char_to_encoding('UTF8'))
  FROM pg_database WHERE datname <> 'template0'"""


@dataclass(frozen=True)
class Scope:
    """What of a server is wanted.

    Attributes:
        host: label of the server in K.
        databases: names; empty for every one the user may connect to.
        include_schemas: glob patterns, one of which a schema's name must match.
        exclude_schemas: glob patterns, none of which it may match.
    """

    host: str
    databases: tuple[str, ...] = ()
    include_schemas: tuple[str, ...] = ("*",)
    exclude_schemas: tuple[str, ...] = ()

    def database_row(self, database: str) -> list[str]:
        """The row of META for a database of which nothing but its name is known."""
        known = {
            "OBJECT_TYPE": "DATABASE",
            "OBJECT_ID": object_id(self.host, database),
            "TOOL_OBJECT_TYPE": "DATABASE",
            "NAME": database,
            "PATH": object_path(self.host, database),
        }
        return [known.get(column, "") for column in COLUMNS[META]]

    def schema_condition(self) -> str:
        """SQL that holds for the wanted schemas `n`. System schemas are never wanted."""
        conditions = ["n.nspname !~ '^pg_'", "n.nspname <> 'information_schema'"]
        if "*" not in self.include_schemas:
            conditions.append(f"n.nspname ~ {literal(_regex(self.include_schemas))}")
        if self.exclude_schemas:
            conditions.append(f"n.nspname !~ {literal(_regex(self.exclude_schemas))}")
        return f"({' AND '.join(conditions)})"

    def render(
        self, statement: Statement, session: Session, databases: Iterable[str], log_view: str
    ) -> str:
        """A statement ready to be sent: placeholders filled, every column text and not NULL.

        Raises:
            ConfigError: a custom statement is not a usable format string.
        """
        values = (
            literal(object_id(self.host, session.database)),
            literal(object_path(self.host, session.database)),
            self.schema_condition(),
            literal(object_id(self.host)),
            literal(object_path(self.host)),
            log_view,
            # its own name may be stored in another encoding than a literal comes in
            ", ".join(("current_database()", *map(literal, databases))),
        )
        try:
            sql = for_server(statement.sql, session.version).format(*values)
        except (IndexError, KeyError, ValueError) as error:
            raise ConfigError(
                f"custom_sql.{statement.name}: cannot be filled in ({error}); write {{{{ and }}}} "
                "for braces"
            ) from None
        names = [f"c{index}" for index in range(len(statement.columns))]
        fields = ", ".join(f"coalesce({name}::text, '')" for name in names)
        return f"SELECT {fields} FROM (\n{sql}\n) AS t({', '.join(names)})"


def literal(text: str) -> str:
    """A string literal (standard_conforming_strings is on in every session)."""
    return "'" + text.replace("'", "''") + "'"


def _regex(globs: Iterable[str]) -> str:
    parts = (re.sub(r"\\\*", ".*", re.sub(r"\\\?", ".", re.escape(glob))) for glob in globs)
    return f"^(?:{'|'.join(parts)})$"


def connectable(session: Session) -> tuple[list[str], list[str]]:
    """The databases of a server: those this user may connect to, and those it may not.

    Names are taken as the bytes they are stored as, whatever the encoding of the database that is
    asked: the driver connects in UTF-8, so one that is spelled otherwise cannot be connected to.
    """
    records = _Records()
    session.copy("pg_database", _DATABASES, records)
    open_, closed = list[str](), list[str]()
    for record in records.all:
        name, may_connect = decode_record(record.decode(errors="replace"))
        (open_ if may_connect == "t" and "\ufffd" not in name else closed).append(name)
    return open_, closed


class _Records:
    """Keeps the records of a short COPY."""

    def __init__(self) -> None:
        self.all: list[bytes] = []

    def write(self, record: bytes) -> int:
        self.all.append(record)
        return len(record)


def log_view(session: Session) -> str | None:
    """The qualified name of pg_stat_statements in this database, or None where it is not."""
    rows = session.rows(_LOG_VIEW)
    return str(rows[0][0]) if rows else None


def reads_backslashes_plainly(session: Session) -> bool | None:
    """Whether code stored in this database was written for standard_conforming_strings = on, so
    that a backslash in a plain string means itself; None where somebody turns that off, or where
    it may not be asked: the masker then takes no string whose end depends on it."""
    try:
        return True if not session.rows(_OTHER_STRINGS) else None
    except PermissionDeniedError:
        return None


def may_hold_other_bytes(session: Session) -> bool:
    """Whether text may come that is not UTF-8: SQL_ASCII takes any bytes, and names of the whole
    cluster (roles, databases) have the encoding of the database they were made in. So it is, too,
    where it may not be asked."""
    try:
        return bool(session.rows(_ENCODINGS)[0][0])
    except PermissionDeniedError:
        return True


def comparable(databases: Iterable[str], encoding: str) -> tuple[str, ...]:
    """The names a statement may hold that is sent to a database of that encoding."""
    return tuple(name for name in databases if encoding == "UTF8" or name.isascii())
