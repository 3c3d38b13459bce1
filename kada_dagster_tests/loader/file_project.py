"""A project that loads files of a folder beside it into `public.t` of a real server."""

from __future__ import annotations

from pathlib import Path

from kada_dagster.loader.definition.project import Project
from kada_dagster.loader.engine.run import LoadResult, run_task
from kada_dagster_tests.loader.databases import Ends


def project(ends: Ends, task: str) -> Project:
    """A project whose one task reads the folder `in` beside it."""
    (ends.folder / "in").mkdir(parents=True, exist_ok=True)
    target = f"host: 127.0.0.1, port: {ends.server.port}, database: {ends.target}"
    connections = (
        f"target: {{type: postgres, {target}, username: postgres}}\n"
        f"drop: {{type: folder, path: {ends.folder / 'in'}}}\n"
    )
    files = {
        "connections.yaml": connections,
        "routes/files/route.yaml": "source: drop\n",
        "routes/files/public/t/task.yaml": task,
    }
    return ends.read(files)


def load(ends: Ends, files: str, more: str = "") -> LoadResult:
    """Load what `source.files` says; `more` are further lines of the task."""
    made = project(ends, f"mode: file\nsource: {{files: {{{files}}}}}\n{more}")
    return run_task(made.tasks["public.t"], made)


def put(ends: Ends, name: str, text: str | bytes) -> Path:
    """Write a file into the folder."""
    path = ends.folder / "in" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def names(ends: Ends) -> list[str]:
    """The files that are there."""
    top = ends.folder / "in"
    return sorted(path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_file())


def rows(ends: Ends, columns: str = "*") -> list[tuple[object, ...]]:
    """The rows of the table."""
    return ends.at_target(f"SELECT {columns} FROM t ORDER BY 1")
