"""What was told once is not asked for again: by a crawl that died, and where nothing changed."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kada_dagster.api.kept_answers import RESUME_WITHIN, KeptAnswers
from kada_dagster.errors import KadaError
from kada_dagster.sandbox.fivetran import FivetranWorld, ManualClock, Outcome
from kada_dagster.sandbox.fivetran.catalogue import LEAK, catalogue_world
from kada_dagster.sandbox.fivetran.faults import Fault
from kada_dagster.sandbox.fivetran.server import FivetranSandbox
from kada_dagster_tests.fivetran.collected import (
    assert_is_the_truth,
    collector,
    extract,
    served,
)

KEPT = {"resume": True, "skip_unchanged": True}
DETAILS = ("/schemas", "/columns")
ON_THEIR_WAY = 5
"""Answers that may be lost when a crawl dies: those that other threads wait for."""


def details(server: FivetranSandbox, words: Iterable[str] = DETAILS) -> list[str]:
    """Paths of the calls for schema configs and columns that were answered."""
    ends = tuple(words)
    return [one.path for one in server.requests if one.status == 200 and one.path.endswith(ends)]


def die(server: FivetranSandbox, output: Path, path: str, after: int, **options: Any) -> None:
    """Let a crawl die at a call to such a path."""
    server.fail(Fault.status(401, path, after=after))
    with pytest.raises(KadaError):
        extract(server, output, columns=True, concurrency=1, **{**KEPT, **options})


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize(("path", "after"), [("/columns$", 60), ("/schemas$", 12)])
def test_a_crawl_that_died_does_not_pay_again(
    path: str, after: int, skip: bool, tmp_path: Path
) -> None:
    world = catalogue_world(11, 300)
    with served(world) as server:
        die(server, tmp_path, path, after, skip_unchanged=skip)
        paid = details(server)
        assert len(paid) >= after - 2  # some were not there
        server.forget()
        found = extract(server, tmp_path, columns=True, resume=True, skip_unchanged=skip)
        again = set(details(server)) & set(paid)
    assert_is_the_truth(found, world, columns=True)
    assert len(again) <= ON_THEIR_WAY


def test_a_crawl_that_died_begins_anew_where_that_is_wanted(tmp_path: Path) -> None:
    world = catalogue_world(11, 300)
    with served(world) as server:
        die(server, tmp_path, "/columns$", 60)
        paid = set(details(server))
        server.forget()
        extract(server, tmp_path, columns=True)
        assert paid <= set(details(server))


def test_what_did_not_sync_since_is_not_asked_for_again(tmp_path: Path) -> None:
    world = catalogue_world(11, 300)
    with served(world) as server:
        first = extract(server, tmp_path, columns=True, **KEPT)
        asked = details(server)
        server.forget()
        second = extract(server, tmp_path, columns=True, **KEPT)
        again = details(server)
        server.forget()
        extract(server, tmp_path, columns=True, resume=True, skip_unchanged=False)
        assert sorted(details(server)) == sorted(asked)
    assert first.rows == second.rows
    assert first.warnings == second.warnings
    never = {one.id for one in world.estate.connections.values() if one.succeeded_at is None}
    assert {path.split("/")[3] for path in again} <= never
    assert len(asked) > 50


def shop(*outcomes: Outcome, **fields: Any) -> FivetranWorld:
    """Two connections of which one syncs every hour."""
    world = FivetranWorld()
    world.add_group("Warehouse", config={"host": "ab.snowflakecomputing.com", "database": "d"})
    world.add_connection("postgres", id="pg", schema="pg", **fields)
    world.add_connection("postgres", id="still", schema="still", schedule_type="manual")
    world.script("pg", *outcomes)
    return world


def asked_twice(world: FivetranWorld, output: Path, change: Any, **options: Any) -> list[str]:
    """What the second crawl asks for when something happened after the first."""
    settings: dict[str, Any] = {"columns": True, **KEPT, **options}
    with served(world) as server:
        extract(server, output, **settings)
        change()
        server.forget()
        found = extract(server, output, **settings)
        assert_is_the_truth(found, world, columns=True)
        return details(server)


def test_a_connection_that_synced_since_is_asked_for_its_tables_but_not_their_columns(
    tmp_path: Path,
) -> None:
    world = shop()
    assert asked_twice(world, tmp_path, lambda: world.advance(3600)) == [
        "/v1/connections/pg/schemas"
    ]


def test_a_sync_that_failed_brings_nothing_new_and_costs_nothing(tmp_path: Path) -> None:
    world = shop(Outcome.failure())
    assert asked_twice(world, tmp_path, lambda: world.advance(3600)) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"config": {"host": "db.example.com", "database": "other"}},
        {"destination_schema_names": "SOURCE_NAMING"},
    ],
)
def test_a_connection_that_is_set_up_otherwise_is_asked_again(
    fields: dict[str, Any], tmp_path: Path
) -> None:
    world = shop()

    def change() -> None:
        world.estate.connections["pg"].fields.update(fields)
        world.estate.connections["pg"].changed()

    assert asked_twice(world, tmp_path, change) == ["/v1/connections/pg/schemas"]


def test_a_password_that_is_changed_changes_nothing(tmp_path: Path) -> None:
    world = shop(fields={"config": {"password": "one"}})

    def change() -> None:
        world.estate.connections["pg"].fields["config"] = {"password": "two"}
        world.estate.connections["pg"].changed()

    assert asked_twice(world, tmp_path, change) == []


def test_a_connection_that_never_synced_is_always_asked(tmp_path: Path) -> None:
    world = shop(succeeded_at=None, schedule_type="manual")
    again = asked_twice(world, tmp_path, lambda: None)
    assert again == ["/v1/connections/pg/schemas"]


def test_a_table_whose_entry_changed_is_asked_for_its_columns(tmp_path: Path) -> None:
    world = shop()
    connection = world.estate.connections["pg"]

    def change() -> None:
        config = connection.config
        assert config
        schema = config.schemas["public"]
        assert schema.tables
        name, table = next(
            (name, one) for name, one in schema.tables.items() if one.enabled and not one.locked
        )
        tables = {**schema.tables, name: replace(table, sync_mode="LIVE")}
        schemas = {**config.schemas, "public": replace(schema, tables=tables)}
        connection.__dict__["config"] = replace(config, schemas=schemas)
        world.advance(3600)

    asked = asked_twice(world, tmp_path, change)
    assert len(asked) == 2
    assert asked[1].endswith("/columns")


def test_columns_are_asked_for_again_after_a_time_each_table_at_another_moment(
    tmp_path: Path,
) -> None:
    world = catalogue_world(12, 200, clock=ManualClock())
    for connection in world.estate.connections.values():
        connection.schedule_type, connection.due = "manual", None
    counts: list[int] = []
    with served(world) as server:
        for _ in range(9):
            found = extract(server, tmp_path, columns=True, columns_hours=8, **KEPT)
            assert_is_the_truth(found, world, columns=True)
            counts.append(len(details(server, ["/columns"])))
            server.forget()
            world.advance(3600)
    first, *later = counts
    assert sum(later) == first > 20
    assert max(later) < first / 2


def test_what_is_kept_is_for_the_owner_alone_and_holds_no_secret(tmp_path: Path) -> None:
    with served(catalogue_world(11, 300)) as server:
        die(server, tmp_path, "/columns$", 60, skip_unchanged=False)
        extract(server, tmp_path / "whole", columns=True, **KEPT)
    files = sorted(tmp_path.rglob(".fivetran-*"))
    assert [file.name for file in files] == [
        *(".fivetran-crawl.journal", ".fivetran-crawl.journal", ".fivetran-unchanged.journal"),
    ]
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert LEAK not in file.read_text()
        assert server.api_secret not in file.read_text()
    assert files[-1].stat().st_size > 10_000


def test_after_a_whole_crawl_nothing_of_what_is_gone_is_kept(tmp_path: Path) -> None:
    world = catalogue_world(11, 300)
    kept = tmp_path / "fivetran" / ".fivetran-unchanged.journal"
    with served(world) as server:
        extract(server, tmp_path, columns=True, **KEPT)
        before = kept.stat().st_size
        for number in list(world.estate.connections)[:-1]:
            world.delete_connection(number)
        extract(server, tmp_path, columns=True, **KEPT)
    assert kept.stat().st_size < before / 2


def test_state_goes_to_a_folder_of_its_own_where_one_is_named(tmp_path: Path) -> None:
    with served(shop()) as server:
        extract(server, tmp_path / "out", **KEPT, state_path=tmp_path / "state")
        shared = collector(server, "memory://staging", **KEPT)
    assert (tmp_path / "state" / "fivetran" / ".fivetran-unchanged.journal").is_file()
    assert not list((tmp_path / "out").rglob(".fivetran-*"))
    assert shared.state_folder is None


def test_a_crawl_that_died_long_ago_is_forgotten(tmp_path: Path) -> None:
    def fetches(at: float) -> int:
        asked: list[str] = []
        with KeptAnswers(tmp_path, "any", clock=lambda: at) as answers:
            for _ in range(2):
                assert answers.answer("path", "", lambda: asked.append("x") or "told") == "told"
        return len(asked)

    assert fetches(1000) == 1
    assert fetches(1000 + RESUME_WITHIN - 1) == 0
    assert fetches(1000 + RESUME_WITHIN) == 1
    assert fetches(500) == 1  # the clock was put back: nobody knows how old it is


def test_nothing_is_kept_where_there_is_no_folder() -> None:
    asked: list[str] = []
    with KeptAnswers(None, "any") as answers:
        for _ in range(2):
            answers.answer("path", "mark", lambda: asked.append("x"))
        answers.complete()
    assert len(asked) == 2
