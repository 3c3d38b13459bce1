"""Column lineage from rule trees on real servers: what each output column is computed from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2.errors import FeatureNotSupported

from kada_dagster.postgres.rule_tree import Origin, RuleTreeError, output_origins
from kada_dagster_tests.postgres.view_corpus import (
    AFTER,
    SCHEMA,
    VIEWS,
    CorpusView,
)
from kada_dagster_tests.postgres.view_strategies import (
    TABLES,
    Statement,
    identifiers,
    quoted,
    statements,
)

_TREES = """
SELECT c.relname, r.ev_action::text FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
WHERE r.rulename = '_RETURN' AND c.relnamespace = 'public'::regnamespace"""
_DEPENDENCIES = """
SELECT DISTINCT c.relname, d.refobjid, d.refobjsubid
FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
WHERE d.refclassid = 'pg_class'::regclass AND c.relnamespace = 'public'::regnamespace"""
_COLUMNS = """
SELECT CASE WHEN relname LIKE 'a {%%' THEN 'hostile' ELSE relname END, attname, attrelid, attnum
FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
WHERE attnum > 0 AND c.relnamespace = 'public'::regnamespace"""
# The machine's business, not a property of the code.
_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@dataclass(repr=False)
class Corpus:
    """The views of one server: rule trees, the server's own dependency records, column numbers."""

    connection: Any
    views: list[CorpusView]
    trees: dict[str, str]
    dependencies: dict[str, set[Origin]]
    numbers: dict[str, Origin]

    def names(self, words: str) -> frozenset[Origin]:
        return frozenset(self.numbers[word] for word in words.split())

    def read(self, query: str) -> list[frozenset[Origin]]:
        """The origins of a view made for the moment."""
        _run(self.connection, f"CREATE VIEW for_the_moment AS {query}")
        try:
            return output_origins(dict(_rows(self.connection, _TREES))["for_the_moment"])
        finally:
            _run(self.connection, "DROP VIEW for_the_moment")

    def expected(self, view: CorpusView) -> list[frozenset[Origin]]:
        return [self.names(words) for words in view.expected]

    def actual(self, view: CorpusView) -> list[frozenset[Origin]]:
        return output_origins(self.trees[f"v_{view.name}"])


def _rows(connection: Any, statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def _run(connection: Any, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _has_xml(connection: Any) -> bool:
    """Servers are built with or without libxml; without it XML views cannot be created at all."""
    try:
        return bool(_rows(connection, "SELECT '<a/>'::xml IS NOT NULL"))
    except FeatureNotSupported:
        return False


def _numbers(connection: Any) -> dict[str, Origin]:
    numbers: dict[str, Origin] = {}
    for table, column, oid, attnum in _rows(connection, _COLUMNS.replace("%%", "%")):
        numbers |= {f"{table}.{column}": (oid, attnum), f"{table}.#{attnum}": (oid, attnum)}
        numbers[f"{table}.*"] = (oid, 0)
    return numbers


@pytest.fixture(scope="module")
def corpus(every_postgres: Any) -> Iterator[Corpus]:
    connection = every_postgres.connect(every_postgres.create_database())
    xml = _has_xml(connection)
    views = [v for v in VIEWS if v.since <= every_postgres.version and (xml or not v.needs_xml)]
    _run(connection, SCHEMA)
    for view in views:
        _run(connection, f"CREATE {view.kind} v_{view.name} {view.options} AS {view.query}")
    _run(connection, AFTER)
    dependencies: dict[str, set[Origin]] = {}
    for name, oid, attnum in _rows(connection, _DEPENDENCIES):
        dependencies.setdefault(name, set()).add((oid, attnum))
    trees = dict(_rows(connection, _TREES))
    yield Corpus(connection, views, trees, dependencies, _numbers(connection))
    connection.close()


@pytest.fixture(scope="module")
def built(every_postgres: Any) -> Iterator[Corpus]:
    connection = every_postgres.connect(every_postgres.create_database())
    _run(connection, TABLES)
    yield Corpus(connection, [], {}, {}, _numbers(connection))
    connection.close()


def test_every_view_has_the_origins_written_by_hand(corpus: Corpus) -> None:
    wrong = {}
    for view in corpus.views:
        actual = corpus.actual(view)
        if actual != corpus.expected(view):
            names = {origin: word for word, origin in corpus.numbers.items()}
            wrong[view.name] = [sorted(names[o] for o in column) for column in actual]
    assert wrong == {}


def test_quotes_may_be_doubled(corpus: Corpus) -> None:
    for view in corpus.views:
        tree = corpus.trees[f"v_{view.name}"].replace('"', '""')
        assert output_origins(tree) == corpus.expected(view)


def test_no_origin_is_unknown_to_the_dependencies_the_server_recorded(corpus: Corpus) -> None:
    unknown = {}
    for view in corpus.views:
        recorded = corpus.dependencies.get(f"v_{view.name}", set())
        origins = frozenset[Origin]().union(*corpus.actual(view))
        # The server records a whole row as its table only, and not at all where a column is
        # recorded (dependency.c); the whole row of a join leaves the tables of the join.
        tables = {oid for oid, _ in recorded}
        by_table = {o for o in origins if o[1] == 0 or view.name == "join_alias_whole_row"}
        unrecorded = {o for o in origins - by_table if o not in recorded}
        unrecorded |= {o for o in by_table if o[0] not in tables}
        if unrecorded:
            unknown[view.name] = unrecorded
    assert unknown == {}


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=_SLOW,
)
@given(statement=statements(), names=st.lists(identifiers(), min_size=2, max_size=2, unique=True))
def test_origins_follow_from_how_a_statement_was_built(
    built: Corpus, statement: Statement, names: list[str]
) -> None:
    x, y = map(quoted, names)
    _run(built.connection, f"CREATE VIEW made ({x}, {y}) AS {statement.sql}")
    try:
        tree = dict(_rows(built.connection, _TREES))["made"]
    finally:
        _run(built.connection, "DROP VIEW IF EXISTS made")
    expected = [frozenset(built.numbers[name] for name in names) for names in statement[1:]]
    assert output_origins(tree) == expected


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=_SLOW)
def test_a_tree_that_was_cut_is_refused(corpus: Corpus, data: st.DataObject) -> None:
    tree = corpus.trees[f"v_{data.draw(st.sampled_from(corpus.views)).name}"]
    with pytest.raises(RuleTreeError) as refusal:
        output_origins(tree[: data.draw(st.integers(0, len(tree) - 1))])
    assert len(str(refusal.value)) < 120


