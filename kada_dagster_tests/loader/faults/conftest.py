"""The servers of the sources."""

from __future__ import annotations

from kada_dagster_tests.loader.source.conftest import (
    maria,  # noqa: F401
    mariadb,  # noqa: F401
)
