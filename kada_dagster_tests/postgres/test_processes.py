"""A collector that is killed, interrupted or starved leaves whole extracts and idle servers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kada_dagster.sandbox import sample_database
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.postgres.extract_files import HOST
from kada_dagster_tests.postgres.faults import Before, backends, contents, wait_until

DATABASE = "shop_processes"


@pytest.fixture(scope="module")
def shop(postgres: PostgresServer) -> str:
    sample_database.create(postgres.connect, DATABASE)
    return DATABASE


@pytest.fixture
def before(postgres: PostgresServer, shop: str, tmp_path: Path) -> Before:
    return Before(postgres, tmp_path, shop)


def start(
    server: PostgresServer, output: Path, database: str, **options: Any
) -> subprocess.Popen[str]:
    keywords = {
        "username": "postgres", "host": HOST, "server": "127.0.0.1", "port": server.port,
        "databases": [database], "output_path": str(output), "meta_only": True, **options,
    }  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "kada_dagster_tests.postgres.run_extract",
        json.dumps(keywords),
    ]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env={**os.environ})


@pytest.mark.parametrize(
    "point", ["relations", "view rules", "default privilege grants", "publish"]
)
def test_a_killed_run_leaves_the_last_extract_and_the_next_run_tidies_up(
    before: Before, point: str
) -> None:
    process = start(before.server, before.output, DATABASE, die_at=point)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, errors
    left = set(contents(before.output)) - set(before.files)
    assert left
    assert all(".partial-" in name for name in left)
    assert {
        name: data for name, data in contents(before.output).items() if name not in left
    } == before.files
    before.next_run_is_clean()


def test_a_run_killed_after_it_was_published_is_whole(before: Before) -> None:
    process = start(before.server, before.output, DATABASE, die_at="published")
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    families = {name: data for name, data in before.files.items() if name.endswith(".csv")}
    after = contents(before.output)
    assert {name: after.get(name) for name in families} == families
    before.next_run_is_clean()


@pytest.mark.parametrize("connections", [1, 2])
def test_ctrl_c_ends_the_statement_on_the_server_and_leaves_the_last_extract(
    before: Before, connections: int
) -> None:
    process = start(before.server, before.output, DATABASE, sleep=True, connections=connections)
    wait_until(lambda: backends(before.server, DATABASE, "pg_sleep"))
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)  # the statement would take two minutes
    assert "KeyboardInterrupt" in errors
    wait_until(lambda: not backends(before.server, DATABASE))
    before.untouched()
    before.next_run_is_clean()


def test_a_full_disk_is_said_and_leaves_the_last_extract(before: Before) -> None:
    largest = max(len(data) for data in before.files.values())
    for limit in (1_000, largest // 2, largest - 1):
        process = start(before.server, before.output, DATABASE, file_bytes=limit)
        text, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (1, "")
        assert text.startswith("StagingError output_path: cannot write")
        before.untouched()
    before.next_run_is_clean()


def test_memory_does_not_grow_with_the_catalogue(postgres: PostgresServer, tmp_path: Path) -> None:
    database = postgres.create_database()
    connection = postgres.connect(database)
    with connection.cursor() as cursor:
        for schema, tables in (("small", 500), ("large", 5_000)):
            cursor.execute(f"CREATE SCHEMA {schema}")
            for first in range(0, tables, 1_000):
                table = f"format('CREATE TABLE {schema}.t%s (a int, b text, c date)', {first} + i)"
                last = min(tables, 1_000)
                cursor.execute(
                    f"DO $$BEGIN FOR i IN 1..{last} LOOP EXECUTE {table}; END LOOP; END$$"
                )
    connection.close()
    memory: dict[str, int] = {}
    for schema in ("small", "large"):
        for mask in (False, True):
            process = start(postgres, tmp_path, database, include_schemas=[schema], mask=mask)
            text, errors = process.communicate(timeout=60)
            assert errors == ""
            memory[schema] = max(memory.get(schema, 0), int(text))
    assert memory["large"] - memory["small"] < 15 * 1024, memory
