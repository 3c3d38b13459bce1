"""Which configuration file is used: the named one, $KADA_CONFIG, ./kada.yaml, the demo."""

from __future__ import annotations

from pathlib import Path

import pytest

from kada_dagster.config.find import demo_config, find_config
from kada_dagster.errors import ConfigError


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KADA_CONFIG", raising=False)


def test_without_anything_it_is_the_packaged_demo() -> None:
    assert find_config() == demo_config()


def test_the_file_of_the_current_directory_comes_before_the_demo(tmp_path: Path) -> None:
    (tmp_path / "kada.yaml").touch()
    assert find_config().resolve() == tmp_path / "kada.yaml"


def test_the_environment_comes_before_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kada.yaml").touch()
    (tmp_path / "other.yaml").touch()
    monkeypatch.setenv("KADA_CONFIG", "other.yaml")
    assert find_config() == Path("other.yaml")


def test_the_named_file_comes_before_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.yaml").touch()
    monkeypatch.setenv("KADA_CONFIG", "absent.yaml")
    assert find_config("mine.yaml") == Path("mine.yaml")


def test_a_missing_file_is_an_error_and_never_replaced_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kada.yaml").touch()
    with pytest.raises(ConfigError, match=r"absent\.yaml: there is no such file"):
        find_config("absent.yaml")
    for folder in (str(tmp_path), ""):
        with pytest.raises(ConfigError, match=r": is a folder; name .* as .*kada\.yaml"):
            find_config(folder)
    with pytest.raises(ConfigError, match="file name too long"):
        find_config("n" * 300)
    monkeypatch.setenv("KADA_CONFIG", "absent.yaml")
    with pytest.raises(ConfigError, match=r"\$KADA_CONFIG"):
        find_config()
