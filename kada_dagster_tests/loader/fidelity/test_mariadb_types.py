"""Every type MariaDB offers, in every character set, travels without change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pymysql
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kada_dagster.loader.source.base import Selection
from kada_dagster_tests.loader.fidelity.mariadb_samples import SAMPLES, SHAPES
from kada_dagster_tests.loader.source.landing import Landing
from kada_dagster_tests.loader.source.mariadb_server import MariadbDatabase
from kada_dagster_tests.loader.source.mariadb_source import opened

T = Selection(table=("t",))
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
LETTERS = "aZ09~ÄéßłžŐığӨЖяΩάשاไทあア漢字한글€"
"""Of many scripts; every character set has some of them."""


def types_of(maria: MariadbDatabase) -> set[str]:
    """The types the server makes a column of, of all the words it knows."""
    words = maria.run(
        "SELECT word FROM information_schema.keywords UNION SELECT name FROM mysql.help_topic UNION"
        " SELECT plugin_name FROM information_schema.plugins WHERE plugin_type = 'DATA TYPE'"
    )
    forms = ("{}", "{}(3)", "{}('a')")
    tried = [form.format(word) for word in [*(w for (w,) in words), *SHAPES] for form in forms]
    return {kind for text in tried for kind in _column(maria, text)}


def _column(maria: MariadbDatabase, text: str) -> list[str]:
    try:
        maria.run(f"CREATE OR REPLACE TEMPORARY TABLE tried (c {text})")
    except pymysql.err.Error:
        return []
    return [row[1].split("(")[0].split()[0] for row in maria.run("SHOW COLUMNS FROM tried")]


def test_no_type_of_the_server_is_forgotten(maria: MariadbDatabase) -> None:
    offered = types_of(maria)
    assert {"int", "uuid", "multipolygon", "longblob"} <= offered
    assert offered <= {kind.split("(")[0].split()[0] for kind, _, _ in SAMPLES} | SHAPES.keys()


def test_every_type_arrives_as_it_is(landing: Landing, maria: MariadbDatabase) -> None:
    columns = ", ".join(f"c{i} {kind}" for i, (kind, _, _) in enumerate(SAMPLES))
    maria.run(f"CREATE TABLE t ({columns}) ROW_FORMAT=DYNAMIC")
    for at in range(2):
        values = [v[at][0] if at < len(v) else "NULL" for _, _, v in SAMPLES]
        maria.run(f"INSERT INTO t VALUES ({', '.join(values)})")
    with opened(maria) as source:
        assert [c.target_type for c in source.columns(T)] == [target for _, target, _ in SAMPLES]
        assert landing.load(source, T) == 2
    texts = ", ".join(f"c{i}::text" for i in range(len(SAMPLES)))
    arrived = landing.rows(f"SELECT {texts} FROM t ORDER BY c0")
    for at in range(2):
        expected = {k: (v[at][1] if at < len(v) else None) for k, _, v in SAMPLES}
        assert dict(zip(expected, arrived[at])) == expected


def test_every_shape_arrives_as_it_is_stored(landing: Landing, maria: MariadbDatabase) -> None:
    maria.run(f"CREATE TABLE t ({', '.join(f'c_{kind} {kind}' for kind in SHAPES)})")
    marks = ", ".join(f"ST_GeomFromText('{text}', 4326)" for text in SHAPES.values())
    maria.run(f"INSERT INTO t VALUES ({marks})")
    with opened(maria) as source:
        landing.load(source, T)
    stored = maria.run(f"SELECT {', '.join(f'c_{kind}' for kind in SHAPES)} FROM t")
    assert [bytes(one) for one in landing.rows()[0]] == list(stored[0])


def test_every_character_set_arrives_as_it_reads(landing: Landing, maria: MariadbDatabase) -> None:
    names = [row[0] for row in maria.run("SHOW CHARACTER SET") if row[0] != "binary"]
    columns = ", ".join(f"{name} varchar(60) CHARACTER SET {name}" for name in names)
    maria.run(f"CREATE TABLE t ({columns})")
    texts = [_kept(maria, name) for name in names]
    maria.run(f"INSERT INTO t VALUES ({', '.join(['%s'] * len(names))})", *texts)
    with opened(maria) as source:
        landing.load(source, T)
    assert dict(zip(names, landing.rows()[0])) == dict(zip(names, texts))
    assert min(map(len, texts)) >= 5


def _kept(maria: MariadbDatabase, name: str) -> str:
    """The letters a character set has."""
    tried = ", ".join(f"CONVERT(CONVERT(%s USING {name}) USING utf8mb4)" for _ in LETTERS)
    back = maria.run(f"SELECT {tried}", *LETTERS)[0]
    return "".join(one for one, now in zip(LETTERS, back) if one == now)


ROW = st.tuples(
    st.none() | st.integers(0, 2**64 - 1),
    st.none() | st.floats(allow_nan=False, allow_infinity=False),
    st.none() | st.floats(-(2.0**126), 2.0**126, width=32),
    st.none() | TEXT,
    st.none() | st.binary(max_size=40),
    st.none() | st.decimals("-1e20", "1e20", places=9),
    st.none() | st.dates(),
    st.none() | st.timedeltas(timedelta(hours=-838), timedelta(hours=838)),
)


@given(st.lists(ROW, min_size=1, max_size=10))
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_any_values_arrive_as_they_are_stored(
    landing: Landing, maria: MariadbDatabase, rows: list[tuple[Any, ...]]
) -> None:
    maria.run(
        "CREATE OR REPLACE TABLE t (n bigint unsigned, d double, f float, t longtext, b longblob, "
        "m decimal(40,9), day date, span time(6))"
    )
    for row in rows:
        maria.run("INSERT INTO t VALUES (%s, %s, %s, %s, %s, %s, %s, %s)", *row)
    stored = maria.run("SELECT n, d, f * 1e0, t, b, m, day, span FROM t")
    with opened(maria) as source:
        assert landing.load(source, T) == len(rows)
    arrived = [
        tuple(bytes(v) if isinstance(v, memoryview) else v for v in row)
        for row in landing.rows("SELECT n, d, f::float8, t, b, m, day, span FROM t")
    ]
    assert arrived == [tuple(row) for row in stored]
