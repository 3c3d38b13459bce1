"""Rows that refer to those a load deletes neither go nor change behind anybody's back."""

from __future__ import annotations

import pytest

from kada_dagster.loader.engine.split import Part
from kada_dagster.loader.errors import SchemaMismatchError, TargetError
from kada_dagster_tests.loader import file_project
from kada_dagster_tests.loader.databases import Ends

FULL = "mode: full\nsource: {table: public.t}\n"
RANGES = f"{FULL}split: {{by: id, size: 10, start: 0, end: 20}}\n"
NEW = "mode: incremental\nsource: {table: public.t}\ncursor: at\n"
ACTIONS = ["CASCADE", "SET NULL", "SET DEFAULT"]
TREE = "CREATE TABLE t (id int PRIMARY KEY, boss int REFERENCES t"
STAFF = "INSERT INTO t VALUES (1, NULL), (2, 1), (11, 1), (12, 11)"


def staff(ends: Ends) -> list[tuple[object, ...]]:
    return ends.at_target("SELECT id, boss FROM t ORDER BY id")


def make_with_child(ends: Ends, action: str) -> None:
    for run in (ends.at_source, ends.at_target):
        run("CREATE TABLE t (id int PRIMARY KEY, at int)")
    ends.at_source("INSERT INTO t VALUES (1, 1), (2, 2)")
    ends.load(NEW)
    ends.at_target(f"CREATE TABLE child (t int REFERENCES t {action})")
    ends.at_target("INSERT INTO child VALUES (1), (2)")


@pytest.mark.parametrize("action", ACTIONS)
def test_a_range_behind_a_mark_is_not_replaced_where_rows_of_others_would_go_with_it(
    ends: Ends, action: str
) -> None:
    make_with_child(ends, f"ON DELETE {action}")
    with pytest.raises(SchemaMismatchError, match=rf"child_t_fkey of child.*{action}.*a key"):
        ends.load(NEW)
    assert ends.at_target("SELECT t FROM child ORDER BY t") == [(1,), (2,)]
    assert ends.load(f"{NEW}key: [id]\n").counts.unchanged == 1


def test_a_range_behind_a_mark_is_replaced_where_the_server_guards_the_rows_of_others(
    ends: Ends,
) -> None:
    make_with_child(ends, "DEFERRABLE INITIALLY DEFERRED")
    ends.at_source("INSERT INTO t VALUES (3, 3)")
    assert ends.load(NEW).counts.inserted == 2
    ends.at_source("DELETE FROM t WHERE id = 3")
    ends.at_target("INSERT INTO child VALUES (3)")
    with pytest.raises(TargetError, match="child_t_fkey"):
        ends.load(f"{NEW}empty: replace\n")
    assert ends.at_target("SELECT t FROM child ORDER BY t") == [(1,), (2,), (3,)]


@pytest.mark.parametrize("action", ACTIONS)
def test_a_range_of_a_table_that_refers_to_itself_takes_no_rows_of_other_ranges_along(
    ends: Ends, action: str
) -> None:
    ends.at_source(f"{TREE}); {STAFF}")
    ends.at_target(f"{TREE} ON DELETE {action}); {STAFF}")
    with pytest.raises(SchemaMismatchError, match=r"t_boss_fkey of t.*upsert with deletes: hard"):
        ends.load(RANGES, part=Part("0", 0, 10, True))
    assert staff(ends) == ends.at_source("SELECT * FROM t ORDER BY id")


def test_a_range_is_replaced_where_the_server_guards_the_other_ranges(ends: Ends) -> None:
    ends.at_source(f"{TREE}); {STAFF}")
    ends.at_target(f"{TREE}); {STAFF}")
    assert ends.load(RANGES, part=Part("10", 10, None)).counts.inserted == 2
    with pytest.raises(TargetError, match="t_boss_fkey"):
        ends.load(RANGES, part=Part("0", 0, 10, True))
    assert staff(ends) == ends.at_source("SELECT * FROM t ORDER BY id")


