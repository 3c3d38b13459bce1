"""Statements people may look at and replace, and the macros they are written with."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kada_dagster.errors import ConfigError, ExtractError
from kada_dagster.extracts.contract import META
from kada_dagster.extracts.identity import component, object_path
from kada_dagster.postgres.statements import expand, packaged, placeholders
from kada_dagster.sandbox import sample_database
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.postgres.extract_files import extract, extractor, run

DATABASE = "shop_statements"
ONLY_REF = " AND n.nspname = 'ref'"


@pytest.fixture(scope="module")
def shop(postgres: PostgresServer) -> str:
    sample_database.create(postgres.connect, DATABASE)
    return DATABASE


def test_every_statement_can_be_listed_and_read(postgres: PostgresServer, tmp_path: Path) -> None:
    collector = extractor(postgres, tmp_path)
    names = collector.list_sql()
    assert "COLUMNS_SQL" in names
    assert names == list(packaged())
    assert all("SELECT" in collector.get_sql(name) for name in names)
    assert collector.get_sql("columns_sql") == collector.get_sql("COLUMNS_SQL")


def test_an_overwritten_statement_is_used_in_every_later_run(
    postgres: PostgresServer, shop: str, tmp_path: Path
) -> None:
    collector = extractor(postgres, tmp_path, shop)
    everything = run(collector)
    collector.overwrite_sql("schemas_sql", collector.get_sql("SCHEMAS_SQL").rstrip() + ONLY_REF)
    for _ in range(2):
        filtered = run(collector)
        assert {one.rpartition(".")[2] for one in filtered.ids("SCHEMA")} == {"ref"}
        assert filtered.ids("TABLE") == everything.ids("TABLE")
    assert ONLY_REF in collector.get_sql("SCHEMAS_SQL")
    assert len(run(extractor(postgres, tmp_path, shop)).ids("SCHEMA")) > 1


def test_custom_sql_is_used_from_the_first_run_on(
    postgres: PostgresServer, shop: str, tmp_path: Path
) -> None:
    text = packaged()["SCHEMAS_SQL"].sql + ONLY_REF + " -- {0} is 'quoted' -- at the end"
    extracted = extract(postgres, tmp_path, shop, custom_sql={"SCHEMAS_SQL": text})
    assert len(extracted.ids("SCHEMA")) == 1


def test_every_packaged_statement_of_objects_says_their_one_type() -> None:
    for statement in packaged().values():
        assert (statement.object_type != "") == (statement.family == META)
        if statement.object_type:
            first, _, rest = statement.sql.partition("\nSELECT ")
            assert rest.startswith(f"'{statement.object_type}',")
            assert "\nSELECT" not in first + rest, "one at the top: nothing else yields rows"


@pytest.mark.parametrize("mask", [False, True])
def test_the_objects_of_a_custom_statement_are_counted_each_by_its_type(
    postgres: PostgresServer, shop: str, tmp_path: Path, mask: bool
) -> None:
    text = packaged()["SCHEMAS_SQL"].sql
    text += " UNION ALL " + text.replace("'SCHEMA', {0}", "'A \"B\" é', {0} || '.x'", 1)
    for custom in ({}, {"SCHEMAS_SQL": text}):
        extracted = extract(postgres, tmp_path, shop, custom_sql=custom, mask=mask)
        found = Counter(row["OBJECT_TYPE"] for row in extracted.rows["META"])
        assert extracted.manifest.counts == found
        assert extracted.manifest.rows["META"] == found.total()
        assert found['A "B" é'] == (found["SCHEMA"] if custom else 0)


@pytest.mark.parametrize("name", sorted(packaged()))
def test_a_statement_that_lost_or_renumbered_a_placeholder_is_refused(
    postgres: PostgresServer, tmp_path: Path, name: str
) -> None:
    collector = extractor(postgres, tmp_path)
    text = collector.get_sql(name)
    for number in placeholders(text):
        with pytest.raises(ConfigError, match=rf"custom_sql\.{name}: .*\{{{number}\}}"):
            collector.overwrite_sql(name, text.replace(f"{{{number}}}", "'x'"))
        with pytest.raises(ConfigError, match=f"custom_sql.{name}"):
            collector.overwrite_sql(name, text.replace(f"{{{number}}}", "{9}"))
    assert collector.get_sql(name) == text


def test_an_unknown_statement_is_refused_with_the_nearest_name(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="did you mean COLUMNS_SQL"):
        extractor(postgres, tmp_path, custom_sql={"COLUMN_SQL": "SELECT 1"})


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("SELEC {0}, {1}, {2}", ExtractError, "syntax error"),
        ("SELECT {0}, {1} WHERE {2}", ExtractError, "SCHEMAS_SQL"),
        ("SELECT '{{', {0}, {1}, {2}, {oops}", ConfigError, "custom_sql.SCHEMAS_SQL"),
        ("SELECT {0}, {1}, {2}, '}'", ConfigError, "custom_sql.SCHEMAS_SQL"),
        ("SELECT id!({0}, {1}, {2}", ConfigError, "custom_sql.SCHEMAS_SQL"),
        ("SELECT 1); DROP TABLE x; -- {0} {1} {2}", ExtractError, "SCHEMAS_SQL"),
    ],
)
def test_a_broken_statement_names_itself_and_changes_nothing(
    postgres: PostgresServer,
    shop: str,
    tmp_path: Path,
    text: str,
    error: type[Exception],
    words: str,
) -> None:
    collector = extractor(postgres, tmp_path, shop, custom_sql={"SCHEMAS_SQL": text})
    with pytest.raises(error, match=words) as caught:
        run(collector)
    assert type(caught.value) is error
    assert not list((tmp_path / "postgres").glob("2*"))


def test_a_statement_cannot_write(postgres: PostgresServer, shop: str, tmp_path: Path) -> None:
    text = packaged()["SCHEMAS_SQL"].sql.replace(
        "NULL, NULL, NULL, NULL,", "nextval('crm.customer_number')::text, NULL, NULL, NULL,", 1
    )
    with pytest.raises(ExtractError, match="read-only"):
        extract(postgres, tmp_path, shop, custom_sql={"SCHEMAS_SQL": text})


_NAMES = st.text(
    st.one_of(
        st.sampled_from(".\"'()[]{}%|\\\n é😀a1 "),
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    ),
    min_size=1, max_size=20,
)  # fmt: skip


@given(names=st.lists(_NAMES, min_size=1, max_size=20))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_names_become_the_same_ids_on_the_server_as_in_python(
    postgres: PostgresServer, names: list[str]
) -> None:
    connection = postgres.connect()
    try:
        with connection.cursor() as cursor:
            sql = expand(
                "SELECT id!(x), path!(x) FROM unnest(%s::text[]) WITH ORDINALITY u(x, n) ORDER BY n"
            )
            cursor.execute(sql, (names,))
            assert cursor.fetchall() == [(component(name), object_path(name)) for name in names]
    finally:
        connection.close()
