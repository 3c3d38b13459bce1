"""A real MariaDB as a source. That all types arrive as they are is told in `fidelity`."""

from __future__ import annotations

import socket
import time
from contextlib import closing, suppress
from pathlib import Path
from threading import Thread

import psycopg2
import pytest
from pymysql.err import OperationalError

from kada_dagster.errors import ConfigError
from kada_dagster.loader.errors import SourceDeniedError, SourceLostError, SourceReadError
from kada_dagster.loader.source.base import Bound, Selection
from kada_dagster.loader.source.mysql_types import Field, compared_bound
from kada_dagster_tests.landing.azurite import make_certificate
from kada_dagster_tests.loader.source.landing import Landing
from kada_dagster_tests.loader.source.mariadb_server import PASSWORD, MariadbDatabase, MariadbServer
from kada_dagster_tests.loader.source.mariadb_source import opened, with_default

T = Selection(table=("t",))


def test_a_query_is_read_like_a_table(landing: Landing, maria: MariadbDatabase) -> None:
    maria.run(
        "CREATE TABLE t (a int unsigned, b bit(3), s varchar(5), m decimal(9,2), at timestamp NULL)"
    )
    maria.run(
        "INSERT INTO t VALUES (1, 5, '100%', 1.5, '2026-01-02 03:04:05'), (2, 0, NULL, 0, NULL)"
    )
    query = Selection(query="SELECT t.*, 'x' AS `odd ``name` FROM t WHERE s LIKE '%\\%' -- the end")
    with opened(maria) as source:
        assert [c.target_type for c in source.columns(query)] == [
            "bigint",
            "bit(3)",
            "text",
            "numeric(9,2)",
            "timestamp(0) with time zone",
            "text",
        ]
        landing.load(source, query)
        assert source.count(query) == 1
    assert landing.rows('SELECT a, b::text, s, m::text, at::text, "odd `name" FROM t') == [
        (1, "101", "100%", "1.50", "2026-01-02 03:04:05+00", "x")
    ]


def test_zero_dates_are_an_error_that_names_column_and_row(
    landing: Landing, maria: MariadbDatabase
) -> None:
    maria.run("CREATE TABLE t (id int, d date NOT NULL)")
    maria.run("SET SESSION sql_mode = ''")
    maria.run("INSERT INTO t VALUES (1, '2026-01-02'), (2, '0000-00-00')")
    with opened(maria) as source, pytest.raises(psycopg2.DataError, match="line 2, column d"):
        landing.load(source, T)


def test_zero_dates_become_null_where_the_profile_says_so(
    landing: Landing, maria: MariadbDatabase
) -> None:
    maria.run("CREATE TABLE t (d date, at datetime NOT NULL, ts timestamp NULL)")
    maria.run("SET SESSION sql_mode = ''")
    maria.run("INSERT INTO t VALUES ('0000-00-00', '2026-00-15', 0)")
    maria.run("INSERT INTO t VALUES ('2026-01-10', '2026-01-20 10:00:00', '2026-01-10 10:00:00')")
    with opened(maria, zero_dates="null") as source:
        landing.load(source, T)
    assert landing.rows("SELECT d::text, at::text, ts::text FROM t") == [
        (None, None, None),
        ("2026-01-10", "2026-01-20 10:00:00", "2026-01-10 10:00:00+00"),
    ]


def test_bytes_reach_a_column_that_reads_hexadecimal_digits(
    landing: Landing, maria: MariadbDatabase
) -> None:
    maria.run("CREATE TABLE t (id binary(16))")
    maria.run("INSERT INTO t VALUES (0x123E4567E89B12D3A456426655440000)")
    with opened(maria) as source:
        landing.load(source, T, "id uuid")
    assert landing.rows("SELECT id::text FROM t") == [("123e4567-e89b-12d3-a456-426655440000",)]


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ((Bound("id", 2, 4),), [2, 3]),
        ((Bound("id", "3"),), [3, 4]),
        ((Bound("at", "2026-01-02 00:00:00", "2026-01-04"),), [2, 3]),
        ((Bound("at", "2026-01-03", None, includes_null=True),), [3, 4]),
        ((Bound("at"),), [1, 2, 3]),
    ],
)
def test_bounds_are_half_open(
    landing: Landing, maria: MariadbDatabase, bounds: tuple[Bound, ...], expected: list[int]
) -> None:
    maria.run("CREATE TABLE t (id int, at datetime(3))")
    maria.run("INSERT INTO t VALUES (1,'2026-01-01'),(2,'2026-01-02'),(3,'2026-01-03'),(4,NULL)")
    selection = Selection(table=(maria.name, "t"), bounds=bounds)
    with opened(maria) as source:
        landing.load(source, selection)
        assert [row[0] for row in landing.rows("SELECT id FROM t ORDER BY 1")] == expected
        assert source.count(selection) == len(expected)


