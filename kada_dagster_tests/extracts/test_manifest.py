"""The manifest: read back as written, or an error that names the file and the field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kada_dagster.errors import StagingError
from kada_dagster.extracts.contract import CONTRACT_VERSION
from kada_dagster.extracts.manifest import (
    MANIFEST_NAME,
    ExtractFile,
    Manifest,
    Warning,
    read_manifest,
)
from kada_dagster_tests.extracts.samples import DAY, shop, texts, write

counts = st.integers(0, 2**53)
files = st.builds(ExtractFile, texts, texts, counts, counts, texts, st.lists(texts).map(tuple))
manifests = st.builds(
    Manifest,
    source_type=texts,
    name=texts,
    host=texts,
    start_hwm=st.just(DAY.start_hwm),
    end_hwm=st.just(DAY.end_hwm),
    extracted_at=texts,
    producer=texts,
    files=st.lists(files, max_size=3).map(tuple),
    counts=st.dictionaries(texts, counts, max_size=3),
    warnings=st.lists(st.builds(Warning, texts, counts, texts), max_size=3).map(tuple),
)


@given(manifests)
def test_any_manifest_is_read_back_as_it_was(manifest: Manifest) -> None:
    text = manifest.to_json()
    assert Manifest.from_json(text) == manifest
    assert Manifest.from_json(text).to_json() == text


@given(manifests)
def test_its_sums_are_those_of_its_files(manifest: Manifest) -> None:
    assert manifest.bytes == sum(file.bytes for file in manifest.files)
    assert manifest.window == DAY
    assert set(manifest.rows) == {file.family for file in manifest.files}


def change(path: Path, *where: str | int, to: Any = ...) -> None:
    """Set, or without `to` remove, what is at a place in a JSON file."""
    data = here = json.loads(path.read_text())
    for step in where[:-1]:
        here = here[step]
    if to is ...:
        del here[where[-1]]
    else:
        here[where[-1]] = to
    path.write_text(json.dumps(data))


@pytest.mark.parametrize(
    ("where", "to", "complaint"),
    [
        (("contract",), 2, "contract version 2, not 1"),
        (("contract",), ..., "contract version None, not 1"),
        (("contract",), "1", "contract version '1', not 1"),
        (("contract",), True, "contract"),
        (("files",), ..., "files"),
        (("files",), {}, "files"),
        (("files", 0), "META.csv", "files.0"),
        (("files", 0, "rows"), "12", "files.0.rows"),
        (("files", 0, "rows"), 1.5, "files.0.rows"),
        (("files", 0, "bytes"), None, "files.0.bytes"),
        (("files", 0, "file"), 7, "files.0.file"),
        (("files", 1, "sha256"), ..., "files.1.sha256"),
        (("files", 1, "columns"), "all", "files.1.columns"),
        (("files", 1, "surprise"), 1, "files.1.surprise"),
        (("counts",), [], "counts"),
        (("counts", "TABLE"), "many", "counts.TABLE"),
        (("warnings",), [{"code": "x", "count": 1}], "warnings.0.sample"),
        (("start_hwm",), "yesterday", "start_hwm 'yesterday' is not in the format"),
        (("end_hwm",), "2024-01-01 00:00:00", "is not before its end"),
        (("surprise",), 1, "surprise"),
    ],
)
def test_a_manifest_that_is_not_one_is_an_error_naming_the_file_and_the_field(
    tmp_path: Path, where: tuple[str | int, ...], to: Any, complaint: str
) -> None:
    folder = write(tmp_path, shop())
    change(folder / MANIFEST_NAME, *where, to=to)
    with pytest.raises(StagingError) as caught:
        read_manifest(folder)
    assert str(folder / MANIFEST_NAME) in str(caught.value)
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"1", b"null", b'"x"', b"\xff\xfe", b"[" * 200_000, b"{}\0"]
)
def test_damaged_text_is_an_error_naming_the_file(tmp_path: Path, data: bytes) -> None:
    (tmp_path / MANIFEST_NAME).write_bytes(data)
    with pytest.raises(StagingError, match=MANIFEST_NAME):
        read_manifest(tmp_path)


def test_a_folder_without_a_manifest_is_not_a_whole_extract(tmp_path: Path) -> None:
    with pytest.raises(StagingError, match=r"manifest\.json is missing: .* not a whole extract"):
        read_manifest(tmp_path)


@given(data=st.data())
def test_cut_anywhere_it_is_an_error(data: st.DataObject) -> None:
    text = data.draw(manifests).to_json().rstrip("\n")
    length = data.draw(st.integers(0, len(text) - 1))
    with pytest.raises(ValueError, match=r"."):
        Manifest.from_json(text[:length])


def test_the_version_is_written() -> None:
    assert CONTRACT_VERSION == 1
