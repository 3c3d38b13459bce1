"""Ending what another thread's connection does: the server stops, whatever state it is in."""

from __future__ import annotations

import socket
import time
from threading import Thread

import psycopg2
import pytest

from kada_dagster.loader import cutting
from kada_dagster.loader.cutting import cut
from kada_dagster.loader.server import Server
from kada_dagster.postgres.client import ServerAddress
from kada_dagster.sandbox.postgres_server import PostgresServer


@pytest.fixture
def server(postgres: PostgresServer) -> Server:
    return Server(ServerAddress("127.0.0.1", postgres.port, "postgres"), "postgres")


def is_there(postgres: PostgresServer, process: int) -> bool:
    raw = postgres.connect("postgres")
    try:
        with raw.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", (process,))
            return bool(cursor.fetchall())
    finally:
        raw.close()


def wait_until_gone(postgres: PostgresServer, process: int) -> None:
    end = time.monotonic() + 10
    while is_there(postgres, process):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_statement_that_runs_is_ended_at_once(postgres: PostgresServer, server: Server) -> None:
    raw = server.connect()
    process, errors = raw.get_backend_pid(), list[BaseException]()

    def sleep() -> None:
        try:
            raw.cursor().execute("SELECT pg_sleep(300)")
        except psycopg2.Error as error:
            errors.append(error)

    thread = Thread(target=sleep)
    thread.start()
    time.sleep(0.1)
    began = time.monotonic()
    cut(server, raw, process)
    thread.join(10)
    assert time.monotonic() - began < 5
    assert errors
    wait_until_gone(postgres, process)


def test_a_connection_that_does_nothing_is_hung_up_on(
    postgres: PostgresServer, server: Server
) -> None:
    raw = server.connect()
    process = raw.get_backend_pid()
    cut(server, raw, process)
    with pytest.raises(psycopg2.Error):
        raw.cursor().execute("SELECT 1")
    wait_until_gone(postgres, process)


def test_one_that_is_closed_already_is_left_alone(server: Server) -> None:
    raw = server.connect()
    process = raw.get_backend_pid()
    raw.close()
    cut(server, raw, process)


def test_a_server_that_does_not_answer_is_not_waited_for(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutting, "CANCEL_SECONDS", 0.2)
    raw = server.connect()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = int(silent.getsockname()[1])
        away = Server(ServerAddress("127.0.0.1", port, "postgres"), "postgres")
        began = time.monotonic()
        cut(away, raw, raw.get_backend_pid())
        assert time.monotonic() - began < 2
    with pytest.raises(psycopg2.Error):
        raw.cursor().execute("SELECT 1")


def test_a_server_that_refuses_the_second_connection_is_hung_up_on(server: Server) -> None:
    raw = server.connect()
    nobody = Server(ServerAddress("127.0.0.1", 1, "postgres"), "postgres")
    cut(nobody, raw, raw.get_backend_pid())
    with pytest.raises(psycopg2.Error):
        raw.cursor().execute("SELECT 1")
