"""A new table in the place of an old one is kept as that was, and loses nothing it had."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from kada_dagster.loader.engine.target import Target, Values
from kada_dagster.loader.errors import LoadBusyError, TargetError
from kada_dagster_tests.loader.databases import Ends

FULL = "mode: full\nsource: {table: public.t}\n"
FUNCTION = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"


def make(ends: Ends, table: str = "TABLE t (id int PRIMARY KEY, name text)") -> None:
    ends.at_source("CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (1, 'a')")
    ends.at_target(f"CREATE {table}; INSERT INTO t VALUES (7, 'old')")


def meanwhile(ends: Ends, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    """Have somebody change the target right before the load locks the old table."""
    run = Target.run

    def changed(target: Target, what: str, statement: str, values: Values = None) -> int:
        touched = run(target, what, statement, values)
        if what == "analyze public.t":
            ends.at_target(change)
        return touched

    monkeypatch.setattr(Target, "run", changed)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("CREATE INDEX i ON t (name)", "its indexes or settings are others"),
        ("ALTER TABLE t ALTER name SET STATISTICS 7", "its indexes or settings are others"),
        ("CREATE TRIGGER x AFTER INSERT ON t EXECUTE FUNCTION f()", "trigger x on table t"),
        ("CREATE PUBLICATION p FOR TABLE t", "publication p"),
        ("CREATE VIEW v AS SELECT * FROM t", "view v"),
    ],
)
def test_a_table_that_was_changed_meanwhile_stays_and_the_load_runs_again(
    ends: Ends, monkeypatch: pytest.MonkeyPatch, change: str, named: str
) -> None:
    make(ends)
    ends.at_target(FUNCTION)
    with monkeypatch.context() as patched:
        meanwhile(ends, patched, change)
        with pytest.raises(LoadBusyError, match=f"somebody changed it.*{named}") as caught:
            ends.load(FULL)
    assert caught.value.transient
    assert ends.at_target("SELECT * FROM t") == [(7, "old")]
    assert ends.load(FULL).counts.inserted == 1


def test_what_was_granted_meanwhile_is_granted(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    make(ends)
    meanwhile(ends, monkeypatch, "GRANT SELECT ON t TO PUBLIC; COMMENT ON TABLE t IS 'new'")
    assert ends.load(FULL).notes == {"swap": "rename"}
    privileges = "SELECT relacl::text, obj_description(oid) FROM pg_class WHERE relname = 't'"
    found = ends.at_target(privileges)[0]
    assert ("=r/postgres" in str(found[0]), found[1]) == (True, "new")


KEPT = """
SELECT c.relpersistence::text, m.amname, c.relreplident::text, c.reloptions,
  (SELECT x.reloptions::text FROM pg_class x WHERE x.oid = c.reltoastrelid),
  (SELECT a.attoptions::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'name'),
  (SELECT obj_description(k.oid, 'pg_constraint') FROM pg_constraint k WHERE k.conname = 't_pkey')
FROM pg_class c JOIN pg_am m ON m.oid = c.relam WHERE c.relname = 't'
"""


def test_the_new_table_is_kept_as_the_old_one_was(ends: Ends) -> None:
    ends.at_target("CREATE ACCESS METHOD other TYPE TABLE HANDLER heap_tableam_handler")
    make(ends, "UNLOGGED TABLE t (id int PRIMARY KEY, name text) USING other")
    ends.at_target(
        "ALTER TABLE t SET (toast.autovacuum_enabled = off, fillfactor = 60);"
        "ALTER TABLE t ALTER name SET (n_distinct = -0.5), REPLICA IDENTITY NOTHING;"
        "COMMENT ON CONSTRAINT t_pkey ON t IS 'of the shop'"
    )
    before = ends.at_target(KEPT)
    try:
        assert ends.load(FULL).notes == {"swap": "rename"}
        assert ends.at_target(KEPT) == before
    finally:
        ends.at_target("DROP ACCESS METHOD other CASCADE")


def test_a_foreign_key_that_only_new_rows_obey_is_one_of_theirs(ends: Ends) -> None:
    make(ends)
    ends.at_target(
        "CREATE TABLE known (id int PRIMARY KEY);"
        "ALTER TABLE t ADD CONSTRAINT known_id FOREIGN KEY (id) REFERENCES known NOT VALID"
    )
    with pytest.raises(TargetError, match="known_id"):
        ends.load(FULL)
    ends.at_target("INSERT INTO known VALUES (1)")
    assert ends.load(FULL).notes == {"swap": "rename"}
    assert ends.at_target("SELECT * FROM t") == [(1, "a")]


@pytest.fixture
def space(ends: Ends) -> Iterator[str]:
    """A table space of the server, which new tables of the target are made in."""
    name = f"space_{ends.target}"
    with closing(ends.server.connect("postgres")) as raw, raw.cursor() as cursor:
        cursor.execute("SET allow_in_place_tablespaces = on")
        cursor.execute(f"CREATE TABLESPACE {name} LOCATION ''")
        cursor.execute(f"ALTER DATABASE {ends.target} SET default_tablespace = {name}")
        yield name
        ends.empty()
        cursor.execute(f"DROP TABLESPACE {name}")


SPACES = """
SELECT relname, spcname FROM pg_class c LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
WHERE relname IN ('t', 't_pkey', 'i') ORDER BY 1
"""


def test_it_stays_where_it_was_whatever_new_tables_are_made_in(ends: Ends, space: str) -> None:
    make(ends)
    ends.at_target("ALTER TABLE t SET TABLESPACE pg_default")
    ends.at_target("ALTER INDEX t_pkey SET TABLESPACE pg_default")
    before = ends.at_target(SPACES)
    assert ends.load(FULL).notes == {"swap": "rename"}
    assert ends.at_target(SPACES) == before == [("t", None), ("t_pkey", None)]
    ends.at_target("CREATE INDEX i ON t (name)")
    assert "an index of it has a table space" in ends.load(FULL).notes["no_rename"]
    assert ends.at_target(SPACES) == [("i", space), *before]
    ends.at_target("ALTER INDEX i SET TABLESPACE pg_default")
    rebuilt = "mode: upsert\nsource: {table: public.t}\nkey: [id]\ntarget: {indexes: rebuild}\n"
    assert ends.load(rebuilt).notes["indexes"] == "i"
    assert ends.at_target(SPACES) == [("i", None), *before]


def test_labels_that_mask_its_columns_are_not_lost(ends: Ends) -> None:
    make(ends)
    ends.at_target(
        "SET allow_system_table_mods = on; INSERT INTO pg_seclabel VALUES "
        "('t'::regclass, 'pg_class'::regclass, 2, 'anon', 'MASKED WITH VALUE NULL')"
    )
    assert ends.load(FULL).notes["no_rename"] == "it has a security label"
    labels = "SELECT label FROM pg_seclabel WHERE objoid = 't'::regclass"
    assert ends.at_target(labels) == [("MASKED WITH VALUE NULL",)]
    ends.at_target("DELETE FROM pg_seclabel")