@pytest.mark.parametrize(
    ("lower", "upper"),
    [
        ("2026-01-02 03:04:05.000002+00", "2026-01-03 03:04:05.000003+00"),
        ("2026-01-02 05:04:05.000002+02", "2026-01-03 05:04:05.000003+02"),
        ("2026-01-02 03:04:05.000002", "2026-01-03"),
    ],
)
@pytest.mark.parametrize("kind", ["timestamp(6) NULL", "datetime(6)"])
def test_bounds_with_a_zone_are_moments_in_utc(
    landing: Landing, maria: MariadbDatabase, kind: str, lower: str, upper: str
) -> None:
    maria.run(f"CREATE TABLE t (id int, at {kind})")
    maria.run("SET SESSION time_zone = '+00:00'")
    days = ", ".join(f"({i}, '2026-01-0{i} 03:04:05.00000{i}')" for i in range(1, 5))
    maria.run(f"INSERT INTO t VALUES {days}")
    selection = Selection(table=("t",), bounds=(Bound("at", lower, upper),))
    with opened(maria) as source:
        assert source.count(selection) == landing.load(source, selection) == 1
    assert landing.rows("SELECT id FROM t") == [(2,)]


def test_what_is_sent_as_the_end_of_a_range_of_moments_has_no_zone() -> None:
    moment = Field("at", 7, 63, 26, 6, 0)
    given = Bound("at", "2026-01-02 03:04:05.1+00", "2026-01-02 03:04:05+05:30")
    made = compared_bound(given, moment)
    assert (made.lower, made.upper) == ("2026-01-02 03:04:05.100000", "2026-01-01 21:34:05")
    text = Bound("at", "2026-01-02 03:04:05+00")
    assert (
        compared_bound(text, Field("at", 253, 45, 99, 0, 0)) == text == compared_bound(text, None)
    )


def test_rows_longer_than_a_packet_and_many_of_them_arrive_whole(
    landing: Landing, maria: MariadbDatabase
) -> None:
    maria.run("CREATE TABLE t (id int, s longtext)")
    maria.run("INSERT INTO t SELECT seq, REPEAT('x', seq * 37 % 900) FROM seq_1_to_1000")
    maria.run("INSERT INTO t VALUES (2001, REPEAT('ä', 4200000))")
    maria.run("SET GLOBAL max_allowed_packet = 67108864")
    try:
        with opened(maria, options={"max_allowed_packet": "67108864"}) as source:
            landing.load(source, Selection(query="SELECT id, CONCAT(s, s) AS s FROM t"))
    finally:
        maria.run("SET GLOBAL max_allowed_packet = 16777216")
    total = maria.run("SELECT COUNT(*), SUM(CHAR_LENGTH(s)) * 2 FROM t")
    assert landing.rows("SELECT count(*), sum(length(s)) FROM t") == [tuple(total[0])]


def test_a_row_the_server_cannot_print_is_an_error(
    landing: Landing, maria: MariadbDatabase
) -> None:
    maria.run("CREATE TABLE t (id int, s longblob)")
    maria.run("INSERT INTO t VALUES (1, 'a'), (2, REPEAT('x', 9000000))")
    with (
        opened(maria) as source,
        pytest.raises(SourceReadError, match=r"t: row 2 is longer than .*max_allowed_packet"),
    ):
        landing.load(source, T)


def test_one_state_is_read_while_others_write(landing: Landing, maria: MariadbDatabase) -> None:
    maria.run("CREATE TABLE t (id int)")
    maria.run("INSERT INTO t VALUES (1)")
    with opened(maria) as source:
        maria.run("INSERT INTO t VALUES (2)")
        assert source.count(T) == landing.load(source, T) == 1
        with pytest.raises(SourceReadError, match="READ ONLY"):
            source.columns(Selection(query="SELECT 1")) and source._all("x", "DELETE FROM t")


def test_tables_are_told_with_keys_comments_and_views(maria: MariadbDatabase) -> None:
    maria.run(
        "CREATE TABLE o (b varchar(3) COMMENT 'second', a int, PRIMARY KEY (a, b)) COMMENT 'orders'"
    )
    maria.run("CREATE VIEW v AS SELECT a FROM o")
    with opened(maria) as source:
        orders, view = source.tables(None)
    assert (orders.name, orders.key, orders.comment) == ((maria.name, "o"), ("a", "b"), "orders")
    assert [(c.name, c.target_type, c.nullable, c.comment) for c in orders.columns] == [
        ("b", "character varying(3)", False, "second"),
        ("a", "integer", False, ""),
    ]
    assert (view.name[1], view.key) == ("v", ())


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (Selection(table=("nothing",)), "nothing"),
        (Selection(query="SELEC 1"), "SQL syntax"),
    ],
)
def test_what_the_server_refuses_is_an_error(
    maria: MariadbDatabase, selection: Selection, message: str
) -> None:
    with opened(maria) as source, pytest.raises(SourceReadError, match=message):
        source.columns(selection)


