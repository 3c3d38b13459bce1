"""Dagster's migration scripts, read once a process; and an empty instance's files, made once.

For each file of events, which is one a run, Dagster reads its ninety migration scripts anew, to
note the newest in it; that took half of the time of a run. What Dagster does with the scripts and
the files is its own affair here too.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from alembic.script import ScriptDirectory


@contextmanager
def read_once() -> Generator[None, None, None]:
    """Until the block ends, scripts in the same folder are read once."""
    read: dict[str | None, ScriptDirectory] = {}
    really = ScriptDirectory.from_config

    def from_config(config: Any) -> ScriptDirectory:
        place = config.get_main_option("script_location")
        if place not in read:
            read[place] = really(config)
        return read[place]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ScriptDirectory, "from_config", from_config)
        yield


def make_home(folder: Path) -> Path:
    """Fill a folder with the files of an instance nothing has happened on."""
    with dg.DagsterInstance.local_temp(str(folder)):
        return folder
