"""Every mode loads into every version of the server: a new table, and one that has rows."""

from __future__ import annotations

from pathlib import Path

from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.loader.databases import two_databases

READS = "source: {table: public.t}\nkey: [id]\n"
MODES = {
    "full": f"mode: full\n{READS}target: {{ddl: auto}}\n",
    "full, deleting": f"mode: full\n{READS}target: {{ddl: auto, swap: delete, indexes: rebuild}}\n",
    "upsert": f"mode: upsert\ndeletes: hard\n{READS}target: {{ddl: auto}}\n",
    "incremental": f"mode: incremental\ncursor: at\ndeletes: hard\n{READS}target: {{ddl: auto}}\n",
    "diff": f"mode: diff\n{READS}target: {{ddl: auto}}\n",
    "history": f"mode: history\n{READS}target: {{ddl: auto, grants: {{public: select}}}}\n",
    "sql": "mode: sql\nsql: q.sql\ncompare: true\ntarget: {ddl: auto}\n",
}
COLUMNS = "id int, at int, v text, r int4range, n numeric(8,2)"
ROWS = "SELECT id, at, v, r, n FROM {} ORDER BY id"


def test_the_target_is_what_the_source_is_in_every_mode(
    every_postgres: PostgresServer, tmp_path: Path
) -> None:
    with two_databases(every_postgres, tmp_path) as ends:
        for mode, task in MODES.items():
            for run in (ends.at_source, ends.at_target):
                run("DROP TABLE IF EXISTS t, s; DROP SCHEMA IF EXISTS kada_loader CASCADE")
            reads = ends.at_target if mode == "sql" else ends.at_source
            origin = "s" if mode == "sql" else "t"
            reads(
                f"CREATE TABLE {origin} ({COLUMNS}); INSERT INTO {origin} "
                "SELECT i, i, 'v' || i, int4range(i, i + 2), i FROM generate_series(1, 50) AS i"
            )
            ends.load(task, q__sql="SELECT * FROM s")
            reads(f"UPDATE {origin} SET v = 'x', at = 60 WHERE id > 40")
            reads(f"DELETE FROM {origin} WHERE id = 3")
            ends.load(task, q__sql="SELECT * FROM s")
            live = "t WHERE valid_to IS NULL" if mode == "history" else "t"
            assert ends.at_target(ROWS.format(live)) == reads(ROWS.format(origin)), mode
