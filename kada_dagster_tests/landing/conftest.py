"""Where the tests of landings write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kada_dagster_tests.hwm.faults import memory_folder


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder in memory: files are sent with fsync, which a busy disk makes slow."""
    with memory_folder() as folder:
        yield folder
