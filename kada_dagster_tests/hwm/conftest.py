"""Where the tests of marks write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kada_dagster_tests.hwm.faults import memory_folder
from kada_dagster_tests.hwm.store_places import mark_place, text_place  # noqa: F401


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder in memory: marks are written with fsync, which a busy disk makes slow."""
    with memory_folder() as folder:
        yield folder
