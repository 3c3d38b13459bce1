"""The tests' databases are in memory only where there is room."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from kada_dagster_tests.scratch import database_folder


def test_a_folder_is_in_memory_where_there_is_room(tmp_path: Path) -> None:
    folder = database_folder("here-", tmp_path, 1)
    assert (folder.parent, folder.name[:5]) == (tmp_path, "here-")


@pytest.mark.parametrize(("folder", "needed"), [("", 1 << 60), ("none", 1)])
def test_else_it_is_where_temporary_files_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, needed: int
) -> None:
    usual = tmp_path / "usual"
    usual.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(usual))
    assert database_folder("here-", tmp_path / folder, needed).parent == usual
