"""A location over two databases, and the password in the environment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kada_dagster_tests.loader.databases import Ends
from kada_dagster_tests.loader.face.location import PASSWORD, Location


@pytest.fixture
def location(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Location]:
    """Makes a location of the texts of tasks, by `schema__table`."""
    monkeypatch.setenv("TEST_LOADER_PASSWORD", PASSWORD)

    def make(more: dict[str, Any] | None = None, /, **tasks: str) -> Location:
        return Location(
            ends, {name.replace("__", "."): text for name, text in tasks.items()}, **(more or {})
        )

    return make
