"""`kada extract postgres` against `psql \\copy` of the same queries, on a large catalogue.

The floor is one psql session that copies the very same queries to plain files, with the session
settings of the extract (no JIT, no parallel workers); a psql with the server's own settings is
timed beside it. Both are whole processes: `kada extract` also starts Python, tests the
connection, parses every view's rule for column lineage, checks every file and moves the mark.
DataHub's connector is timed too where it is installed.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.process import Usage, in_turn, run, table
from kada_dagster.postgres.client import open_session
from kada_dagster.postgres.extractor import Extractor
from kada_dagster.postgres.statements import packaged
from kada_dagster.sandbox.postgres_server import PostgresServer

_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_locks_per_transaction": "2000",
    "max_wal_size": "8GB",
    "shared_buffers": "256MB",
}
_SESSION = (
    " SET jit = off; SET max_parallel_workers_per_gather = 0; SET synchronize_seqscans = off;"
)
_CONFIG = """
sources:
  - type: postgres
    name: {name}
    host: bench.example.org
    server: 127.0.0.1
    port: {port}
    username: postgres
    databases: [{name}]
    meta_only: true
    compress: {compress}
    output_path: {name}_{compress}
    window: {{start: "2026-01-01 00:00:00"}}
high_water_marks: {{path: marks_{name}_{compress}}}
"""


def main(arguments: Sequence[str]) -> None:
    """Build the catalogues, time both, print the figures."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory(prefix="kada-bench-") as folder:
        work = Path(folder)
        work.chmod(0o755)
        with PostgresServer.start(work / "server", settings=_SETTINGS) as server:
            small = _build(server, "small", options.tables // 10)
            big = _build(server, "big", options.tables)
            figures = {name: _time(server, work, name, options.rounds) for name in (small, big)}
            _datahub(server, big)
    usages, ratios = figures["big"]
    plain, packed = usages["kada extract"], usages["kada extract, gzip"]
    print(
        f"postgres_extract wall_ratio={ratios['kada extract']:.3f}"
        f" gzip_wall_ratio={ratios['kada extract, gzip']:.3f}"
        f" rss_mb={max(plain.rss_mb, packed.rss_mb):.0f}"
        f" rss_small_mb={figures['small'][0]['kada extract'].rss_mb:.0f}"
    )


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="postgres_extract")
    parser.add_argument("--tables", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args(arguments)


def _psql(server: PostgresServer) -> list[str]:
    program = shutil.which("psql", path=str(server.bin_dir)) or shutil.which("psql")
    if program is None:
        sys.exit("psql is needed as the floor: install a PostgreSQL client")
    return [program, "-X", "-q", "-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres"]


def _build(server: PostgresServer, database: str, tables: int) -> str:
    print(f"building a catalogue of {tables:,} tables ...", flush=True)
    server.create_database(database)
    script = Path(__file__).with_name("big_catalogue.sql")
    command = [*_psql(server), "-d", database, "-v", f"tables={tables}", "-f", str(script)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return database


def _time(
    server: PostgresServer, work: Path, database: str, rounds: int
) -> tuple[dict[str, Usage], dict[str, float]]:
    runners = {
        "psql \\copy, plain": lambda: _run_psql(server, work, database, _SESSION),
        "psql \\copy, server's settings": lambda: _run_psql(server, work, database, ""),
        "kada extract": lambda: _run_kada(server, work, database, compress=False),
        "kada extract, gzip": lambda: _run_kada(server, work, database, compress=True),
    }
    usages, ratios = in_turn(rounds, runners, floor="psql \\copy, plain")
    print(f"\n{database}:\n{table(usages, ratios)}\n", flush=True)
    return usages, ratios


def _run_kada(server: PostgresServer, work: Path, database: str, *, compress: bool) -> Usage:
    config = work / f"{database}_{compress}.yaml"
    if not config.is_file():
        text = _CONFIG.format(name=database, port=server.port, compress=str(compress).lower())
        config.write_text(text)
    window = ["--start-hwm", "2026-01-01 00:00:00", "--end-hwm", "2026-01-02 00:00:00"]
    kada = [sys.executable, "-m", "kada_dagster", "extract", "postgres"]
    return run([*kada, "--config", str(config), *window])


def _run_psql(server: PostgresServer, work: Path, database: str, session: str) -> Usage:
    script = work / f"{database}{len(session)}.psql"
    if not script.is_file():
        script.write_text(_copy_script(server, work, database, session))
    return run([*_psql(server), "-d", database, "-v", "ON_ERROR_STOP=1", "-f", str(script)])


def _copy_script(server: PostgresServer, work: Path, database: str, session: str) -> str:
    """The queries of the extract as psql's \\copy, behind the given session settings."""
    extractor = Extractor(
        server="127.0.0.1",
        port=server.port,
        username="postgres",
        host="bench.example.org",
        databases=[database],
        meta_only=True,
    )
    lines = ["SET search_path = pg_catalog;" + session]
    with open_session(extractor.address, database) as opened:
        for name, statement in packaged().items():
            if statement.family == "DATABASE_LOG":
                continue
            select = extractor.scope.render(statement, opened, (database,), "NULL")
            target = work / f"{database}.{name}.csv"
            lines.append(
                f"\\copy ({_one_line(select)}) TO '{target}'"
                " WITH (FORMAT csv, DELIMITER '|', FORCE_QUOTE *)"
            )
    return "\n".join(lines) + "\n"


def _one_line(sql: str) -> str:
    """psql's \\copy ends with its line."""
    return " ".join(re.sub(r"--[^\n]*", "", sql).split())


def _datahub(server: PostgresServer, database: str) -> None:
    """DataHub's connector on the same catalogue, once, where it is installed."""
    datahub = shutil.which("datahub")
    if datahub is None:
        print("datahub is not installed: no figure of it in this run")
        return
    recipe = f"""
source:
  type: postgres
  config:
    host_port: 127.0.0.1:{server.port}
    username: postgres
    database: {database}
    include_view_lineage: true
sink: {{type: file, config: {{filename: {tempfile.mktemp(suffix=".json")}}}}}
"""
    path = Path(tempfile.mkstemp(suffix=".yaml")[1])
    path.write_text(recipe)
    usage = run([datahub, "ingest", "-c", str(path)])
    print(f"datahub, one run: {usage.wall:.0f} s, {usage.rss_mb:.0f} MB")
