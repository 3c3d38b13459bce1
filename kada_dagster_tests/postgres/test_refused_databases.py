"""Databases that pg_hba.conf refuses the user, whatever CONNECT says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kada_dagster.doctor.limits import Shared
from kada_dagster.doctor.postgres import postgres_checks
from kada_dagster.doctor.running import run_checks
from kada_dagster.errors import PermissionDeniedError
from kada_dagster.postgres.settings import PostgresSettings
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.postgres.extract_files import END, START, extract, extractor
from kada_dagster_tests.postgres.faults import wait_until

OTHERS = "host all postgres 127.0.0.1/32 trust\n"
GUEST = "host {} guest 127.0.0.1/32 {}\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    folder = tmp_path_factory.mktemp("refusing") / "data"
    with PostgresServer.start(folder, settings={"fsync": "off"}) as server:
        with closing(server.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE ROLE guest LOGIN PASSWORD 'right password'")
        for name in ("closed", "shop"):
            server.create_database(name)
        yield server


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the configuration says it is."""
    monkeypatch.setenv("GUEST_PASSWORD", "right password")


@pytest.fixture
def admit(server: PostgresServer) -> Callable[[str], None]:
    """Has the server use other rules for the user."""

    def use(rules: str) -> None:
        (server.data_dir / "pg_hba.conf").write_text(rules + OTHERS)
        with closing(server.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_conf_load_time()")
            before = cursor.fetchall()
            cursor.execute("SELECT pg_reload_conf()")

        def reloaded() -> bool:
            with closing(server.connect()) as fresh, fresh.cursor() as cursor:
                cursor.execute("SELECT pg_conf_load_time()")
                return cursor.fetchall() != before

        wait_until(reloaded)

    return use


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (GUEST.format("closed", "reject") + GUEST.format("all", "trust"), "pg_hba.conf rejects"),
        (GUEST.format("postgres,shop", "trust"), "no pg_hba.conf entry"),
    ],
)
def test_one_of_all_databases_that_refuses_the_user_is_a_warning(
    server: PostgresServer, admit: Callable[[str], None], tmp_path: Path, rules: str, said: str
) -> None:
    admit(rules)
    extracted = extract(server, tmp_path, username="guest")
    names = {row["NAME"] for row in extracted.rows["META"] if row["OBJECT_TYPE"] == "DATABASE"}
    assert names == {"postgres", "shop"}
    assert extracted.warnings() == {"database_not_connectable": 1}
    sample = extracted.samples()["database_not_connectable"]
    assert said in sample
    assert "/closed:" in sample


def test_the_maintenance_database_may_be_the_one_that_refuses(
    server: PostgresServer, admit: Callable[[str], None], tmp_path: Path
) -> None:
    admit(GUEST.format("postgres", "reject") + GUEST.format("all", "trust"))
    extracted = extract(server, tmp_path, username="guest")
    assert len(extracted.ids("DATABASE")) == 2


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        (GUEST.format("closed", "reject") + GUEST.format("all", "trust"), ("shop", "closed")),
        (GUEST.format("template1", "trust") + GUEST.format("all", "reject"), ()),
    ],
    ids=["named", "none is left"],
)
def test_a_named_database_or_the_last_one_that_refuses_is_an_error(
    server: PostgresServer,
    admit: Callable[[str], None],
    tmp_path: Path,
    rules: str,
    named: tuple[str, ...],
) -> None:
    admit(rules)
    with pytest.raises(PermissionDeniedError, match=r"pg_hba\.conf rejects") as caught:
        extractor(server, tmp_path, *named, username="guest").run(START, END)
    assert not caught.value.transient


def test_a_password_that_is_wrong_by_now_is_tried_once(
    server: PostgresServer, admit: Callable[[str], None], tmp_path: Path
) -> None:
    admit(GUEST.format("postgres", "trust") + GUEST.format("all", "scram-sha-256"))
    log = server.data_dir / "server.log"
    size = log.stat().st_size
    with pytest.raises(PermissionDeniedError, match="authentication failed"):
        extractor(server, tmp_path, username="guest", password="wrong").run(START, END)
    assert log.read_text()[size:].count("password authentication failed") == 1


def look(server: PostgresServer, *databases: str) -> list[str]:
    """What `kada doctor` says of the databases, and of what they must be read with."""
    fields = {
        "name": "shop",
        "window": {"start": START, "cron": "0 0 * * *"},
        "server": "127.0.0.1",
        "port": server.port,
        "username": "guest",
        "password": "${GUEST_PASSWORD}",
        "databases": databases,
        "meta_only": True,
    }
    checks = postgres_checks(PostgresSettings.model_validate(fields), (), Shared(limit=10))
    found = list(run_checks(checks, limit=10, within=30))
    return [f"{one.status.value} {one.name}: {one.message}" for one in found[1:]]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (GUEST.format("closed", "reject") + GUEST.format("all", "trust"), "pg_hba.conf rejects"),
        (GUEST.format("postgres,shop", "trust"), "no pg_hba.conf entry"),
    ],
)
def test_doctor_warns_of_one_that_the_extract_leaves_out(
    server: PostgresServer, admit: Callable[[str], None], rules: str, said: str
) -> None:
    admit(rules)
    _, databases, permissions = look(server)
    assert databases.startswith("WARN databases: left out: 127.0.0.1")
    assert "/closed: " in databases
    assert said in databases
    assert permissions.startswith("OK permissions: PostgreSQL")


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        (GUEST.format("closed", "reject") + GUEST.format("all", "trust"), ("shop", "closed")),
        (GUEST.format("template1", "trust") + GUEST.format("all", "reject"), ()),
    ],
    ids=["named", "none is left"],
)
def test_doctor_fails_where_the_extract_does(
    server: PostgresServer, admit: Callable[[str], None], rules: str, named: tuple[str, ...]
) -> None:
    admit(rules)
    assert any(
        line.startswith("FAIL") and "pg_hba.conf rejects" in line for line in look(server, *named)
    )


def test_doctor_tries_a_password_that_is_wrong_by_now_once(
    server: PostgresServer, admit: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUEST_PASSWORD", "wrong")
    admit(GUEST.format("postgres", "trust") + GUEST.format("all", "scram-sha-256"))
    log = server.data_dir / "server.log"
    size = log.stat().st_size
    _, databases, _ = look(server)
    assert databases.startswith("FAIL databases: ")
    assert log.read_text()[size:].count("password authentication failed") == 1