def test_a_column_that_is_not_there_is_an_error(landing: Landing, maria: MariadbDatabase) -> None:
    maria.run("CREATE TABLE t (id int)")
    with opened(maria) as source, pytest.raises(SourceReadError, match="t has no column b"):
        source.stream(T, landing.create("b int"))


def test_an_error_in_the_middle_of_the_rows_is_one(
    landing: Landing, maria: MariadbDatabase
) -> None:
    maria.run("CREATE TABLE t (id int)")
    maria.run("INSERT INTO t SELECT seq FROM seq_1_to_5000")
    query = "SELECT id, IF(id = 4000, (SELECT 1 UNION SELECT 2), id) AS n FROM t"
    with opened(maria) as source, pytest.raises(SourceReadError, match="more than 1 row"):
        landing.load(source, Selection(query=query), "id int, n int")


@pytest.mark.parametrize(
    ("more", "kind", "message"),
    [
        ({"database": "nothing_there"}, ConfigError, "Unknown database"),
        ({"username": "stranger"}, SourceDeniedError, "check username"),
        ({"port": "1"}, SourceLostError, "can be run again"),
        ({"port": "ninety"}, ConfigError, "erp.port: must be a number"),
        ({"host": "/nowhere/socket"}, SourceLostError, "can be run again"),
    ],
)
def test_a_refused_connection_is_a_typed_error_without_the_password(
    maria: MariadbDatabase, more: dict[str, str], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message) as caught, opened(maria, **more):
        pass
    assert PASSWORD not in str(caught.value)


def test_a_connection_that_is_cut_can_be_tried_again(
    landing: Landing, maria: MariadbDatabase
) -> None:
    into = landing.create("n bigint")
    with opened(maria) as source:
        stream = source.stream(Selection(query="SELECT seq AS n FROM seq_1_to_10000000"), into)

        class Killer:
            def write(self, data: bytes, /) -> int:
                for (process,) in maria.run(
                    "SELECT id FROM information_schema.processlist WHERE info LIKE '%%0x5C4E%%' "
                    "AND id <> CONNECTION_ID()"
                ):
                    with suppress(OperationalError):  # it is gone already
                        maria.run(f"KILL {process}")
                return len(data)

        with pytest.raises(SourceLostError, match="can be run again") as caught:
            stream.write(Killer())
    assert caught.value.transient


def test_what_is_broken_off_from_another_thread_ends(
    landing: Landing, maria: MariadbDatabase
) -> None:
    into = landing.create("n bigint")
    with opened(maria) as source:
        stream = source.stream(Selection(query="SELECT seq AS n FROM seq_1_to_10000000"), into)

        class Stopper:
            def write(self, data: bytes, /) -> int:
                stream.cancel()
                return len(data)

        with pytest.raises(SourceLostError):
            stream.write(Stopper())


def test_a_server_that_never_answers_is_given_up(maria: MariadbDatabase) -> None:
    with closing(socket.socket()) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        port = silent.getsockname()[1]
        with (
            pytest.raises(SourceLostError),
            opened(maria, port=port, connect_timeout=1, options={"read_timeout": "1"}),
        ):
            pass


def test_an_encrypted_connection_checks_the_certificate(
    mariadb: MariadbServer, maria: MariadbDatabase, tmp_path: Path
) -> None:
    other, _ = make_certificate(tmp_path)
    query = "SHOW SESSION STATUS LIKE 'Ssl_cipher'"
    with opened(maria, ssl_ca=str(mariadb.certificate)) as source:
        assert source._all("cipher", query)[0][1]
    wrong = {"ssl_ca": str(other)}, {"ssl_ca": str(mariadb.certificate), "host": "localhost"}
    for more in wrong:
        with pytest.raises(SourceLostError, match="certificate"), opened(maria, **more):
            pass


