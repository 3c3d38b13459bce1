"""What `die_at_every_line` kills: a run written to a folder that fsspec reaches.

All it needs is imported here, once, not in each of the processes that die.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import fsspec.core
import fsspec.implementations.local  # noqa: F401

from kada_dagster.extracts.contract import META
from kada_dagster.extracts.manifest import _adapter
from kada_dagster_tests.extracts.samples import meta
from kada_dagster_tests.extracts.shared_places import extract, shared

_adapter()


def write(folder: Path, tables: int) -> None:
    """A run of so many tables, by a host whose temporary files are there too."""
    tempfile.tempdir = str(folder)
    rows = {META: [meta("TABLE", f"t{number}") for number in range(tables)]}
    extract(shared(place(folder)), rows)


def place(folder: Path) -> str:
    """The shared place in a folder."""
    return f"file://{folder}/shared"


def run_again(folder: Path) -> None:
    """The run that is killed."""
    write(folder, 2)
