"""Parts of an extract file: together the whole, whatever is guessed, and the same answer."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from kada_dagster.errors import CheckFailedError
from kada_dagster.extracts import halves
from kada_dagster.extracts.checks import check_extract
from kada_dagster.extracts.contract import META
from kada_dagster.extracts.halves import FirstPart, SecondPart, middle
from kada_dagster.extracts.reader import Readable, open_extract
from kada_dagster_tests.extracts.samples import Rows, meta, shop, write

both = pytest.mark.parametrize("compress", [False, True], ids=["plain", "gzip"])


def content(source: Readable, size: int) -> bytes:
    """All of a stream, read in pieces."""
    return b"".join(iter(lambda: source.read(size) or b"", b""))


@both
def test_the_parts_are_the_whole_file_parted_behind_a_record(
    tmp_path: Path, compress: bool
) -> None:
    path = next(write(tmp_path, shop(), compress=compress).glob("META*"))
    with open_extract(path) as source:
        whole = source.read()
    last = whole.rfind(b'"\n"')
    for position in range(0, last, 3):
        with open_extract(path) as one, open_extract(path) as other:
            first = content(FirstPart(one, position), 7)
            assert first + content(SecondPart(other, position), 50) == whole
        assert first.endswith(b'"\n')
        assert len(first) >= position
    with open_extract(path) as source, pytest.raises(CheckFailedError):
        SecondPart(source, last + 1)


@both
def test_only_a_large_file_is_parted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compress: bool
) -> None:
    path = tmp_path / ("x.csv.gz" if compress else "x.csv")
    path.write_bytes(gzip.compress(bytes(100_000)) if compress else bytes(100_000))
    assert middle(path) is None
    monkeypatch.setattr(halves, "_LARGE_BYTES", 100_000)
    assert 30_000 <= (middle(path) or 0) <= 60_000
    monkeypatch.setattr(halves, "_LARGE_BYTES", 100_001)
    assert middle(path) is None


def damaged(folder: Path, at: int) -> None:
    """Change a byte of META."""
    path = next(folder.glob("META*"))
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def twins(source: Rows, first: int, second: int) -> Rows:
    """One object at two places."""
    rows = list(source[META])
    rows.insert(first, meta("TABLE", "h.twin", "h.d.s"))
    rows.insert(second, meta("TABLE", "h.twin", "h.d.s"))
    return {**source, META: rows}


def extracts(output: Path, compress: bool) -> list[Path]:
    """Sound, damaged in either part, with ids that occur in both, with parents that do not."""
    source = shop(tables=40, events=1)
    lone = [*source[META], meta("COLUMN", "h.c", "h.nowhere")]
    tricky = [meta("TABLE", f"h.{n}", QUERY_CODE='"\n"|"\n"' * 40) for n in range(20)]
    variants: list[Rows] = [
        source,
        twins(source, 2, 42),
        twins(source, 40, 41),
        twins(source, 1, 2),
        {**source, META: lone},
        {**source, META: lone[::-1]},
        {**source, META: tricky},
    ]
    folders = [
        write(output / str(number), rows, compress=compress) for number, rows in enumerate(variants)
    ]
    size = next(folders[0].glob("META*")).stat().st_size
    for at in range(20, size, size // 6):
        folders.append(write(output / f"damaged{at}", source, compress=compress))
        damaged(folders[-1], at)
    return folders


_SCRIPT = """
import json, os, sys
from pathlib import Path
from kada_dagster.extracts import halves
from kada_dagster.extracts.checks import check_extract
halves._LARGE_BYTES = 2000
copies = 0
def count(event, arguments):
    global copies
    copies += event == "os.fork"
sys.addaudithook(count)
answers = []
for folder in json.loads(sys.argv[1]):
    for share in (0.2, 0.4, 0.5, 0.8):
        halves._PLAIN_SHARE = halves._GZIP_SHARE = share
        results = check_extract(Path(folder), min_share_of_last=0)
        answers.append([[r.name, r.passed, r.message, dict(r.facts)] for r in results])
print(json.dumps([copies, answers]))
"""


@both
@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone copies")
def test_two_processes_say_what_one_says(tmp_path: Path, compress: bool) -> None:
    folders = extracts(tmp_path, compress)
    names = json.dumps([str(folder) for folder in folders])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _SCRIPT, names],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    copies, answers = json.loads(done.stdout)
    for number, folder in enumerate(folders):
        results = check_extract(folder, min_share_of_last=0)
        one = [[r.name, r.passed, r.message, dict(r.facts)] for r in results]
        assert answers[4 * number : 4 * number + 4] == [one] * 4
    assert copies >= len(folders), "it was always one process"
