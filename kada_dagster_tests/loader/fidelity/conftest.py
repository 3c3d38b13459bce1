"""The servers of the sources."""

from __future__ import annotations

from kada_dagster_tests.loader.source.conftest import (
    landing,  # noqa: F401
    maria,  # noqa: F401
    mariadb,  # noqa: F401
)
