"""Marks in tables: making them, rights, locks, lost connections, and what never is in a message."""

from __future__ import annotations

import json
import re
import secrets
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

import kada_dagster
from kada_dagster.errors import (
    ConfigError,
    ConnectionFailedError,
    PermissionDeniedError,
    WatermarkError,
)
from kada_dagster.hwm.history import LONGEST_HISTORY
from kada_dagster.hwm.mark import MarkState
from kada_dagster.hwm.table_store import TableMarkStore
from kada_dagster.postgres.client import ServerAddress
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster.secrets import Secret
from kada_dagster_tests.hwm.faults import die_at_every_line
from kada_dagster_tests.hwm.store_places import HOST, Tables
from kada_dagster_tests.hwm.test_mark import after, hour, span
from kada_dagster_tests.postgres.tcp_proxy import TcpProxy


@pytest.fixture
def place(postgres: PostgresServer) -> Tables:
    return Tables(postgres.port, postgres.create_database())


@pytest.fixture
def admin(postgres: PostgresServer, place: Tables) -> Iterator[Connection]:
    """The superuser in the same database."""
    with closing(postgres.connect(place.database)) as connection:
        yield connection


@pytest.fixture
def role(admin: Connection, place: Tables) -> Iterator[str]:
    """A role of its own that may only connect."""
    name = f"marks_{uuid.uuid4().hex[:12]}"
    run(admin, f"CREATE ROLE {name} LOGIN")
    yield name
    run(admin, f"DROP OWNED BY {name}; DROP ROLE {name}")


