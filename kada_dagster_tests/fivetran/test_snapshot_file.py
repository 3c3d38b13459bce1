"""The file of a snapshot: what is written is read back, and nothing else is taken for one."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kada_dagster.errors import ConfigError
from kada_dagster.fivetran.snapshot_file import SnapshotError, read_snapshot, write_snapshot
from kada_dagster.fivetran.snapshot_model import (
    KnownColumn,
    KnownConnection,
    KnownDestination,
    KnownSchema,
    KnownTable,
    Snapshot,
)

NOW = datetime(2026, 11, 2, 3, 4, 5, tzinfo=timezone.utc)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
columns = st.builds(KnownColumn, words, words, st.booleans(), st.booleans())
some_columns = st.none() | st.lists(columns, max_size=2).map(tuple)
some_tables = st.builds(KnownTable, words, words, words, some_columns)
table_list = st.lists(some_tables, max_size=2).map(tuple)
schemas = st.none() | st.lists(st.builds(KnownSchema, words, words, table_list), max_size=2).map(
    tuple
)
connections = st.builds(
    KnownConnection,
    id=words,
    group_id=words,
    service=words,
    schema=words,
    created_at=words,
    paused=st.booleans(),
    sync_frequency=st.none() | st.integers(0, 1440),
    seen=words,
    schemas=schemas,
)
snapshots = st.builds(
    Snapshot,
    st.just(NOW),
    st.dictionaries(words, words, max_size=2),
    st.dictionaries(
        words,
        st.builds(KnownDestination, words, words, st.dictionaries(words, words, max_size=2)),
        max_size=2,
    ),
    st.dictionaries(words, words, max_size=2),
    st.lists(connections, max_size=3, unique_by=lambda one: one.id).map(tuple),
)


@given(snapshot=snapshots)
def test_every_snapshot_is_read_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, snapshot: Snapshot
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.json"
    write_snapshot(file, snapshot)
    assert read_snapshot(file) == snapshot


def test_each_connection_has_a_line_of_its_own(tmp_path: Path) -> None:
    """So that a file under version control changes where the account does."""
    listed = tuple(KnownConnection(f"c{n}", "g", "postgres", f"s{n}") for n in range(3))
    file = tmp_path / "s.json"
    write_snapshot(file, Snapshot(NOW, connections=listed))
    lines = file.read_text().splitlines()
    assert len(lines) == 1 + 3 + 1
    assert json.loads(lines[2].rstrip(","))["id"] == "c1"
    assert "paused" not in lines[2]


def test_without_a_file_there_is_no_snapshot(tmp_path: Path) -> None:
    assert read_snapshot(tmp_path / "none.json") is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "this is not JSON"),
        ('{"format": 1', "this is not JSON"),
        ("[]", "format None is not 1"),
        ('{"format": 2}', "format 2 is not 1"),
        ('{"format": 1}', "taken_at is not as it should be"),
        (
            '{"format": 1, "taken_at": "2026-01-01T00:00:00Z", "connections": [{"id": "c"}]}',
            r"connections\[0\].group_id is not as it should be",
        ),
        ("[" * 100_000, "this is not JSON"),
    ],
)
def test_a_file_that_is_no_snapshot_says_so_and_the_cure(
    tmp_path: Path, text: str, reason: str
) -> None:
    file = tmp_path / "s.json"
    file.write_text(text)
    with pytest.raises(SnapshotError, match=reason) as caught:
        read_snapshot(file)
    assert str(file) in str(caught.value)
    assert "kada fivetran snapshot" in str(caught.value)
    assert isinstance(caught.value, ConfigError)


def test_a_file_that_is_not_utf8_is_no_snapshot(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    file.write_bytes(b'{"format": "\xff"}')
    with pytest.raises(SnapshotError, match="this is not JSON"):
        read_snapshot(file)


def test_a_folder_in_its_place_is_said(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="directory"):
        read_snapshot(tmp_path)
    with pytest.raises(SnapshotError, match="directory"):
        write_snapshot(tmp_path, Snapshot(NOW))


def test_folders_are_made_and_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a" / "b" / "s.json"
    write_snapshot(file, Snapshot(NOW))
    write_snapshot(file, Snapshot(NOW, {"g": "Group"}))
    assert read_snapshot(file) == Snapshot(NOW, {"g": "Group"})
    assert [path.name for path in file.parent.iterdir()] == ["s.json"]


def test_a_snapshot_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "s.json"
    write_snapshot(file, Snapshot(NOW))

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(SnapshotError, match="No space left"):
        write_snapshot(file, Snapshot(NOW, {"g": "Group"}))
    assert read_snapshot(file) == Snapshot(NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["s.json"]