@given(data=st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=_SLOW)
def test_a_damaged_tree_is_refused_without_showing_it(corpus: Corpus, data: st.DataObject) -> None:
    tree = corpus.trees[f"v_{data.draw(st.sampled_from(corpus.views)).name}"]
    start = data.draw(st.integers(0, len(tree) - 1))
    stop = data.draw(st.integers(start + 1, min(len(tree), start + 400)))
    put = data.draw(st.sampled_from(["", "}", "{", " :", "{VAR :varno 1 :varattno 1", "-7", "<>"]))
    refusal = _refusal(tree[:start] + put + tree[stop:])
    assert len(refusal) < 120
    if refusal:
        assert tree[max(0, start - 15) : start + 15] not in refusal


def _refusal(tree: str) -> str:
    """What is said about a tree; nothing where the damage still makes a tree."""
    try:
        output_origins(tree)
    except RuleTreeError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("view", "from_text", "to_text"),
    [
        pytest.param("subquery", ":rtekind 1 ", ":rtekind 7 ", id="kind of FROM item"),
        pytest.param("plain", ":commandType 1 ", ":commandType 2 ", id="command"),
        pytest.param("plain", ":resjunk ", ":resjunque ", id="SELECT list entry"),
        pytest.param("plain", ":varlevelsup 0", ":varlevelsup 1", id="level outside"),
        pytest.param("plain", "{VAR :varno ", "{VAR :varno 9", id="FROM item outside"),
        pytest.param("plain", " :varcollid ", " :varcollation ", id="variable"),
        pytest.param("plain", "{TARGETENTRY ", "{TARGET ", id="kind of SELECT list entry"),
        pytest.param("plain", " :targetList ", " :targets ", id="query without a SELECT list"),
        pytest.param("plain", " :setOperations ", " :sets ", id="query without set operations"),
        pytest.param("subquery", ":varattno 1", ":varattno 91", id="column outside"),
        pytest.param("scalar_sublink", ":subLinkType 4", ":subLinkType 9", id="kind of subquery"),
        pytest.param("scalar_sublink", "{SUBLINK ", "{NEWLINK ", id="holder of a subquery"),
        pytest.param("window_over", ":windowClause (", ":windowClause <> :was (", id="window"),
        pytest.param("cte", ":rtekind 6 :ctename q ", ":rtekind 6 :ctename p ", id="WITH query"),
        pytest.param("cte", ":ctequery {QUERY", ":ctequery <> {QUERY", id="WITH without a query"),
        pytest.param("values_lateral", "}) (", "}) ({CONST} ", id="row of VALUES"),
    ],
)
def test_what_no_known_server_writes_is_refused(
    corpus: Corpus, view: str, from_text: str, to_text: str
) -> None:
    tree = corpus.trees[f"v_{view}"]
    assert from_text in tree
    with pytest.raises(RuleTreeError):
        output_origins(tree.replace(from_text, to_text))


def test_deep_and_wide_statements_are_read(corpus: Corpus) -> None:
    union = " UNION ALL ".join(["SELECT id, c FROM u", "SELECT id, e FROM w"] * 100)
    nested = "SELECT a AS x, b AS y FROM t"
    for level in range(100):
        nested = f"SELECT y AS x, x::text AS y FROM ({nested}) q{level}"
    limited = "SELECT id, c FROM u"
    for _ in range(60):
        limited = f"(SELECT id, e FROM w UNION {limited} LIMIT 1)"
    wide = f"SELECT {', '.join(f'a + {n} AS c{n}' for n in range(1000))} FROM t"
    summed = f"SELECT {' + '.join(['a', 'id'] * 200)} AS s FROM t"
    ids, names = corpus.names("u.id w.id"), corpus.names("u.c w.e")
    either = [corpus.names("t.a"), corpus.names("t.b")]
    assert corpus.read(union) == [ids, names]
    assert corpus.read(nested) == either
    assert corpus.read(limited) == [ids, names]
    assert corpus.read(wide) == [corpus.names("t.a")] * 1000
    assert corpus.read(summed) == [corpus.names("t.a t.id")]