def run(connection: Connection, sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def test_the_table_shows_one_row_an_instance_in_utc(place: Tables, admin: Connection) -> None:
    for pair in ((0, 2), (4, 6)):
        place.open().record("shop", span(*pair), hour(0))
    run(admin, "SET timezone = 'Asia/Tokyo'")
    assert run(admin, "SELECT name, mark FROM kada.high_water_mark") == [("shop", hour(2))]
    ahead = run(admin, "SELECT name, span_start, span_end FROM kada.uploaded_ahead")
    assert ahead == [("shop", hour(4), hour(6))]
    told = run(admin, "SELECT action, window_start, mark_after FROM kada.mark_change ORDER BY id")
    assert told == [("uploaded", hour(0), hour(2)), ("uploaded", hour(4), hour(2))]


def test_settings_of_the_server_make_no_difference(place: Tables, admin: Connection) -> None:
    for setting in (
        "timezone = 'America/St_Johns'",
        "datestyle = 'SQL, DMY'",
        "default_transaction_isolation = 'serializable'",
        "default_transaction_read_only = on",
        "search_path = nowhere",
        "statement_timeout = 1",
    ):
        run(admin, f"ALTER DATABASE {place.database} SET {setting}")
    place.open().record("shop", span(0, 2), hour(0))
    assert place.open().read("shop") == MarkState(hour(2))


@pytest.mark.parametrize("schema", ['we"ird', "Ünï {0} %s $$", "public"])
def test_any_schema_will_do(postgres: PostgresServer, place: Tables, schema: str) -> None:
    store = Tables(place.port, place.database, schema).open()
    store.record("shop", span(0, 2), hour(0))
    assert store.read("shop") == MarkState(hour(2))
    assert len(store.history("shop")) == 1


def test_reading_makes_no_table(place: Tables, admin: Connection) -> None:
    assert place.open().read("shop") == MarkState()
    assert run(admin, "SELECT to_regnamespace('kada')") == [(None,)]


def test_the_statements_of_the_guide_make_the_tables_the_store_makes(
    postgres: PostgresServer, place: Tables, admin: Connection, role: str
) -> None:
    guide = Path(kada_dagster.__file__).parents[1] / "docs" / "marks.md"
    (statements,) = re.findall(r"```sql\n(.*?)```", guide.read_text(), re.DOTALL)
    run(admin, statements.replace(" TO kada;", f" TO {role};"))
    store = Tables(place.port, place.database, user=role).open()
    for pair in ((4, 6), (0, 2), (2, 4)):
        store.record("shop", span(*pair), hour(0))
    assert store.set("shop", hour(5)) == store.read("shop") == MarkState(hour(5))
    assert len(store.history("shop")) == 4
    other = Tables(place.port, postgres.create_database())
    other.open().record("shop", span(0, 1), hour(0))
    with closing(postgres.connect(other.database)) as connection:
        assert run(connection, _SHAPE) == run(admin, _SHAPE) != []


_SHAPE = """
SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod), attnotnull, attidentity
FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid
WHERE relnamespace = 'kada'::regnamespace AND attnum > 0
UNION ALL
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), true, ''
FROM pg_constraint WHERE connamespace = 'kada'::regnamespace
ORDER BY 1, 2, 3
"""


def test_a_role_that_may_only_use_the_tables_is_enough(
    place: Tables, admin: Connection, role: str
) -> None:
    owner, user = place.open(), Tables(place.port, place.database, user=role).open()
    with pytest.raises(PermissionDeniedError, match=r"docs/marks\.md"):
        user.record("shop", span(0, 1), hour(0))
    owner.record("other", span(0, 1), hour(0))
    with pytest.raises(PermissionDeniedError, match="permission denied for schema kada"):
        user.read("shop")
    run(
        admin,
        f"GRANT USAGE ON SCHEMA kada TO {role};"
        f"GRANT SELECT, INSERT, UPDATE ON kada.high_water_mark TO {role};"
        f"GRANT SELECT, INSERT, DELETE ON kada.uploaded_ahead, kada.mark_change TO {role}",
    )
    for pair in ((4, 6), (0, 2), (2, 4)):
        user.record("shop", span(*pair), hour(0))
    assert user.set("shop", hour(5)) == owner.read("shop") == MarkState(hour(5))
    assert len(user.history("shop")) == 4


def test_a_role_that_may_make_tables_but_no_schema_makes_them_where_the_schema_is(
    place: Tables, admin: Connection, role: str
) -> None:
    run(admin, f"CREATE SCHEMA kada; GRANT USAGE, CREATE ON SCHEMA kada TO {role}")
    store = Tables(place.port, place.database, user=role).open()
    assert store.record("shop", span(0, 2), hour(0)) == store.read("shop") == MarkState(hour(2))


def test_the_history_keeps_only_the_last_changes(place: Tables, admin: Connection) -> None:
    store = place.open()
    for name in ("shop", "other"):
        store.record(name, span(0, 1), hour(0))
    run(
        admin,
        "INSERT INTO kada.mark_change (name, changed_at, action)"
        f" SELECT 'shop', now(), 'uploaded' FROM generate_series(1, {2 * LONGEST_HISTORY})",
    )
    store.record("shop", span(1, 3), hour(0))
    counts = run(admin, "SELECT name, count(*) FROM kada.mark_change GROUP BY name ORDER BY name")
    assert counts == [("other", 1), ("shop", LONGEST_HISTORY)]
    assert store.history("shop")[-1].after == hour(3)
    assert len(store.history("shop", 7)) == 7


def test_a_moment_that_is_no_mark_does_not_get_into_the_table(
    place: Tables, admin: Connection
) -> None:
    place.open().record("shop", span(0, 1), hour(0))
    for moment in ("infinity", "2024-01-01 00:00:00.5+00", "0044-03-15 BC", "0900-01-01"):
        with pytest.raises(psycopg2.errors.CheckViolation):
            run(admin, f"UPDATE kada.high_water_mark SET mark = '{moment}'")


@pytest.mark.parametrize("moment", ["infinity", "2024-01-01 00:00:00.5+00", "0044-03-15 BC"])
def test_a_mark_that_got_in_all_the_same_is_an_error_and_no_reset(
    place: Tables, admin: Connection, moment: str
) -> None:
    store = place.open()
    store.record("shop", span(0, 1), hour(0))
    run(admin, "ALTER TABLE kada.high_water_mark DROP CONSTRAINT high_water_mark_mark_check")
    run(admin, f"UPDATE kada.high_water_mark SET mark = '{moment}'")
    for call in (lambda: store.read("shop"), lambda: store.record("shop", span(1, 2), hour(0))):
        with pytest.raises(WatermarkError, match="correct the row"):
            call()
    assert len(store.history("shop")) == 1


# --- failures ------------------------------------------------------------------------------


def test_a_row_somebody_else_holds_is_waited_for_no_longer_than_the_timeout(
    place: Tables, admin: Connection
) -> None:
    place.open().record("shop", span(0, 1), hour(0))
    store = Tables(place.port, place.database, timeout=1).open()
    run(admin, "BEGIN; SELECT * FROM kada.high_water_mark FOR UPDATE")
    with pytest.raises(ConnectionFailedError, match="another process may hold the mark"):
        store.record("shop", span(1, 2), hour(0))
    assert store.read("shop") == MarkState(hour(1)), "reading waits for nobody"
    run(admin, "ROLLBACK")
    assert store.record("shop", span(1, 2), hour(0)) == MarkState(hour(2))


def test_a_server_that_is_gone_is_an_error_that_passes(place: Tables) -> None:
    with TcpProxy(place.port, 1) as proxy:
        gone = proxy.port
    with pytest.raises(ConnectionFailedError) as caught:
        Tables(gone, place.database).open().read("shop")
    assert caught.value.transient
    assert f"{HOST}:{gone}/{place.database}" in str(caught.value)


def test_a_database_that_is_not_there_is_an_error_of_the_configuration(place: Tables) -> None:
    with pytest.raises(ConfigError, match=r"high_water_marks: .* does not exist"):
        Tables(place.port, "nowhere").open().read("shop")


def test_a_connection_cut_anywhere_leaves_the_old_or_the_new_state(place: Tables) -> None:
    old, new = after([(0, 2), (4, 6)], 0), MarkState(hour(6))
    seen: list[bool] = []
    for limit in (1, 400, 420, *range(440, 900, 30), 4000):
        name = f"m{limit}"
        for pair in ((0, 2), (4, 6)):
            place.open().record(name, span(*pair), hour(0))
        with TcpProxy(place.port, limit) as proxy:
            try:
                Tables(proxy.port, place.database).open().record(name, span(2, 4), hour(0))
                seen.append(True)
            except ConnectionFailedError:
                seen.append(False)
        assert place.open().read(name) in ((new,) if seen[-1] else (old, new))
        place.open().record(name, span(2, 4), hour(0))
        assert place.open().read(name) == new
        assert len(place.open().history(name)) == 3
    assert seen[0] is False
    assert seen[-1] is True


def test_on_a_standby_or_read_only_server_the_error_says_so(
    place: Tables, admin: Connection
) -> None:
    store = place.open()
    store.record("shop", span(0, 1), hour(0))
    run(
        admin,
        "CREATE FUNCTION kada.refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN RAISE SQLSTATE '25006' USING MESSAGE = 'cannot execute UPDATE'; END$$;"
        "CREATE TRIGGER refuse BEFORE UPDATE ON kada.high_water_mark"
        " FOR EACH ROW EXECUTE FUNCTION kada.refuse()",
    )
    with pytest.raises(WatermarkError, match="is it a standby"):
        store.record("shop", span(1, 2), hour(0))
    assert store.read("shop") == MarkState(hour(1))


def test_the_password_is_in_no_message(tmp_path: Path) -> None:
    password = secrets.token_hex(12)
    with PostgresServer.start(
        tmp_path / "data", password="right" + password, settings={"fsync": "off"}
    ) as server:
        texts: list[str] = []
        for user, given in (("postgres", password), ("nobody", password), ("postgres", None)):
            address = ServerAddress(
                HOST, server.port, user, Secret(value=given) if given else None, connect_timeout=5
            )
            store = TableMarkStore(address, "postgres")
            with pytest.raises(PermissionDeniedError) as caught:
                store.read("shop")
            texts += [str(caught.value), repr(caught.value.__cause__), store.describe("shop")]
            texts += [repr(vars(store)), str(caught.value.__suppress_context__)]
        right = Secret(value="right" + password)
        store = TableMarkStore(ServerAddress(HOST, server.port, "postgres", right), "postgres")
        assert store.record("shop", span(0, 1), hour(0)) == MarkState(hour(1))
    assert password not in "".join(texts)


# --- death at every line -------------------------------------------------------------------


def record_in_tables(folder: Path) -> None:
    """Each folder has a mark of its own, named like it."""
    facts = json.loads((folder / "place.json").read_text())
    Tables(**facts).open().record(folder.name, span(2, 4), hour(0))


def test_killed_at_any_line_the_state_is_the_old_or_the_new_and_a_repeat_mends_it(
    tmp_path: Path, place: Tables, admin: Connection
) -> None:
    template, killed = tmp_path / "template", tmp_path / "killed"
    template.mkdir()
    killed.mkdir()
    facts = {"port": place.port, "database": place.database}
    (template / "place.json").write_text(json.dumps(facts))
    place.open().record("any", span(0, 2), hour(0))
    series = "to_char(n, 'FM00000')", "generate_series(0, 300) AS n"
    run(
        admin,
        f"INSERT INTO kada.high_water_mark SELECT {series[0]}, '{hour(2)}' FROM {series[1]};"
        f"INSERT INTO kada.uploaded_ahead SELECT {series[0]}, '{hour(4)}', '{hour(6)}'"
        f" FROM {series[1]}",
    )
    old, new = MarkState(hour(2), (span(4, 6),)), MarkState(hour(6))
    store, seen = place.open(), list[MarkState]()
    watched = ("kada_dagster.hwm.table_store", "kada_dagster.hwm.table_session")
    for folder in die_at_every_line(record_in_tables, killed, template, *watched):
        seen.append(store.read(folder.name))
        assert seen[-1] in (old, new)
        assert store.record(folder.name, span(2, 4), hour(0)) == new
        assert len(store.history(folder.name)) == 1
    assert old in seen
    assert seen[-1] == new
