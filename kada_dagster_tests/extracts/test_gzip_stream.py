"""Compressed files: the same bytes for the same content, readable by everybody."""

from __future__ import annotations

import gzip
import hashlib
import io
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.errors import CheckFailedError
from kada_dagster.extracts.gzip_stream import gzip_errors, open_gzip, read_gzip
from kada_dagster.extracts.reader import rows
from kada_dagster_tests.extracts.samples import shop, write


@pytest.fixture(params=["isal", "standard library"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """As on a machine with the fast library, and as on one it has no wheel for."""
    if request.param == "isal":
        pytest.importorskip("isal", reason="no wheel of isal for this platform")
    else:
        for name in ("isal", "isal.igzip", "isal.igzip_lib"):
            monkeypatch.setitem(sys.modules, name, None)
    return str(request.param)


def packed(data: bytes, step: int = 1 << 20) -> bytes:
    target = io.BytesIO()
    with open_gzip(target) as stream:
        for first in range(0, len(data), step):
            stream.write(data[first : first + step])
    return target.getvalue()


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=3000))
def test_what_was_packed_comes_out_of_every_unpacker(data: bytes) -> None:
    file = packed(data)
    assert gzip.decompress(file) == data
    assert read_gzip(io.BytesIO(file)).read() == data


def test_the_header_has_no_name_and_no_time(library: str, tmp_path: Path) -> None:
    with (tmp_path / "private name.csv.gz").open("wb") as target, open_gzip(target) as stream:
        stream.write(b"text")
    start = (tmp_path / "private name.csv.gz").read_bytes()[:10]
    assert start[:4] == b"\x1f\x8b\x08\x00", "deflate, and no flag: no name, comment or extra"
    assert start[4:8] == bytes(4), "no time"


def test_the_same_content_is_the_same_bytes_however_the_run_went(
    library: str, tmp_path: Path
) -> None:
    folders = [write(tmp_path / n, shop(300), compress=True) for n in ("one", "other")]
    hashes = [
        {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.gz")}
        for folder in folders
    ]
    assert hashes[0] == hashes[1]
    assert len(hashes[0]) == 4


def test_gzip_itself_finds_the_file_whole(library: str, tmp_path: Path) -> None:
    folder = write(tmp_path, shop(300), compress=True)
    for path in folder.glob("*.gz"):
        subprocess.run(["gzip", "-t", str(path)], check=True)
        unpacked = subprocess.run(["gzip", "-dc", str(path)], check=True, capture_output=True)
        assert unpacked.stdout == gzip.decompress(path.read_bytes())


def test_every_damage_is_an_error_the_reader_can_name(library: str, tmp_path: Path) -> None:
    path = next(write(tmp_path, shop(), compress=True).glob("META*"))
    whole = path.read_bytes()
    wanted = list(rows(path, 18))
    seen: set[str] = set()
    for position in range(len(whole)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
        try:
            assert list(rows(path, 18)) == wanted, "damaged data was taken for whole"
        except CheckFailedError as error:
            seen.add(type(error.__cause__).__name__)
    assert len(seen) > 1, "several kinds of errors were met"
    for length in range(1, len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(CheckFailedError):
            list(rows(path, 18))


def test_the_errors_of_the_library_in_use_are_known(library: str) -> None:
    assert any(kind.__name__ == "IsalError" for kind in gzip_errors()) == (library == "isal")
