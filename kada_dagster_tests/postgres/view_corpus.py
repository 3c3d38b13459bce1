"""The views of rule_tree_views.sql, and the tables they read.

Here: data for test_rule_tree. Not here: how it is created and compared.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

HOSTILE_TABLE = '"a {b} (c) \\d \'q\' ""r"" \n\t:rtekind 5 😀"'
HOSTILE_COLUMN = '"} :relid 1 {VAR :varno 9 \\} ) <> 🐘\n"'

SCHEMA = f"""
CREATE TYPE pair AS (x int, y text);
CREATE TABLE t (id int, gone int, a int, b text, d numeric, p pair, arr int[], j jsonb, doc xml);
ALTER TABLE t DROP COLUMN gone;
CREATE TABLE u (id int, a int, c text);
CREATE TABLE w (id int, e text);
CREATE TABLE parent (k int, v text);
CREATE TABLE child (extra int) INHERITS (parent);
CREATE TABLE ranged (k int, v text) PARTITION BY RANGE (k);
CREATE TABLE ranged_1 PARTITION OF ranged FOR VALUES FROM (0) TO (10);
CREATE TABLE "select" ("from" int, "where" text, ":rtekind" int, ":relid 7" text, "name" text);
CREATE TABLE {HOSTILE_TABLE} (one int, {HOSTILE_COLUMN} text, "<>" int, "12" int, "\\" int);
CREATE TABLE renamed (old_name int, kept text);
CREATE FUNCTION pair_of(int) RETURNS pair LANGUAGE sql AS 'SELECT ROW($1, ''y'')::pair';
CREATE FUNCTION rows_of(t) RETURNS TABLE (m int, n text) LANGUAGE sql AS 'SELECT $1.a, $1.b';
"""

AFTER = "ALTER TABLE renamed RENAME COLUMN old_name TO new_name;"


class CorpusView(NamedTuple):
    """A view, what its columns come from, and where it can be created."""

    name: str
    query: str
    expected: list[str]
    since: int
    needs_xml: bool
    kind: str
    options: str


_BLOCK = re.compile(r"^-- (\w+)((?: \[[^]]+\])*):(.*)\n((?:(?!-- ).+\n?)+)", re.MULTILINE)


def _view(name: str, marks: str, expected: str, query: str) -> CorpusView:
    since = re.search(r"\[since (\d+)\]", marks)
    options = re.search(r"\[(WITH .*?)\]", marks)
    query = query.replace("HOSTILE_TABLE", HOSTILE_TABLE).replace("HOSTILE_COLUMN", HOSTILE_COLUMN)
    return CorpusView(
        name,
        query.strip().removesuffix(";"),
        [words.replace("-", "").strip() for words in expected.split("|")] if expected else [],
        int(since[1]) if since else 11,
        "[xml]" in marks,
        "MATERIALIZED VIEW" if "[materialized]" in marks else "VIEW",
        options[1] if options else "",
    )


def _views() -> list[CorpusView]:
    text = Path(__file__).with_name("rule_tree_views.sql").read_text(encoding="utf-8")
    views = [_view(*match.groups()) for match in _BLOCK.finditer(text)]
    if len(views) != text.count(";\n"):
        raise ValueError("rule_tree_views.sql: a block is not `-- name: columns` and one query")
    return views


VIEWS = _views()
