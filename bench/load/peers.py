"""dlt, sling and ingestr, where they are installed: the same tables, as their pages say."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.process import Usage, run

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_DLT = """
import sys
import dlt
from dlt.sources.sql_database import sql_table
kind, source, target, schema, table, cursor = sys.argv[1:7]
pipeline = dlt.pipeline(
    f"bench_{schema}", destination=dlt.destinations.postgres(target), dataset_name=schema,
    pipelines_dir=sys.argv[7], progress=None)
given = {"incremental": dlt.sources.incremental(cursor)} if cursor else {}
rows = sql_table(source, table=table, backend="pyarrow", chunk_size=100_000, **given)
if cursor:
    rows.apply_hints(primary_key="id")
pipeline.run(rows, write_disposition="merge" if cursor else "replace",
             loader_file_format="csv")
"""


@dataclass(frozen=True)
class Peers:
    """The programs that were found.

    Attributes:
        programs: paths by name.
    """

    programs: dict[str, Path] = field(default_factory=dict[str, Path])

    @classmethod
    def found(cls, folder: Path | None) -> Peers:
        """Look in a bin folder, or on the PATH."""
        names = {"sling": "sling", "ingestr": "ingestr", "dlt": "dlt"}
        places = {
            name: shutil.which(program, path=str(folder) if folder else None)
            for name, program in names.items()
        }
        found = {name: Path(place) for name, place in places.items() if place and _runs(place)}
        for name in names.keys() - found.keys():
            print(f"{name} is not installed: no figure of it in this run")
        return cls(found)

    def full(self, databases: Any, kind: str, table: str) -> dict[str, Callable[[], Usage]]:
        """Runners of a full load, by name. The server trusts this machine; dlt wants a password."""
        source = _source(databases, kind)
        runners = {
            name: lambda name=name: self._run(name, databases, source, table, kind, "")
            for name in self.programs
        }
        return _able(runners)

    def changed(self, databases: Any, table: str) -> dict[str, Callable[[], Usage]]:
        """Runners of an incremental load; the warm-up loads the table."""
        source = _source(databases, "postgres")
        runners = {
            name: lambda name=name: self._run(
                name, databases, source, table, "postgres", "updated_at"
            )
            for name in self.programs
        }
        return _able(runners)

    def _run(
        self, name: str, databases: Any, source: str, table: str, kind: str, cursor: str
    ) -> Usage:
        target = f"postgresql://postgres:none@127.0.0.1:{databases.postgres.port}/target"
        schema = f"{name}_{kind}{'_inc' if cursor else ''}"
        program = str(self.programs[name])
        base = {"postgres": "public", "sqlite": "main", "mariadb": "source"}[kind]
        if name == "dlt":
            python = str(self.programs[name].parent / "python")
            state = str(databases.work / f"dlt_{schema}")
            command = [
                python,
                "-c",
                _DLT,
                kind,
                _driver(source),
                target,
                schema,
                table,
                cursor,
                state,
            ]
        elif name == "ingestr":
            command = [
                program,
                "ingest",
                "--yes",
                "--source-uri",
                source,
                "--source-table",
                f"{base}.{table}",
                "--dest-uri",
                target,
                "--dest-table",
                f"{schema}.{table}",
                "--progress",
                "log",
                *(["--columns", "token:text"] if kind == "postgres" else []),  # it has no uuid
            ]
            command += (
                [
                    "--incremental-strategy",
                    "merge",
                    "--incremental-key",
                    cursor,
                    "--primary-key",
                    "id",
                ]
                if cursor
                else ["--full-refresh"]
            )
        else:
            mode = ["--mode", "incremental", "--primary-key", "id", "--update-key", cursor]
            command = [
                program,
                "run",
                "--src-conn",
                _for_sling(source),
                "--src-stream",
                f"{base}.{table}",
                "--tgt-conn",
                f"{target}?sslmode=disable",
                "--tgt-object",
                f"{schema}.{table}",
                *(mode if cursor else ["--mode", "full-refresh"]),
            ]
        return run(command, _QUIET)


def _able(runners: dict[str, Callable[[], Usage]]) -> dict[str, Callable[[], Usage]]:
    """Those that come to their end; says which of them do not."""
    able: dict[str, Callable[[], Usage]] = {}
    for name, runner in runners.items():
        try:
            runner()
        except RuntimeError as error:
            last = _COLOURS.sub("", str(error)).strip().splitlines()[-1]
            print(f"{name} fails: {last}")
        else:
            able[name] = runner
    return able


def _runs(program: str) -> bool:
    """Whether it starts; the package of sling, say, fetches the program when it is called."""
    try:
        run([program, "--version"], _QUIET)
    except RuntimeError:
        return False
    return True


_QUIET = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "ERROR",
    "INGESTR_DISABLE_TELEMETRY": "true",
    "SLING_DISABLE_TELEMETRY": "true",
}


def _source(databases: Any, kind: str) -> str:
    if kind == "sqlite":
        return f"sqlite:///{databases.sqlite}"
    if kind == "mariadb":
        from urllib.parse import quote

        port, password = databases.mariadb
        return f"mysql://root:{quote(password, safe='')}@127.0.0.1:{port}/source"
    return f"postgresql://postgres:none@127.0.0.1:{databases.postgres.port}/source"


def _for_sling(source: str) -> str:
    if source.startswith("postgresql:"):
        return f"{source}?sslmode=disable"
    return source.replace("sqlite:////", "sqlite:///")


def _driver(source: str) -> str:
    driven = source.replace("mysql://", "mysql+pymysql://")
    return driven.replace("postgresql://", "postgresql+psycopg2://")
