"""What pg_dump says of a table is the same when a new one took its place, on every version."""

from __future__ import annotations

import subprocess
from pathlib import Path

from kada_dagster.sandbox.postgres_server import PostgresServer, embedded_bin
from kada_dagster_tests.loader.databases import Ends, two_databases

RICH = """
CREATE TYPE mood AS ENUM ('bad', 'good');
CREATE SCHEMA "Other";
CREATE TABLE public.parent (id int PRIMARY KEY);
CREATE TABLE t (
  id int CONSTRAINT "the key" PRIMARY KEY WITH (fillfactor = 61),
  code varchar(8) COLLATE "C" NOT NULL DEFAULT 'a''b',
  gone int,
  parent int REFERENCES parent ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
  how mood DEFAULT 'good', "A B" numeric(8, 2)[], long text, span int4range,
  CONSTRAINT once UNIQUE (code, parent) WITH (fillfactor = 62),
  CONSTRAINT later UNIQUE (parent) DEFERRABLE,
  CONSTRAINT apart EXCLUDE USING gist (span WITH &&) WITH (fillfactor = 63),
  CONSTRAINT positive CHECK (id > 0)
) WITH (fillfactor = 70, toast.autovacuum_enabled = off, parallel_workers = 2);
ALTER TABLE t DROP gone;
ALTER TABLE t FORCE ROW LEVEL SECURITY;
ALTER TABLE t ALTER id SET STATISTICS 7, ALTER code SET (n_distinct = -0.5);
ALTER TABLE t ALTER long SET STORAGE EXTERNAL;
CREATE INDEX "By Code" ON t (lower(code) varchar_pattern_ops DESC, id) WITH (fillfactor = 64)
  WHERE how = 'good';
CREATE UNIQUE INDEX ON t (("A B"[1]), (id + 1)) INCLUDE (long);
ALTER INDEX "By Code" ALTER COLUMN 1 SET STATISTICS 8;
CREATE INDEX span_gist ON t USING gist (span);
CREATE STATISTICS "Other"."How They Go" (dependencies) ON code, how FROM t;
CREATE STATISTICS alike ON id, parent FROM t;
COMMENT ON STATISTICS alike IS 'why';
COMMENT ON TABLE t IS 'it''s'; COMMENT ON COLUMN t."A B" IS '%s';
COMMENT ON CONSTRAINT positive ON t IS '1'; COMMENT ON CONSTRAINT t_parent_fkey ON t IS '2';
COMMENT ON CONSTRAINT "the key" ON t IS '3'; COMMENT ON CONSTRAINT apart ON t IS '4';
COMMENT ON INDEX "By Code" IS '5'; COMMENT ON INDEX "the key" IS '6';
GRANT SELECT (id) ON t TO PUBLIC; GRANT INSERT ON t TO pg_monitor WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES GRANT UPDATE ON TABLES TO PUBLIC;
"""
SINCE = {
    12: "ALTER TABLE t ADD twice int GENERATED ALWAYS AS (id * 2) STORED",
    13: "ALTER STATISTICS alike SET STATISTICS 9;"
    "ALTER TABLE t ADD CONSTRAINT alone CHECK (id < 99) NO INHERIT",
    14: "ALTER TABLE t ALTER long SET COMPRESSION pglz;"
    "CREATE STATISTICS made ON (id + 1), (lower(code)) FROM t",
    15: "ALTER TABLE t ADD CONSTRAINT single UNIQUE NULLS NOT DISTINCT (long)",
    18: "ALTER TABLE t ADD thrice int GENERATED ALWAYS AS (id * 3) VIRTUAL;"
    "ALTER TABLE t ADD CONSTRAINT held NOT NULL how;"
    "ALTER TABLE t ADD CONSTRAINT loose CHECK (id < 9) NOT ENFORCED;"
    "COMMENT ON CONSTRAINT held ON t IS '7'",
}


def test_pg_dump_says_the_same_of_a_table_that_was_replaced(
    every_postgres: PostgresServer, tmp_path: Path
) -> None:
    with two_databases(every_postgres, tmp_path) as ends:
        ends.at_source("CREATE TABLE t AS SELECT 3 AS id, text 'a' AS code, text 'good' AS how")
        ends.at_target(RICH)
        for version, more in SINCE.items():
            if every_postgres.version >= version:
                ends.at_target(more)
        before = dump(ends)
        assert ends.load("mode: full\nsource: {table: public.t}\n").notes == {"swap": "rename"}
        assert dump(ends) == before
        assert ends.at_target("SELECT id, code, how::text FROM t") == [(3, "a", "good")]


def dump(ends: Ends) -> list[str]:
    """The statements that make the target, without what is another one in each dump."""
    where = f"host=127.0.0.1 port={ends.server.port} user=postgres dbname={ends.target}"
    program = [embedded_bin() / "pg_dump", "--schema-only", "--exclude-schema=kada_loader", where]
    text = subprocess.run(program, check=True, capture_output=True, text=True).stdout
    lines = (line for line in text.splitlines() if not line.startswith(("--", "\\")))
    return sorted("\n".join(lines).split(";\n"))
