"""A new table in the place of an old one: what others do to the old one meanwhile is not lost."""

from __future__ import annotations

import pytest

from kada_dagster.loader.engine.target import Target, Values
from kada_dagster.loader.errors import LoadBusyError
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
