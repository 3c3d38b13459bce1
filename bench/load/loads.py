"""The loads, each beside its floor: what runs, and the table it runs into."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from itertools import count
from pathlib import Path

from bench.load.databases import COLUMNS, NAMES, TINY, Databases
from bench.load.peers import Peers
from bench.process import Usage, in_turn, run

Figures = tuple[dict[str, Usage], dict[str, float]]
_FLOOR = "floor"
RUNNING = "kada, running"
"""Without the start of Python: behind another load in the same process."""
_FIRST = datetime(2030, 1, 1, tzinfo=timezone.utc)
_WARM = f"warm.{TINY}"
_OTHER = COLUMNS.replace("active boolean", "active integer").replace("timestamptz", "timestamp")
_SHAPES = {"postgres": COLUMNS, "sqlite": _OTHER, "mariadb": _OTHER}
_RUN = """
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from time import monotonic, process_time
from kada_dagster.loader.definition.project import read_project
from kada_dagster.loader.engine.run import run_task
from kada_dagster.loader.engine.split import parts_of
project = read_project(Path(sys.argv[1]))
for name in sys.argv[3:]:
    task = project.tasks[name]
    split = task.definition.split
    parts = parts_of(split, datetime.now(timezone.utc)) if split else [None]
    began = monotonic(), process_time()
    with ThreadPoolExecutor(len(parts)) as pool:
        for result in pool.map(lambda part: run_task(task, project, part=part), parts):
            print(result)
