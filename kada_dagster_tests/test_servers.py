"""Looking for servers never fails, and never hides that one could not be had."""

from __future__ import annotations

from pathlib import Path

import pytest

from kada_dagster_tests import npm_servers, servers
from kada_dagster_tests.npm_servers import UnavailableError, npm_bin


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(npm_servers, "_cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


def test_the_builds_found_are_one_a_version_and_the_same_in_another_process() -> None:
    found = servers.discover()
    versions = [build.version for build in found.builds]
    assert versions == sorted(set(versions))
    assert servers.Discovery.from_plain(found.to_plain()) == found


def test_without_npm_the_versions_are_left_out_and_named(
    empty_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = servers.discover()
    covered = {build.version for build in found.builds}
    header = "\n".join(found.header())
    assert covered | {int(line.split()[0]) for line in found.missing} >= set(npm_servers.PACKAGES)
    assert "npm is not installed" in header or covered >= set(npm_servers.PACKAGES)


def test_a_registry_that_cannot_be_reached_is_a_reason_not_a_failure(
    empty_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    with pytest.raises(UnavailableError) as caught:
        npm_bin(11)
    assert not caught.value.worth_trying_others
    assert list(empty_cache.iterdir()) == []
