"""Every type PostgreSQL offers travels without change, on and between all versions of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from kada_dagster.loader.definition.project import Project
from kada_dagster.loader.engine.run import run_task
from kada_dagster.loader.pg_types import TypeFacts, is_same_in_binary, read_types
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.loader.fidelity.postgres_samples import SAMPLES
from kada_dagster_tests.loader.fidelity.postgres_tables import (
    Column,
    columns_of,
    create_text,
    declared,
    exact,
    fill,
    offered,
    prepared,
    project,
    run,
    sent,
)
from kada_dagster_tests.loader.source.landing import Landing

FLOATS = re.compile("real|double|point|line|lseg|box|path|polygon|circle|span")
"""Before version 12 the server printed the same value with more digits."""

_FIRST = "CREATE TYPE first_of_all AS ENUM ('x'); "


@pytest.fixture(scope="module")
def newest(postgres: PostgresServer) -> Iterator[Landing]:
    """A database on the newest server."""
    with prepared(postgres) as made:
        yield made


@pytest.fixture(scope="module")
def both(every_postgres: PostgresServer) -> Iterator[tuple[Landing, Landing]]:
    """Two databases on a server of each version; types of one's own have other numbers there."""
    with prepared(every_postgres, _FIRST) as source, prepared(every_postgres) as target:
        yield source, target


def common(*ends: Landing) -> list[Column]:
    """Columns of the types all of the servers offer."""
    known = [offered(end) for end in ends]
    shared = {name: has for name, has in known[0].items() if all(name in one for one in known)}
    has_xml = all(reads_xml(end) for end in ends)
    return columns_of(shared, min(end.server.version for end in ends), has_xml=has_xml)


def reads_xml(landing: Landing) -> bool:
    try:
        run(landing, "SELECT '<a/>'::xml")
    except psycopg2.errors.FeatureNotSupported:
        return False
    return True


def assert_travels(source: Landing, target: Landing, folder: Path) -> None:
    """Into tables that are made for it, and once more into tables that are there."""
    columns = common(source, target)
    for table, some in {"exact": exact(columns), "whole": columns}.items():
        fill(source, table, some)
        run(target, f"DROP TABLE IF EXISTS {table}")
        load(project(folder / "auto", source, target, "auto"), table)
        assert declared(target, table) == declared(source, table)
        assert changed(source, target, table, some) == {}
        run(target, create_text(table, some))
        load(project(folder / "manual", source, target, "manual"), table)
        assert changed(source, target, table, some) == {}


def load(given: Project, table: str) -> None:
    run_task(given.tasks[f"public.{table}"], given)


def changed(
    source: Landing, target: Landing, table: str, columns: list[Column]
) -> dict[str, object]:
    """What is not the same on both sides, by type."""
    found: dict[str, object] = {}
    prints_alike = (source.server.version < 12) == (target.server.version < 12)
    for form in ("text", "binary") if table == "exact" else ("text",):
        ours, theirs = (sent(end, table, columns, form) for end in (source, target))
        for kind in ours:
            is_printed = prints_alike or form == "binary" or not FLOATS.search(kind)
            if is_printed and ours[kind] != theirs[kind]:
                found[f"{kind} as {form}"] = (ours[kind], theirs[kind])
    return found


def test_no_type_of_the_server_is_forgotten(both: tuple[Landing, Landing]) -> None:
    assert sorted(offered(both[1]).keys() - SAMPLES.keys()) == []


def test_every_type_travels_without_change(
    both: tuple[Landing, Landing], newest: Landing, tmp_path: Path
) -> None:
    older, other = both
    assert_travels(older, other, tmp_path / "same")
    assert_travels(older, newest, tmp_path / "to_newest")
    assert_travels(newest, older, tmp_path / "from_newest")


def test_binary_data_is_sent_where_it_means_the_same_on_both_servers(
    both: tuple[Landing, Landing],
) -> None:
    columns = common(*both)
    facts = [facts_of(end, columns) for end in both]
    ours = {
        name
        for name in facts[0]
        if is_same_in_binary(facts[0][name], facts[1][name]) and "schema." not in name
    }
    expected = {column.type for column in exact(columns) if "schema." not in column.type}
    assert (sorted(ours - expected), sorted(expected - ours)) == ([], [])


def facts_of(landing: Landing, columns: list[Column]) -> dict[str, TypeFacts]:
    """What the catalogue says of the types of columns."""
    run(landing, create_text("described", columns))
    rows = landing.rows(
        "SELECT atttypid::int8 FROM pg_attribute WHERE attrelid = 'described'::regclass "
        "AND attnum > 1 ORDER BY attnum"
    )
    with landing.raw.cursor() as cursor:
        known = read_types(cursor, [row[0] for row in rows])
    return {column.type: known[row[0]] for column, row in zip(columns, rows)}