Path(sys.argv[2]).write_text(f"{monotonic() - began[0]} {process_time() - began[1]}")
"""


def postgres_full(databases: Databases, name: str, rows: int, rounds: int, peers: Peers) -> Figures:
    """A whole table, binary; and the same in four ranges side by side."""
    project = _project(
        databases,
        "pg",
        {
            f"whole.{name}": f"mode: full\nsource: {{table: public.{name}}}\n",
            f"split.{name}": (
                f"mode: full\nsource: {{table: public.{name}}}\n"
                f"split: {{by: id, size: {-(-rows // 4)}, start: 1, end: {rows + 1}}}\n"
            ),
        },
    )
    for schema in ("floor", "floor4", "whole", "split"):
        _fresh(databases, f"{schema}.{name}")
    quarter = -(-rows // 4)
    ranges = [(1 + at * quarter, 1 + (at + 1) * quarter) for at in range(4)]
    floor4 = [
        _pipe(
            databases, f"SELECT * FROM {name} WHERE id >= {low} AND id < {high}", f"floor4.{name}"
        )
        for low, high in ranges
    ]
    runners = {
        _FLOOR: lambda: _emptied(
            databases, f"floor.{name}", [_pipe(databases, f"SELECT * FROM {name}", f"floor.{name}")]
        ),
        "floor, 4 ranges": lambda: _emptied(databases, f"floor4.{name}", floor4),
        "kada": lambda: _emptied_kada(databases, project, f"whole.{name}"),
        RUNNING: lambda: _emptied_kada(databases, project, f"whole.{name}", _WARM),
        "kada, 4 ranges": lambda: _emptied_kada(databases, project, f"split.{name}"),
        f"{RUNNING}, 4 ranges": lambda: _emptied_kada(databases, project, f"split.{name}", _WARM),
        **peers.full(databases, "postgres", name),
    }
    figures = in_turn(rounds, runners, _FLOOR)
    _same(databases, f"floor.{name}", [f"whole.{name}", f"split.{name}"])
    for schema in ("floor", "floor4", "whole", "split"):
        databases.run("target", f"DROP TABLE {schema}.{name}")
    return figures


def incremental(databases: Databases, name: str, rounds: int, peers: Peers) -> Figures:
    """1 % of the rows changed, found by `updated_at`, put in by key."""
    databases.run("source", f"CREATE INDEX ON {name} (updated_at)")
    task = f"mode: incremental\nsource: {{table: public.{name}}}\ncursor: updated_at\nkey: id\n"
    ours = {"kada": f"changed.{name}", RUNNING: f"running.{name}"}
    project = _project(databases, "inc", dict.fromkeys(ours.values(), task))
    for table in (f"floor.{name}", *ours.values()):
        _fresh(databases, table, "PRIMARY KEY (id)")
    databases.shell(_pipe(databases, f"SELECT * FROM {name}", f"floor.{name}"))
    for table in ours.values():
        _kada(project, table)
    marks = count(1)

    def change() -> str:
        """Change the rows; gives the moment from which they are."""
        moment = (_FIRST + next(marks) * timedelta(minutes=1)).isoformat()
        databases.run(
            "source",
            f"UPDATE {name} SET updated_at = '{moment}', amount = amount + 1 WHERE id % 100 = 7",
        )
        databases.run("source", f"VACUUM {name}")
        return moment

    def floor() -> Usage:
        moment = change()
        databases.settle()
        return _run([_merge_pipe(databases, name, moment)])

    def changed(what: str, *before: str) -> Usage:
        databases.settle()
        return _kada(project, ours[what], *before)

    runners = {
        _FLOOR: floor,
        "kada": lambda: changed("kada"),
        RUNNING: lambda: changed(RUNNING, _WARM),
    }
    figures = in_turn(rounds, {**runners, **peers.changed(databases, name)}, _FLOOR)
    _same(databases, f"floor.{name}", ours.values())
    return figures


def source_full(databases: Databases, kind: str, rows: int, rounds: int, peers: Peers) -> Figures:
    """A whole table of SQLite or MariaDB."""
    databases.fill_other(kind, rows)
    table = "events" if kind == "sqlite" else "source.events"
    project = _project(
        databases, kind, {f"{kind}.events": f"mode: full\nsource: {{table: {table}}}\n"}, kind
    )
    for schema in (f"{kind}_floor", kind):
        _fresh(databases, f"{schema}.events", shape=_SHAPES[kind])
    into = f"{kind}_floor.events"
    if kind == "sqlite":
        copy = f"{databases.psql} -d target -c 'COPY {into} FROM STDIN (FORMAT csv)'"
        command = f"sqlite3 -csv {databases.sqlite} 'SELECT * FROM events' | {copy}"
    else:
        port, password = databases.mariadb or (0, "")
        options = databases.work / "my.cnf"
        quoted = password.replace("\\", "\\\\").replace('"', '\\"')
        options.write_text(f'[client]\npassword="{quoted}"\n')
        client = f"mariadb --defaults-extra-file={options} -h 127.0.0.1 -P {port} -u root"
        copy = f"{databases.psql} -d target -c \"COPY {into} FROM STDIN (NULL 'NULL')\""
        command = f"{client} --quick -BN -e 'SELECT * FROM source.events' | {copy}"
    runners = {
        _FLOOR: lambda: _emptied(databases, into, [command]),
        "kada": lambda: _emptied_kada(databases, project, f"{kind}.events"),
        RUNNING: lambda: _emptied_kada(databases, project, f"{kind}.events", _WARM),
        **peers.full(databases, kind, "events"),
    }
    figures = in_turn(rounds, runners, _FLOOR)
    _same(databases, into, [f"{kind}.events"])
    return figures


def _project(
    databases: Databases, name: str, tasks: Mapping[str, str], source: str = "postgres"
) -> Path:
    """A project folder with these tasks, by schema and table, and one like them of a few rows."""
    text = next(iter(tasks.values()))
    tasks = {**tasks, _WARM: re.sub(r"(table: \w+)\.\w+|(table:) \w+", _tiny, text, count=1)}
    _fresh(databases, _WARM, "PRIMARY KEY (id)", _SHAPES[source])
    folder = databases.work / f"project_{name}"
    place = f"host: 127.0.0.1, port: {databases.postgres.port}, username: postgres"
    profile = f"{{type: postgres, {place}, database: source}}"
    if source == "sqlite":
        profile = f"{{type: sqlite, path: {databases.sqlite}}}"
    if source == "mariadb":
        port, password = databases.mariadb or (0, "")
        (databases.work / "password").write_text(password)
        profile = (
            f"{{type: mariadb, host: 127.0.0.1, port: {port}, username: root, "
            "password: '${BENCH_MARIADB}', database: source}"
        )
    target = f"{{type: postgres, {place}, database: target}}"
    files = {
        "connections.yaml": f"target: {target}\norigin: {profile}\n",
        "routes/bench/route.yaml": "source: origin\n",
    }
    for task, text in tasks.items():
        files[f"routes/bench/{task.replace('.', '/')}/task.yaml"] = text
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def _tiny(found: re.Match[str]) -> str:
    return f"{found[1]}.{TINY}" if found[1] else f"{found[2]} {TINY}"


def _fresh(databases: Databases, table: str, key: str = "", shape: str = COLUMNS) -> None:
    schema = table.partition(".")[0]
    databases.run("target", f"CREATE SCHEMA IF NOT EXISTS {schema}")
    columns = f"{shape}, {key}" if key else shape
    databases.run("target", f"DROP TABLE IF EXISTS {table}; CREATE TABLE {table} ({columns})")


def _pipe(databases: Databases, query: str, into: str) -> str:
    out = f'{databases.psql} -d source -c "COPY ({query}) TO STDOUT (FORMAT binary)"'
    return f'{out} | {databases.psql} -d target -c "COPY {into} FROM STDIN (FORMAT binary)"'


def _merge_pipe(databases: Databases, name: str, moment: str) -> str:
    columns = ", ".join(f"{column} = EXCLUDED.{column}" for column in NAMES[1:])
    script = databases.work / "merge.sql"
    script.write_text(
        f"BEGIN;\nCREATE TEMP TABLE waiting (LIKE floor.{name}) ON COMMIT DROP;\n"
        "\\copy waiting FROM pstdin (FORMAT binary)\n"
        f"INSERT INTO floor.{name} SELECT * FROM waiting\n"
        f"ON CONFLICT (id) DO UPDATE SET {columns};\n"
        "COMMIT;\n"
    )
    query = f"SELECT * FROM {name} WHERE updated_at >= '{moment}'"
    out = f'{databases.psql} -d source -c "COPY ({query}) TO STDOUT (FORMAT binary)"'
    return f"{out} | {databases.psql} -d target -f {script}"


def _emptied(databases: Databases, table: str, commands: list[str]) -> Usage:
    """Time commands side by side, the table emptied before."""
    databases.run("target", f"TRUNCATE {table}")
    databases.settle()
    return _run(commands)


def _run(commands: list[str]) -> Usage:
    """Time commands that run side by side."""
    together = "".join(f"({command}) & p{at}=$!\n" for at, command in enumerate(commands))
    waits = "".join(f"wait $p{at}\n" for at in range(len(commands)))
    return run(["bash", "-c", f"set -euo pipefail\n{together}{waits}"])


def _kada(project: Path, task: str, *before: str) -> Usage:
    """A whole process; or, where it does other tasks before, that of this task alone."""
    password, told = project.parent / "password", project.parent / "told"
    environment = {"BENCH_MARIADB": password.read_text()} if password.is_file() else {}
    command = [sys.executable, "-c", _RUN, str(project), str(told), *before, task]
    usage = run(command, environment)
    return Usage(*map(float, told.read_text().split()), usage.rss_mb) if before else usage


def _emptied_kada(databases: Databases, project: Path, task: str, *before: str) -> Usage:
    """Begins as the floor does: with an empty table."""
    databases.run("target", f"TRUNCATE {task}")
    databases.settle()
    return _kada(project, task, *before)


def _same(databases: Databases, floor: str, others: Iterable[str]) -> None:
    """Whether all have the same rows.

    Raises:
        RuntimeError: one has others: its figure would be worth nothing.
    """

    def told(table: str) -> object:
        hashed = f"SELECT count(*), sum(hashtextextended(t::text, 0)::numeric) FROM {table} t"
        return databases.run("target", hashed)

    for other in others:
        if told(other) != told(floor):
            raise RuntimeError(f"{other} is not what {floor} is")