@pytest.mark.parametrize("action", ["", "ON DELETE RESTRICT", "ON DELETE CASCADE"])
@pytest.mark.parametrize("swap", ["auto", "delete", "truncate"])
def test_all_of_a_table_that_refers_to_itself_is_filled_in_place(
    ends: Ends, action: str, swap: str
) -> None:
    ends.at_source(f"{TREE}); {STAFF}")
    ends.at_target(f"{TREE} {action}); INSERT INTO t VALUES (7, NULL), (8, 7)")
    result = ends.load(f"{FULL}target: {{swap: {swap}}}\n")
    assert staff(ends) == ends.at_source("SELECT * FROM t ORDER BY id")
    assert result.notes.get("no_rename") == ("it refers to itself" if swap == "auto" else None)


def test_a_table_that_refers_to_itself_is_not_said_to_be_replaceable(ends: Ends) -> None:
    ends.at_source(f"{TREE}); {STAFF}")
    ends.at_target(f"{TREE})")
    with pytest.raises(SchemaMismatchError, match=r"it refers to itself.*swap: auto or delete"):
        ends.load(f"{FULL}target: {{swap: rename}}\n")


PARENT = """
CREATE TABLE parent (id int PRIMARY KEY, boss int) PARTITION BY RANGE (id);
CREATE TABLE t PARTITION OF parent FOR VALUES FROM (0) TO (10);
CREATE TABLE rest PARTITION OF parent DEFAULT;
INSERT INTO parent VALUES (1, NULL), (2, 1), (11, 1);
"""


@pytest.mark.parametrize(
    ("key", "named"),
    [
        ("CREATE TABLE child (id int REFERENCES parent ON DELETE CASCADE)", "of child refers"),
        ("CREATE TABLE child (id int REFERENCES parent)", "of child refers"),
        ("ALTER TABLE parent ADD FOREIGN KEY (boss) REFERENCES parent ON DELETE SET NULL", "boss"),
    ],
)
def test_a_partition_is_not_emptied_where_somebody_refers_to_the_whole(
    ends: Ends, key: str, named: str
) -> None:
    ends.at_source("CREATE TABLE t (id int, boss int); INSERT INTO t VALUES (1, NULL), (2, 1)")
    ends.at_target(f"{PARENT}{key}")
    rows = "SELECT * FROM parent ORDER BY id"
    before = ends.at_target(rows)
    with pytest.raises(SchemaMismatchError, match=named):
        ends.load(FULL)
    assert ends.at_target(rows) == before


def test_a_partitioned_table_is_not_emptied_where_somebody_refers_to_a_partition(
    ends: Ends,
) -> None:
    ends.at_source("CREATE TABLE t (id int); INSERT INTO t VALUES (1)")
    ends.at_target(
        "CREATE TABLE t (id int PRIMARY KEY) PARTITION BY RANGE (id);"
        "CREATE TABLE t0 PARTITION OF t DEFAULT; INSERT INTO t VALUES (1);"
        "CREATE TABLE child (id int REFERENCES t0 ON DELETE CASCADE);"
        "INSERT INTO child VALUES (1)"
    )
    with pytest.raises(SchemaMismatchError, match="of child refers"):
        ends.load(FULL)
    assert ends.at_target("SELECT * FROM child") == [(1,)]


REFERRED = "CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE c (id int REFERENCES t)"


def test_a_select_is_told_to_fill_another_table(ends: Ends) -> None:
    ends.at_target(REFERRED)
    with pytest.raises(SchemaMismatchError, match="a table nothing refers to"):
        ends.load("mode: sql\nsql: q.sql\ntarget: {swap: delete}\n", q__sql="SELECT 1 AS id")


def test_files_are_told_the_way_to_write_that_fits_them(ends: Ends) -> None:
    ends.at_target(REFERRED)
    file_project.put(ends, "a.csv", "id\n1\n")
    with pytest.raises(SchemaMismatchError, match="Use write: upsert with deletes: hard"):
        file_project.load(ends, "pattern: a.csv")
