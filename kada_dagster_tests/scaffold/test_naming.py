"""What a project and its package may be called."""

from __future__ import annotations

import pytest

from kada_dagster.errors import ConfigError
from kada_dagster.scaffold.naming import checked_package, checked_source, package_of


@pytest.mark.parametrize(
    ("project", "package"),
    [("my-metadata", "my_metadata"), ("K.Collect", "k_collect"), ("a", "a"), ("x_1", "x_1")],
)
def test_a_package_is_called_like_its_project(project: str, package: str) -> None:
    assert package_of(project) == package


@pytest.mark.parametrize(
    ("project", "reason"),
    [
        ("2026-metadata", "begins with a letter"),
        ("class", "a word of the Python language"),
        ("match", "a word of the Python language"),
        ("json", "a module of Python itself"),
        ("dagster", "a module that is installed"),
        ("kada-dagster", "a module that is installed"),
        ("-x", "no name of a project"),
        ("a b", "no name of a project"),
        ("größe", "no name of a project"),
        ("", "no name of a project"),
    ],
)
def test_a_name_that_could_not_be_imported_is_refused(project: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason) as refused:
        package_of(project)
    assert "choose another folder" in str(refused.value)


def test_the_package_may_have_another_name() -> None:
    assert checked_package("metadata_2026") == "metadata_2026"
    with pytest.raises(ConfigError, match=r"small letters.*--package"):
        checked_package("Metadata")


@pytest.mark.parametrize("name", ["1st", "a-b", "", "a.b"])
def test_a_source_has_a_name_that_asset_keys_take(name: str) -> None:
    with pytest.raises(ConfigError, match="--name"):
        checked_source(name)
