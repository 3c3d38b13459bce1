"""Loads of the engine against pipes of the databases' own programs, in the same minutes.

Full loads of mixed columns from PostgreSQL, whole and in four ranges side by side; 1 % of changed
rows; full loads from SQLite and MariaDB. Each floor is what one would write in a shell: COPY out
of one psql into another, in binary form; a temporary table and ON CONFLICT; `sqlite3 -csv` and
`mariadb` into psql. Ours are timed as whole processes, and in a process that runs already, as
those of Dagster do, behind another load of a few rows. dlt, sling and ingestr are timed where
they are installed.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.load.databases import Databases, running
from bench.load.loads import RUNNING, Figures, incremental, postgres_full, source_full
from bench.load.peers import Peers
from bench.process import table

_OTHERS = ("sqlite", "mariadb")


def main(arguments: Sequence[str]) -> None:
    """Measure all, print the figures."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory(prefix="kada-bench-") as folder:
        work = Path(folder)
        work.chmod(0o755)
        with running(work) as databases:
            print(_last_lines(databases, options))


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="load")
    parser.add_argument("--rows", type=int, default=5_000_000, help="of the PostgreSQL table")
    parser.add_argument("--others", type=int, default=1_000_000, help="rows of SQLite and MariaDB")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=["full", "incremental", *_OTHERS], action="append")
    parser.add_argument("--flat", action="store_true", help="also 10^5, 10^6 and 10^7 rows")
    parser.add_argument("--peers", type=Path, help="bin folder that holds dlt, sling, ingestr")
    return parser.parse_args(arguments)


def _last_lines(databases: Databases, options: argparse.Namespace) -> str:
    """Measure what is wanted, printing as it goes; gives the lines of ratios."""
    peers = Peers.found(options.peers)
    wanted = options.only or ["full", "incremental", *_OTHERS]
    found = _Found()
    if "full" in wanted or "incremental" in wanted:
        databases.fill_postgres("events", options.rows)
    if "full" in wanted:
        print(f"{options.rows:,} rows, PostgreSQL to PostgreSQL")
        figures = postgres_full(databases, "events", options.rows, options.rounds, peers)
        found.add(figures, {"full": "", "split4": ", 4 ranges"})
    if "incremental" in wanted:
        print(f"1 % of {options.rows:,} rows changed")
        rounds = 3 * options.rounds  # half a second each: of five, the median was 1.04 or 1.11
        figures = incremental(databases, "events", rounds, peers)
        found.add(figures, {"incremental": ""})
    for kind in _OTHERS:
        if kind in wanted and databases.has(kind):
            print(f"{options.others:,} rows from {kind}")
            figures = source_full(databases, kind, options.others, options.rounds, peers)
            found.add(figures, {kind: ""})
    if options.flat:
        _flat(databases)
    return found.lines()


@dataclass
class _Found:
    """What was measured.

    Attributes:
        running: ratios of loads in a process that runs, by name.
        processes: ratios of whole processes.
        rss_mb: the most memory of one of them.
    """

    running: dict[str, float] = field(default_factory=dict[str, float])
    processes: dict[str, float] = field(default_factory=dict[str, float])
    rss_mb: float = 0.0

    def add(self, figures: Figures, names: Mapping[str, str]) -> None:
        """Print the figures, and keep those of ours, by the end of what they are called."""
        usages, ratios = figures
        print(table(usages, ratios), flush=True)
        for name, end in names.items():
            self.running[name] = ratios[RUNNING + end]
            self.processes[name] = ratios[f"kada{end}"]
            most = max(usages[what].rss_mb for what in (f"kada{end}", RUNNING + end))
            self.rss_mb = max(self.rss_mb, most)

    def lines(self) -> str:
        """One of whole processes, and the last one."""
        last = f"load {_told(self.running)} rss_mb={self.rss_mb:.0f}"
        return f"processes {_told(self.processes)}\n{last}"


def _told(ratios: Mapping[str, float]) -> str:
    return " ".join(f"{name}_ratio={ratio:.3f}" for name, ratio in ratios.items())


def _flat(databases: Databases) -> None:
    for rows in (100_000, 1_000_000, 10_000_000):
        name = f"events_{rows}"
        databases.fill_postgres(name, rows)
        usages, _ = postgres_full(databases, name, rows, 1, Peers())
        cost = usages[RUNNING].wall / rows * 1e6
        print(f"{rows:>12,} rows: {cost:.2f} us a row", flush=True)
        databases.drop_postgres(name)