def test_a_server_that_says_it_has_no_tls_gets_no_login(
    mariadb: MariadbServer, maria: MariadbDatabase
) -> None:
    """As somebody between the two would have it say."""
    came: list[bytes] = []

    def between() -> None:
        with front.accept()[0] as client, socket.create_connection(("127.0.0.1", maria.port)) as to:
            greeting = bytearray(to.recv(4096))
            abilities = greeting.index(b"\0", 5) + 14  # behind version, thread, and half the salt
            greeting[abilities + 1] &= ~0x08  # CLIENT_SSL
            client.sendall(greeting)
            came.append(client.recv(4096))

    with socket.create_server(("127.0.0.1", 0)) as front:
        thread = Thread(target=between)
        thread.start()
        more = {"port": front.getsockname()[1], "ssl_ca": str(mariadb.certificate)}
        with pytest.raises(SourceReadError, match="SSL is required"), opened(maria, **more):
            pass
        thread.join()
    assert came == [b""]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sql_select_limit", "2"),
        ("max_join_size", "2"),
        ("max_statement_time", "0.000001"),
        ("sql_mode", "'PAD_CHAR_TO_FULL_LENGTH,ANSI_QUOTES'"),
    ],
)
def test_defaults_of_the_server_leave_all_rows_as_they_are(
    landing: Landing, maria: MariadbDatabase, name: str, value: str
) -> None:
    maria.run("CREATE TABLE t (id int, c char(9))")
    maria.run("INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd')")
    with with_default(maria, name, value), opened(maria) as source:
        landing.load(source, T)
    assert landing.rows("SELECT id, c FROM t ORDER BY id") == [
        (1, "a"),
        (2, "b"),
        (3, "c"),
        (4, "d"),
    ]


@pytest.mark.parametrize("name", ["idle_transaction_timeout", "idle_readonly_transaction_timeout"])
def test_a_limit_of_the_server_on_idle_transactions_ends_no_load(
    maria: MariadbDatabase, name: str
) -> None:
    maria.run("CREATE TABLE t (id int)")
    with with_default(maria, name, "1"), opened(maria) as source:
        time.sleep(1.5)
        assert source.count(T) == 0


def test_a_limit_of_time_in_the_options_of_a_profile_stays(
    landing: Landing, maria: MariadbDatabase
) -> None:
    command = {"init_command": "SET SESSION max_statement_time = 9"}
    query = "SELECT @@max_statement_time = 9 AS kept, @@idle_transaction_timeout = 0 AS lifted"
    with opened(maria, options=command) as source:
        landing.load(source, Selection(query=query))
    assert landing.rows("SELECT kept, lifted FROM t") == [(1, 1)]


def test_a_key_of_several_columns_is_found_where_backslashes_are_plain(
    maria: MariadbDatabase,
) -> None:
    maria.run("CREATE TABLE t (a int, b int, PRIMARY KEY (a, b))")
    with with_default(maria, "sql_mode", "'NO_BACKSLASH_ESCAPES'"), opened(maria) as source:
        assert [table.key for table in source.tables(None)] == [("a", "b")]


def test_a_table_that_was_changed_behind_the_snapshot_can_be_tried_again(
    maria: MariadbDatabase,
) -> None:
    maria.run("CREATE TABLE t (id int)")
    with opened(maria) as source:
        maria.run("ALTER TABLE t ADD COLUMN more int, ALGORITHM=COPY")
        with pytest.raises(SourceLostError, match="can be run again"):
            source.count(T)


def test_a_user_whose_queries_are_used_up_can_try_again(maria: MariadbDatabase) -> None:
    name = maria.name
    maria.run(f"CREATE USER {name} IDENTIFIED BY %s WITH MAX_QUERIES_PER_HOUR 1", PASSWORD)
    maria.run(f"GRANT SELECT ON {name}.* TO {name}")
    try:
        with pytest.raises(SourceLostError, match="exceeded"), opened(maria, username=name):
            pass
    finally:
        maria.run(f"DROP USER {name}")


def test_a_view_of_what_is_gone_is_listed_with_the_reason(maria: MariadbDatabase) -> None:
    for statement in (
        "CREATE TABLE a (id int PRIMARY KEY)",
        "CREATE TABLE gone (id int)",
        "CREATE VIEW broken AS SELECT * FROM gone",
        "DROP TABLE gone",
    ):
        maria.run(statement)
    with opened(maria) as source:
        first, second = source.tables(None)
    assert (first.name[-1], first.key, first.problem) == ("a", ("id",), "")
    assert (second.name[-1], second.columns) == ("broken", ())
    assert "references invalid table" in second.problem


def test_a_range_of_floats_begins_with_the_value_that_postgresql_prints(
    landing: Landing, maria: MariadbDatabase
) -> None:
    """A FLOAT is compared as a double, and 0.7 is more than what a FLOAT holds of it."""
    maria.run("CREATE TABLE t (f float)")
    maria.run("INSERT INTO t VALUES (0.1), (0.3), (0.7), (0.9)")
    with opened(maria) as source:
        for bound in (Bound("f", lower="0.7"), Bound("f", upper="0.7")):
            assert landing.load(source, Selection(table=("t",), bounds=(bound,))) == 2
