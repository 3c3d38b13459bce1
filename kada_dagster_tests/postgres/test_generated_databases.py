"""Generated names in every place: what comes back is what the catalogue holds."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kada_dagster.extracts.identity import object_id
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.postgres import hostile_database
from kada_dagster_tests.postgres.catalogue import Catalogue
from kada_dagster_tests.postgres.expected_linkage import expected_linkage
from kada_dagster_tests.postgres.expected_meta import expected_meta
from kada_dagster_tests.postgres.extract_files import HOST, extract
from kada_dagster_tests.postgres.test_round_trip import assert_same, linkage, meta

_LETTERS = st.one_of(
    st.sampled_from(".\"'|()[]{}%$\\/-*;,\n\r\t ü😀aB1_"),
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
)
_NAMES = st.text(_LETTERS, min_size=1, max_size=40).filter(
    lambda name: (
        len(name.encode()) <= 40
        and name not in ("id", "one", "other", "fire", "plain", "b")
        and not name.startswith(("pg_", "gone", "view", "owner", "foreign", "caller", "by_all"))
        # A relation may then have the id of a function: see extracts/identity.py.
        and not (name.endswith(")") and ("." in name or '"' in name))
        and "$do$" not in name
    )
)


@given(names=st.lists(_NAMES, min_size=1, max_size=6, unique=True))
@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_names_come_back(
    postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    kept = _roles(postgres)
    database = postgres.create_database()
    connection = postgres.connect(database)
    try:
        built = hostile_database.build(connection, names, ())
        folder: Path = tmp_path_factory.mktemp("generated")
        extracted = extract(postgres, folder, database)
        catalogue = Catalogue(connection, HOST)
        assert_same(meta(extracted), expected_meta(catalogue))
        assert_same(linkage(extracted), expected_linkage(catalogue))
        edges = {tuple(object_id(HOST, database, *end) for end in edge) for edge in built.edges}
        assert extracted.links("LINEAGE", "COLUMN") == edges
    finally:
        connection.close()
        _drop(postgres, database, kept)


def _drop(server: PostgresServer, database: str, kept: set[str]) -> None:
    """Roles belong to the whole server: those of other tests' databases stay."""
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{database}"')
        for role in _roles(server) - kept:
            cursor.execute("SELECT format('DROP ROLE %%I', %s)", (role,))
            cursor.execute(cursor.fetchall()[0][0])


def _roles(server: PostgresServer) -> set[str]:
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles")
        return {name for (name,) in cursor.fetchall()}
