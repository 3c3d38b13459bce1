"""Drivers that come with extras."""

from __future__ import annotations

import pytest

from kada_dagster.errors import ConfigError
from kada_dagster.loader.source.drivers import driver


def test_a_driver_that_is_missing_is_told_with_the_extra_that_brings_it() -> None:
    cure = r"driver_of_nobody is not installed; .*pip install 'kada_dagster\[mysql\]'"
    with pytest.raises(ConfigError, match=cure):
        driver("driver_of_nobody", "mysql")
