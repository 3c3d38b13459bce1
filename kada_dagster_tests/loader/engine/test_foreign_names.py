"""Functions and operators that others made in `public` are not run by the loading role.

Who may make some there, as everybody could before PostgreSQL 15, would else have what they say done
by whoever loads: the server takes a function or an operator that fits the types of its arguments
better than its own do, wherever it is looked for. Here a net of them is laid out in both databases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from kada_dagster.loader.definition.project import Project
from kada_dagster.loader.engine.run import run_task, target_server
from kada_dagster.loader.engine.split import parts_of
from kada_dagster.loader.engine.state import StateTables
from kada_dagster.loader.engine.target import transaction
from kada_dagster.loader.errors import TargetError
from kada_dagster.loader.pruning import prune
from kada_dagster.loader.quality import check_task
from kada_dagster.loader.source.registry import open_source
from kada_dagster_tests.loader.databases import Ends
from kada_dagster_tests.loader.engine.test_split import NOW

_NET = """
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE DOMAIN code AS varchar(9);
DO $$
DECLARE one record; made text; raise text := 'BEGIN RAISE ''%s of public was run''; END';
BEGIN
  FOR one IN
    SELECT l::oid AS l, r::oid AS r, format('(%s, %s)', l, r) AS both,
      format('(LEFTARG = %s, RIGHTARG = %s, FUNCTION = caught)', l, r) AS named
    FROM unnest({types}::regtype[]) l, unnest({types}::regtype[]) r
  LOOP
    EXECUTE format('CREATE FUNCTION caught%s RETURNS bool LANGUAGE plpgsql AS %L',
      one.both, format(raise, 'an operator of ' || one.both));
    FOR made IN
      SELECT sign FROM unnest({signs}::text[]) sign WHERE NOT EXISTS (
        SELECT FROM pg_operator WHERE (oprname, oprleft, oprright) = (sign, one.l, one.r))
    LOOP
      EXECUTE format('CREATE OPERATOR %s %s', made, one.named);
    END LOOP;
  END LOOP;
  FOREACH made IN ARRAY {functions}::text[] LOOP
    EXECUTE format('CREATE FUNCTION %s RETURNS text LANGUAGE plpgsql AS %L',
      made, format(raise, made));
  END LOOP;
