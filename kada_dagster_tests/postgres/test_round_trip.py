"""What the files hold is what the catalogue holds, on every version, however things are named."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from kada_dagster.extracts.identity import object_id, split_id
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.postgres import hostile_database, odd_objects
from kada_dagster_tests.postgres.catalogue import Catalogue
from kada_dagster_tests.postgres.conftest import SAMPLE
from kada_dagster_tests.postgres.expected_linkage import expected_linkage
from kada_dagster_tests.postgres.expected_meta import expected_meta
from kada_dagster_tests.postgres.extract_files import HOST, Extracted, attributes, extract

_COLUMNS = {
    "kind": "OBJECT_TYPE", "tool": "TOOL_OBJECT_TYPE", "id": "OBJECT_ID", "path": "PATH",
    "parent": "PARENT_ID", "name": "NAME", "comment": "DESCRIPTION", "code": "QUERY_CODE",
    "data_type": "DATA_TYPE", "ordinal": "ORDINAL", "nullable": "NULLABLE",
    "default": "DEFAULT_VALUE", "owner": "OWNER", "status": "STATUS",
}  # fmt: skip


@dataclass
class Trip:
    """An extract and what it should hold, read at the same time: roles belong to the server."""

    extracted: Extracted
    database: str
    meta: list[dict[str, Any]]
    linkage: list[tuple[Any, ...]]
    edges: set[tuple[str, str]]


def trip_to(extracted: Extracted, connection: Any, edges: set[tuple[str, str]]) -> Trip:
    catalogue = Catalogue(connection, HOST)
    name = catalogue.database
    return Trip(extracted, name, expected_meta(catalogue), expected_linkage(catalogue), edges)


@pytest.fixture(scope="module")
def trip(every_postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Trip:
    database = every_postgres.create_database('trip | "hostile" {0} ü.%s\'\\')
    connection = every_postgres.connect(database)
    built = hostile_database.build(connection)
    odd_objects.build(connection)
    extracted = extract(every_postgres, tmp_path_factory.mktemp("trip"), database)
    edges = {
        (object_id(HOST, database, *source), object_id(HOST, database, *target))
        for source, target in built.edges | odd_objects.EDGES
    }
    try:
        return trip_to(extracted, connection, edges)
    finally:
        connection.close()


@pytest.fixture(scope="module")
def _trips() -> dict[str, Trip]:
    return {}


@pytest.fixture
def sample_trip(every_postgres: PostgresServer, sample: Extracted, _trips: dict[str, Trip]) -> Trip:
    """Read anew when the sample was."""
    read = str(sample.folder)
    if read not in _trips:
        connection = every_postgres.connect(SAMPLE)
        try:
            _trips[read] = trip_to(sample, connection, set())
        finally:
            connection.close()
    return _trips[read]


def test_hostile_objects_come_back_as_the_catalogue_has_them(trip: Trip) -> None:
    assert_same(meta(trip.extracted), trip.meta)
    assert trip.extracted.warnings() == {}


def test_hostile_relationships_come_back_as_the_catalogue_has_them(trip: Trip) -> None:
    assert_same(linkage(trip.extracted), trip.linkage)


def test_hostile_column_lineage_has_no_edge_missing_and_none_extra(trip: Trip) -> None:
    assert_same(_view_columns(trip), trip.edges)


def test_the_sample_objects_come_back_as_the_catalogue_has_them(sample_trip: Trip) -> None:
    assert_same(meta(sample_trip.extracted), sample_trip.meta)
    assert sample_trip.extracted.warnings() == {}


def test_the_sample_relationships_come_back_as_the_catalogue_has_them(sample_trip: Trip) -> None:
    assert_same(linkage(sample_trip.extracted), sample_trip.linkage)


def test_ids_are_unique_and_can_be_split_into_their_names(trip: Trip) -> None:
    ids = Counter(row["OBJECT_ID"] for row in trip.extracted.rows["META"])
    assert [one for one, count in ids.items() if count > 1] == []
    for row in trip.extracted.rows["META"]:
        parts = split_id(row["OBJECT_ID"])
        assert parts[0] == HOST.replace('"', "")
        if row["OBJECT_TYPE"] == "COLUMN":
            assert parts == [*split_id(row["PARENT_ID"]), row["NAME"]]
            assert parts[1] == trip.database
        elif row["OBJECT_TYPE"] != "PROCEDURE":
            assert parts[-1] == row["NAME"]
        else:
            assert parts[-1].startswith(row["NAME"] + "(")


def test_every_parent_is_in_the_file(trip: Trip, sample_trip: Trip) -> None:
    for rows in (trip.extracted.rows["META"], sample_trip.extracted.rows["META"]):
        ids = {row["OBJECT_ID"] for row in rows}
        assert {row["PARENT_ID"] for row in rows} - ids == {""}


def test_a_relationship_appears_once(trip: Trip, sample_trip: Trip) -> None:
    for extracted in (trip.extracted, sample_trip.extracted):
        found = Counter(tuple(row.values())[:5] for row in extracted.rows["LINKAGE"])
        assert [link for link, count in found.items() if count > 1] == []


def meta(extracted: Extracted) -> list[dict[str, Any]]:
    assert {
        row["URL"] + row["CREATED_AT"] + row["UPDATED_AT"] for row in extracted.rows["META"]
    } == {""}
    return [
        {**{key: row[name] for key, name in _COLUMNS.items()}, "attributes": attributes(row)}
        for row in extracted.rows["META"]
    ]


def linkage(extracted: Extracted) -> list[tuple[Any, ...]]:
    """All but the column lineage of views, which only their builder knows."""
    views = {
        r["OBJECT_ID"] for r in extracted.rows["META"] if r["TOOL_OBJECT_TYPE"].endswith("VIEW")
    }
    parents = {r["OBJECT_ID"]: r["PARENT_ID"] for r in extracted.rows["META"]}
    return [
        (*list(row.values())[:6], attributes(row))
        for row in extracted.rows["LINKAGE"]
        if not (
            (row["RELATIONSHIP"], row["SOURCE_OBJECT_TYPE"]) == ("LINEAGE", "COLUMN")
            and parents[row["TARGET_OBJECT_ID"]] in views
        )
    ]


def _view_columns(trip: Trip) -> set[tuple[str, str]]:
    generated = {(link[1], link[3]) for link in trip.linkage if link[4] == "LINEAGE"}
    return trip.extracted.links("LINEAGE", "COLUMN") - generated


def assert_same(found: Iterable[Any], expected: Iterable[Any]) -> None:
    """Equal as multisets; says what is missing and what is extra, like beside like."""
    one, two = Counter(map(_key, found)), Counter(map(_key, expected))
    missing, extra = sorted((two - one).elements()), sorted((one - two).elements())
    if missing or extra:
        lines = [f"{len(missing)} missing, {len(extra)} extra"]
        lines += [f"missing {line}" for line in missing[:8]] + [
            f"extra   {line}" for line in extra[:8]
        ]
        pytest.fail("\n".join(lines), pytrace=False)


def _key(item: Any) -> str:
    return json.dumps(item, sort_keys=True, ensure_ascii=False)
