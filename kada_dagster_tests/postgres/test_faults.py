"""When the server fails, the error says so by its class and words, and the last extract stays."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kada_dagster.errors import (
    ConfigError,
    ConnectionFailedError,
    KadaError,
    PermissionDeniedError,
    SourceChangedError,
    StagingError,
)
from kada_dagster.extracts.checks import check_extract
from kada_dagster.postgres import client
from kada_dagster.sandbox import sample_database
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.postgres.extract_files import END, HOST, START, extractor
from kada_dagster_tests.postgres.faults import Before, backends, wait_until
from kada_dagster_tests.postgres.tcp_proxy import TcpProxy

DATABASE = "shop_faults"


@pytest.fixture(scope="module")
def shop(postgres: PostgresServer) -> str:
    sample_database.create(postgres.connect, DATABASE)
    return DATABASE


@pytest.fixture
def before(postgres: PostgresServer, shop: str, tmp_path: Path) -> Before:
    return Before(postgres, tmp_path, shop)


@pytest.fixture(scope="module")
def scram(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    folder = tmp_path_factory.mktemp("scram") / "data"
    with PostgresServer.start(
        folder, password="right password", settings={"fsync": "off"}
    ) as server:
        yield server


@pytest.mark.parametrize("databases", [(), ("postgres",)])
def test_a_wrong_password_is_refused_and_named_once(
    scram: PostgresServer, tmp_path: Path, databases: tuple[str, ...]
) -> None:
    log = scram.data_dir / "server.log"
    size = log.stat().st_size
    collector = extractor(scram, tmp_path, *databases, password="planted-wrong-password")
    with pytest.raises(PermissionDeniedError, match=r"127\.0\.0\.1") as caught:
        collector.run(START, END)
    assert caught.value.exit_code == 4
    assert not caught.value.transient
    assert "planted-wrong-password" not in whole_text(caught.value)
    failed = log.read_text()[size:].count("password authentication failed")
    assert failed == 1  # more could lock the account


def test_the_right_password_is_nowhere_in_what_is_written(
    scram: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED", "right password")
    collector = extractor(
        scram, tmp_path, password="${PLANTED}", custom_sql={"ROLES_SQL": "broken {3} {4}"}
    )
    with pytest.raises(KadaError) as caught:
        collector.run(START, END)
    extractor(scram, tmp_path, password="${PLANTED}").run(START, END)
    assert "right password" not in whole_text(caught.value) + repr(vars(collector))
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"right password" not in path.read_bytes()


def test_an_unknown_host_is_a_failed_connection(before: Before) -> None:
    collector = before.extractor()
    collector.address = client.ServerAddress("no-such-host.invalid", username="postgres")
    error = before.fails(collector, ConnectionFailedError, "no-such-host.invalid:5432", DATABASE)
    assert error.exit_code == 4
    assert error.transient


def test_a_refused_port_is_a_failed_connection(before: Before) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    collector = before.extractor()
    collector.address = client.ServerAddress("127.0.0.1", port, "postgres")
    before.fails(collector, ConnectionFailedError, f"127.0.0.1:{port}/{DATABASE}")


def test_a_missing_database_is_a_wrong_configuration(before: Before) -> None:
    collector = extractor(before.server, before.output, DATABASE, "no such database")
    error = before.fails(collector, ConfigError, "databases", '"no such database" does not exist')
    assert error.exit_code == 2
    before.next_run_is_clean()


def test_a_terminated_backend_is_a_lost_connection(before: Before) -> None:
    with _meanwhile(before, "pg_terminate_backend"):
        before.fails(before.slow(), ConnectionFailedError, DATABASE, "SCHEMAS_SQL")
    before.next_run_is_clean()


def test_a_cancelled_statement_may_be_tried_again(before: Before) -> None:
    with _meanwhile(before, "pg_cancel_backend"):
        error = before.fails(before.slow(), SourceChangedError, DATABASE, "SCHEMAS_SQL")
    assert error.transient
    assert error.exit_code == 1
    wait_until(lambda: not backends(before.server, DATABASE))


@pytest.mark.parametrize("limit", ["idle_in_transaction_session_timeout", "transaction_timeout"])
def test_limits_on_idle_or_long_transactions_end_no_extract(before: Before, limit: str) -> None:
    if limit == "transaction_timeout" and before.server.version < 17:
        pytest.skip("this server has no such limit")
    with closing(before.server.connect()) as raw, raw.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {DATABASE} SET {limit} = '300ms'")
        try:
            collector = before.extractor(connections=1)
            pauses = iter([0.7])
            collector.on_progress = lambda *_: time.sleep(next(pauses, 0))
            collector.run(START, END)
            assert next(pauses, None) is None
        finally:
            cursor.execute(f"ALTER DATABASE {DATABASE} RESET ALL")


def test_a_statement_that_takes_too_long_names_the_setting(before: Before) -> None:
    before.fails(
        before.slow(statement_timeout=1), SourceChangedError, "SCHEMAS_SQL", "statement_timeout"
    )
    before.next_run_is_clean()


@pytest.mark.parametrize("limit", [1, 200, 700, 3_000, 20_000, 60_000])
def test_a_connection_cut_after_some_bytes_leaves_the_last_extract(
    before: Before, limit: int
) -> None:
    with TcpProxy(before.server.port, limit) as proxy:
        collector = before.extractor()
        collector.address = client.ServerAddress(
            "127.0.0.1", proxy.port, "postgres", ssl_mode="disable"
        )
        before.fails(collector, ConnectionFailedError, f"127.0.0.1:{proxy.port}/{DATABASE}")
        assert proxy.tripped.is_set()
    before.next_run_is_clean()


def test_a_peer_that_never_answers_is_given_up_after_the_connect_timeout(before: Before) -> None:
    with TcpProxy(before.server.port, 1, silent=True) as proxy:
        collector = before.extractor()
        collector.address = client.ServerAddress(
            "127.0.0.1", proxy.port, "postgres", connect_timeout=2
        )
        before.fails(collector, ConnectionFailedError, "timeout")


@pytest.mark.parametrize("limit", [3_000, 30_000])
def test_a_peer_that_falls_silent_is_given_up_after_the_statement_timeout(
    before: Before, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "GRACE_SECONDS", 0.5)
    monkeypatch.setattr(client, "CANCEL_SECONDS", 0.2)
    with TcpProxy(before.server.port, limit, silent=True) as proxy:
        collector = before.extractor()
        collector.address = client.ServerAddress(
            "127.0.0.1", proxy.port, "postgres", ssl_mode="disable", statement_timeout=1
        )
        before.fails(collector, ConnectionFailedError, "the connection was lost")
    before.next_run_is_clean()


def test_a_server_that_crashes_is_a_lost_connection(tmp_path: Path) -> None:
    server = PostgresServer.start(tmp_path / "data", settings={"fsync": "off"})
    try:
        before = Before(server, tmp_path / "out", "postgres")
        thread = threading.Thread(
            target=lambda: (
                wait_until(lambda: backends(server, "postgres", "pg_sleep")),
                server.stop("immediate"),
            )
        )
        thread.start()
        before.fails(before.slow(), ConnectionFailedError, "postgres")
        thread.join()
        before.fails(before.extractor(), ConnectionFailedError, "postgres")
    finally:
        server.stop("immediate")


def test_tables_that_come_and_go_never_break_more_than_the_run(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    database = postgres.create_database()
    stop, outcomes = threading.Event(), list[str]()
    churn = threading.Thread(target=_churn, args=(postgres, database, stop))
    churn.start()
    try:
        for _ in range(12):
            collector = extractor(postgres, tmp_path, database)
            try:
                manifest = collector.run(START, END)
            except SourceChangedError:
                outcomes.append("changed")
            else:
                folder = collector.staging.run_folder(manifest.window)
                results = check_extract(folder, min_share_of_last=0)
                assert all(one.passed for one in results if one.name != "volume"), results
                outcomes.append("whole")
    finally:
        stop.set()
        churn.join()
    assert len(outcomes) == 12


def test_two_runs_of_a_window_at_once_end_with_one_whole_extract(before: Before) -> None:
    collectors = [before.extractor() for _ in range(3)]
    failures: list[BaseException] = []

    def go(number: int) -> None:
        try:
            for _ in range(3):
                collectors[number].run(START, END)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=go, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    families = [name for name in before.files if not name.endswith("manifest.json")]
    after = {
        path.relative_to(before.output).as_posix()
        for path in before.output.rglob("*.*")
        if path.is_file() and path.name != ".lock"
    }
    assert after == set(before.files)
    assert all((before.output / name).read_bytes() == before.files[name] for name in families)


def test_an_output_folder_that_cannot_be_made_is_named(
    postgres: PostgresServer, shop: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StagingError, match="output_path"):
        extractor(postgres, tmp_path / "file", shop).run(START, END)


def test_the_host_label_is_never_connected_to(
    postgres: PostgresServer, shop: str, tmp_path: Path
) -> None:
    collector = extractor(postgres, tmp_path, shop, host="label.invalid")
    collector.test_connection()
    assert collector.run(START, END).host == "label.invalid" != HOST


def whole_text(error: BaseException) -> str:
    """The texts of an error and of everything chained to it."""
    texts: list[str] = []
    todo: list[BaseException | None] = [error]
    while todo:
        one = todo.pop()
        if one is not None:
            texts += [str(one), repr(one), repr(vars(one))]
            todo += [one.__cause__, one.__context__]
    return "\n".join(texts)


class _meanwhile:
    """Does something to the backend of a slow run as soon as it is in its statement."""

    def __init__(self, before: Before, function: str) -> None:
        self._before, self._function = before, function
        self._thread = threading.Thread(target=self._go)
        self._over = False

    def _go(self) -> None:
        server = self._before.server
        wait_until(lambda: self._over or backends(server, DATABASE, "pg_sleep"))
        connection = server.connect()
        with connection.cursor() as cursor:
            for pid in backends(server, DATABASE, "pg_sleep"):
                cursor.execute(f"SELECT {self._function}({pid})")
        connection.close()

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_details: object) -> None:
        self._over = True
        self._thread.join()


def _churn(server: PostgresServer, database: str, stop: threading.Event) -> None:
    connection = server.connect(database)
    with connection.cursor() as cursor:
        number = 0
        while not stop.is_set():
            number += 1
            name = f"t{number % 20}"
            cursor.execute(
                f"DROP TABLE IF EXISTS {name} CASCADE; CREATE TABLE {name} (id serial PRIMARY KEY,"
                f" body text DEFAULT 'x' CHECK (body <> 'y'));"
                f" CREATE INDEX ON {name} (lower(body));"
                f" CREATE FUNCTION f{name}() RETURNS int LANGUAGE sql AS 'SELECT {number}';"
                f" CREATE VIEW v{name} AS SELECT id, body || f{name}() AS b FROM {name};"
                f" CREATE TYPE e{name} AS ENUM ('a'); ALTER TABLE {name} ADD e e{name} DEFAULT 'a';"
                f" DROP VIEW v{name}; DROP FUNCTION f{name}(); DROP TYPE e{name} CASCADE"
            )
    connection.close()