END $$;
"""
_TYPES = (
    *("name", "text", "varchar", "oid", "regclass", "regtype", "regproc", "int2", "int4", "int8"),
    *("numeric", "jsonb", "date", "mood", "code"),
)
_SIGNS = ("=", "<>", "<", ">=", "||", "&", "~", "%", "-", "->>")
_FUNCTIONS = (
    *("unnest(oid[])", "unnest(int2[])", "array_agg(text)", "array_agg(name)", "jsonb_agg(jsonb)"),
    *("to_jsonb(pg_attribute)", "to_jsonb(pg_collation)", "format(text, name, name)"),
    *("format(text, text, text)", "format(text, name, regclass, text)", "format(text, text, name)"),
    *("max(varchar)", "max(mood)", "max(code)", "convert_to(text, text)", "concat(character)"),
    *("width_bucket(int8, int8[])", "width_bucket(text, text[])", "array_to_string(text[], text)"),
)
_COLUMNS = "id varchar, no int8, kind mood, code code, at varchar NOT NULL, day date, pad char(3)"
_BEFORE = f"""CREATE TABLE t ({_COLUMNS});
INSERT INTO t VALUES ('a', 1, 'sad', 'x', '1', '2026-01-01', 'p'),
('b', 2, 'sad', 'y', '2', '2026-01-02', NULL)"""
_AFTER = """SET search_path = pg_catalog; UPDATE public.t SET at = '3' WHERE no = 1;
DELETE FROM public.t WHERE no = 2;
INSERT INTO public.t VALUES ('c', 3, 'glad', 'z', '4', '2026-02-03', 'q')"""
_LIKE = f"""CREATE TABLE t ({_COLUMNS}, PRIMARY KEY (id),
UNIQUE (code)) WITH (fillfactor = 90); CREATE INDEX i ON t (no); COMMENT ON INDEX i IS 'i';
COMMENT ON TABLE t IS 't'; GRANT SELECT ON t TO pg_monitor; GRANT SELECT (id) ON t TO PUBLIC"""


def _listed(values: Iterable[str]) -> str:
    return "ARRAY[" + ", ".join(f"'{value}'" for value in values) + "]"


@pytest.fixture(scope="module")
def net(pair: Ends) -> Ends:
    """Two databases with the net."""
    text = _NET.format(types=_listed(_TYPES), signs=_listed(_SIGNS), functions=_listed(_FUNCTIONS))
    pair.at_source(text)
    pair.at_target(text)
    return pair


@pytest.fixture
def netted(net: Ends, tmp_path: Path) -> Iterator[Ends]:
    """The two, with a table at the source."""
    net.at_source(_BEFORE)
    yield replace(net, folder=tmp_path / "project")
    for run in (net.at_source, net.at_target):
        run("DROP TABLE IF EXISTS t; DROP SCHEMA IF EXISTS kada_loader, mine CASCADE")


def loaded(ends: Ends, task: str, **files: str) -> Project:
    """Load the first rows and then the others; gives the project."""
    project = ends.project(**{"public/t/task.yaml": task, **files})
    run_task(project.tasks["public.t"], project)
    ends.at_source(_AFTER)
    run_task(project.tasks["public.t"], project)
    return project


def ids(ends: Ends) -> list[str]:
    """What is in the target now."""
    return sorted(row[0] for row in ends.at_target("SELECT id FROM t"))


TABLE, MADE = "source: {table: public.t}\n", "target: {ddl: auto}\n"
TASKS = {
    "full": f"mode: full\n{MADE}",
    "upsert": f"mode: upsert\nkey: [id]\ndeletes: hard\n{MADE}",
    "domain": f"mode: upsert\nkey: [code]\ndeletes: hard\n{MADE}",
    "soft": f"mode: upsert\nkey: [kind, id]\ndeletes: {{column: gone_at}}\n{MADE}",
    "diff": f"mode: diff\nkey: [id]\n{MADE}",
    "diff numbers": f"mode: diff\nkey: [no]\n{MADE}",
    "cursor": f"mode: incremental\ncursor: at\n{MADE}",
    "domain cursor": f"mode: incremental\ncursor: code\nkey: [id]\ndeletes: hard\n{MADE}",
    "enum cursor": f"mode: incremental\ncursor: kind\nkey: [id]\n{MADE}",
    "lag": f"mode: incremental\ncursor: no\nlag: '1'\nkey: [id]\n{MADE}",
    "history": f"mode: history\nkey: [id]\n{MADE}",
}
KEPT = {"soft", "enum cursor", "lag", "history"}


@pytest.mark.parametrize("name", TASKS)
def test_a_load_runs_nothing_that_others_made(netted: Ends, name: str) -> None:
    loaded(netted, TASKS[name] + TABLE)
    assert {"a", "c"} <= set(ids(netted))
    assert ("b" in ids(netted)) == (name in KEPT)


def test_nor_does_one_into_a_table_with_indexes_and_privileges(netted: Ends) -> None:
    netted.at_target(_LIKE)
    loaded(netted, f"mode: full\n{TABLE}")
    assert ids(netted) == ["a", "c"]
    loaded(
        netted,
        "mode: upsert\nkey: [id]\ntarget: {indexes: rebuild, grants: {pg_monitor: [select]}, "
        f"schema_grants: {{pg_monitor: [usage]}}, revoke: true}}\n{TABLE}",
    )


def test_nor_do_ranges_checks_and_pruning(netted: Ends) -> None:
    project = netted.project(
        **{
            "public/t/task.yaml": f"mode: full\n{TABLE}{MADE}"
            "split: {by: day, every: month, start: 2026-01-01}\n"
            "checks: {row_count: {}, unique: false, not_null: [id], schema_drift: true}\n"
        }
    )
    task = project.tasks["public.t"]
    assert task.definition.split is not None
    for part in parts_of(task.definition.split, NOW):
        run_task(task, project, part=part)
    netted.at_source(_AFTER)
    found = check_task(task, project, ["row_count", "not_null", "schema_drift"])
    assert [one.is_certain for one in found] == [True, True, True]
    server = target_server(project, "target")
    assert prune(server, StateTables(), set(), versions=True, dry_run=True)


def test_nor_does_a_select_that_makes_a_table(netted: Ends) -> None:
    netted.at_target(_LIKE)
    task = {"public/t/task.yaml": "mode: sql\nsql: q.sql\n"}
    query = "SELECT 'a'::varchar AS id, 1::int8 AS no, '1'::varchar AS at"
    loaded(netted, task["public/t/task.yaml"], **{"public/t/q.sql": query})
    assert ids(netted) == ["a"]


def test_nor_does_a_look_at_all_tables_of_a_source(netted: Ends) -> None:
    project = netted.project()
    with open_source(project.connections["erp"], "erp") as source:
        assert [table.name for table in source.tables("public")] == [("public", "t")]


def test_what_is_looked_into_stays_as_it_was(netted: Ends) -> None:
    netted.at_target(f"CREATE SCHEMA mine; CREATE TABLE mine.log (said text); {_LIKE}")
    loaded(
        netted,
        f"mode: full\nbefore: [a.sql]\nafter: [b.sql]\n{TABLE}",
        **{
            "public/t/a.sql": "SET LOCAL search_path = mine",
            "public/t/b.sql": "INSERT INTO log VALUES (current_setting('search_path'))",
        },
    )
    assert netted.at_target("SELECT said FROM mine.log") == [("mine",), ("mine",)]


def test_behind_what_failed_everything_is_looked_into_again(net: Ends, tmp_path: Path) -> None:
    ends = replace(net, folder=tmp_path / "project")
    seen, fails = "SELECT current_setting('search_path')", "SELECT 1/0"
    with transaction(target_server(ends.project(), "target")) as target:
        before = target.rows("seen", seen)
        for statement in ("SELECT 1", fails):
            target.catalogue("catalogue", "SELECT 1")
            with suppress(TargetError), target.attempt():
                target.catalogue("catalogue", "SELECT 1")
                target.catalogue("catalogue", statement)
                assert target.catalogue("seen", seen) == [("pg_catalog",)]
            assert target.rows("seen", seen) == before
