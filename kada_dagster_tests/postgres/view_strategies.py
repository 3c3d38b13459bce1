"""Random SELECT statements that know where their columns come from.

Here: hypothesis strategies for test_rule_tree. A statement always has the columns x and y, both
text, and is put together from smaller ones whose origins are known, so what is expected follows
from how it was built and not from reading it.
"""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import strategies as st

TABLES = "CREATE TABLE t1 (a text, b text); CREATE TABLE t2 (c text, d text);"
_SOURCES = ["t1.a", "t1.b", "t2.c", "t2.d"]

Names = frozenset[str]


class Statement(NamedTuple):
    """SQL with columns x and y, and the ``table.column`` names each is computed from."""

    sql: str
    x: Names
    y: Names


def quoted(name: str) -> str:
    """`name` as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def identifiers() -> st.SearchStrategy[str]:
    """Any name PostgreSQL takes, often of characters that mean something in a rule tree."""
    special = st.sampled_from(
        list("{}()\\ :<>\"\n\t'0@-") + [":varno 1", "{VAR ", "\\}", "<>", "é", "😀"]
    )
    plain = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
    # The server keeps 63 bytes of a name: 15 characters of up to 4 bytes leave room for an ending.
    return st.lists(special | plain, min_size=1, max_size=9).map(lambda parts: "".join(parts)[:15])


@st.composite
def _base(draw: st.DrawFn) -> Statement:
    x, y = draw(st.sampled_from(_SOURCES)), draw(st.sampled_from(_SOURCES))
    tables = ", ".join(sorted({name.partition(".")[0] for name in (x, y)}))
    return Statement(f"SELECT {x} AS x, {y} AS y FROM {tables}", frozenset([x]), frozenset([y]))


def _one(s: Statement, q: str) -> list[Statement]:
    """Every way to build on one statement, which stands in FROM under the name `q`."""
    both, item = s.x | s.y, f"({s.sql}) {q}"
    return [
        Statement(f"SELECT y AS x, x AS y FROM {item}", s.y, s.x),
        Statement(f"SELECT {q}.x || y AS x, 'k'::text AS y FROM {item}", both, frozenset()),
        Statement(
            f"SELECT CASE WHEN x > 'm' THEN y END AS x, y FROM {item} WHERE x <> y", both, s.y
        ),
        Statement(f"SELECT x, max(y) AS y FROM {item} GROUP BY x HAVING min(y) > ''", s.x, s.y),
        Statement(
            f"SELECT upper(x) AS x, count(*)::text AS y FROM {item} GROUP BY upper(x)",
            s.x,
            frozenset(),
        ),
        Statement(f"SELECT x, lag(x) OVER (PARTITION BY y) AS y FROM {item}", s.x, both),
        Statement(f"SELECT DISTINCT ON (x) x, y FROM {item} ORDER BY x, y LIMIT 3", s.x, s.y),
        Statement(f"WITH {q} AS ({s.sql}) SELECT y AS x, x AS y FROM {q}", s.y, s.x),
        Statement(f"SELECT x, {q}::text AS y FROM {item}", s.x, both),
        Statement(
            f"SELECT v.x, v.y FROM {item}, LATERAL (VALUES ({q}.x, {q}.y), ({q}.y, 'k')) v(x, y)",
            both,
            s.y,
        ),
        Statement(f"SELECT e AS x, y FROM {item}, unnest(ARRAY[{q}.x, {q}.y]) e", both, s.y),
    ]


def _two(s: Statement, r: Statement, q: str) -> list[Statement]:
    """Every way to put two statements together."""
    left, right = f"({s.sql}) {q}", f"({r.sql}) r_"
    inner = f"(SELECT max(r_.y || {q}.x) FROM {right})"
    union = [f"UNION{rest}" for rest in ("", " ALL")] + ["INTERSECT"]
    joins = [("JOIN", s.x), ("LEFT JOIN", s.x), ("RIGHT JOIN", r.x), ("FULL JOIN", s.x | r.x)]
    # x is fed by start and step, y by the start and by what x had been a step before.
    step = f"SELECT r_.y, {q}.x FROM {q}, {right}"
    recursive = f"WITH RECURSIVE {q}(x, y) AS (({s.sql}) UNION {step})"
    lateral = f"LATERAL (SELECT r_.x || {q}.y AS y FROM {right}) l"
    among = f"x IN (SELECT r_.y FROM {right})"
    joined = f"SELECT x, {q}.y || r_.y AS y FROM {left}"
    x = s.x | r.y
    return [
        *[Statement(f"({s.sql}) {op} ({r.sql})", s.x | r.x, s.y | r.y) for op in union],
        Statement(f"({s.sql}) EXCEPT ({r.sql})", s.x, s.y),
        *[Statement(f"{joined} {join} {right} USING (x)", key, s.y | r.y) for join, key in joins],
        Statement(f"SELECT x, {inner} AS y FROM {left}", s.x, s.x | r.y),
        Statement(f"SELECT {q}.x, l.y FROM {left}, {lateral}", s.x, r.x | s.y),
        Statement(f"SELECT x, y FROM {left} WHERE EXISTS ({r.sql}) OR {among}", s.x, s.y),
        Statement(f"SELECT ({among})::text AS x, y FROM {left}", s.x | r.y, s.y),
        Statement(f"{recursive} SELECT x, y FROM {q}", x, s.y | x),
    ]


def _larger(smaller: st.SearchStrategy[Statement]) -> st.SearchStrategy[Statement]:
    @st.composite
    def build(draw: st.DrawFn) -> Statement:
        # The ending keeps it apart from t1, t2, r_, l, v and e.
        name = quoted(draw(identifiers()) + "_q")
        first = draw(smaller)
        second = draw(st.none() | smaller)
        return draw(
            st.sampled_from(_one(first, name) if second is None else _two(first, second, name))
        )

    return build()


def statements() -> st.SearchStrategy[Statement]:
    """Statements of up to six SELECTs from the tables of TABLES."""
    return st.recursive(_base(), _larger, max_leaves=6)
