"""The sample database of the demo and the tests: made from `sample_database.sql`.

Loading it belongs here; what is in it says the comment at the top of that file.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

READER = "shop_reader"

Connect = Callable[[str], "Connection"]


def create(connect: Connect, database: str = "shop", *, reader_password: str | None = None) -> None:
    """Makes the sample database, anew if it is there already: everything in it is lost.

    `connect` gives a superuser's psycopg2 connection in autocommit mode to the database it is
    given, as `PostgresServer.connect` does. The role `shop_reader`, which the demo's collector
    uses, gets `reader_password`; with None it has no password and can connect only where the
    server trusts the machine. Needs PostgreSQL 11 or later. Raises psycopg2.Error.
    """
    with _cursor(connect, "postgres") as cursor:
        if _exists(cursor, database):
            _drop(connect, cursor, database)
        cursor.execute(f"CREATE DATABASE {_quoted(database)} TEMPLATE template0 ENCODING 'UTF8'")
    with _cursor(connect, database) as cursor:
        cursor.execute(script_for(cursor.connection.server_version // 10000))
        _set_password(cursor, reader_password)


def script_for(version: int) -> str:
    """The SQL for a server of that major version.

    Lines after `-- [since N]` are kept from version N on, after `-- [before N]` below it, until
    the next such line or `-- [end]`. Lines left out stay as empty lines, so that the line numbers
    in the server's errors are those of the file.
    """
    lines: list[str] = []
    wanted = True
    for line in _script().splitlines():
        if line.startswith("-- ["):
            wanted = _is_wanted(line, version)
        lines.append(line if wanted else "")
    return "\n".join(lines)


def _is_wanted(marker: str, version: int) -> bool:
    word, _, number = marker.removeprefix("-- [").removesuffix("]").partition(" ")
    if word == "end":
        return True
    return {"since": version >= int(number), "before": version < int(number)}[word]


def _script() -> str:
    return files("kada_dagster.sandbox").joinpath("sample_database.sql").read_text("utf-8")


@contextmanager
def _cursor(connect: Connect, database: str) -> Generator[Cursor, None, None]:
    connection = connect(database)
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def _exists(cursor: Cursor, database: str) -> bool:
    cursor.execute("SELECT FROM pg_database WHERE datname = %s", (database,))
    return cursor.rowcount == 1


def _drop(connect: Connect, cursor: Cursor, database: str) -> None:
    with _cursor(connect, database) as inside:
        _drop_subscriptions(inside)
    # DROP DATABASE ... WITH (FORCE) is only there from PostgreSQL 13 on.
    cursor.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (database,)
    )
    cursor.execute(f"DROP DATABASE {_quoted(database)}")


def _drop_subscriptions(cursor: Cursor) -> None:
    # A database with subscriptions cannot be dropped. Without a slot nobody is asked elsewhere.
    cursor.execute(
        "SELECT format('%I', subname) FROM pg_subscription AS s JOIN pg_database AS d"
        " ON d.oid = s.subdbid WHERE d.datname = current_database()"
    )
    for (name,) in cursor.fetchall():
        cursor.execute(f"ALTER SUBSCRIPTION {name} DISABLE")
        cursor.execute(f"ALTER SUBSCRIPTION {name} SET (slot_name = NONE)")
        cursor.execute(f"DROP SUBSCRIPTION {name}")


def _set_password(cursor: Cursor, password: str | None) -> None:
    from psycopg2.extensions import encrypt_password

    # Only the verifier is sent: the server may log statements.
    verifier = password and encrypt_password(
        password, READER, scope=cursor.connection, algorithm="scram-sha-256"
    )
    cursor.execute(f"ALTER ROLE {READER} PASSWORD %s", (verifier,))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
