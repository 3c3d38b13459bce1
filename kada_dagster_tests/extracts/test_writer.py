"""The writer: order, counts and warnings are those of the source, whoever writes or dies."""

from __future__ import annotations

import csv
import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kada_dagster.errors import ExtractError, StagingError
from kada_dagster.extracts.checks import check_extract
from kada_dagster.extracts.contract import COLUMNS, LINKAGE, META, encode_row, header
from kada_dagster.extracts.manifest import MANIFEST_NAME, Manifest, Warning, read_manifest
from kada_dagster.extracts.reader import rows
from kada_dagster.extracts.staging import Staging
from kada_dagster.extracts.writer import ExtractHead, ExtractWriter
from kada_dagster_tests.extracts.samples import DAY, FAMILIES, edge, meta, rows_of, shop, write
from kada_dagster_tests.hwm.faults import file_size_limit, memory_folder

HEAD = ExtractHead("postgres", "shop", "h", (META, LINKAGE), compress=False)
KINDS = ("TABLE", "COLUMN", "SCHEMA", "PROCEDURE")


def hidden(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.name.startswith(".") and p.name != ".lock")


def many(section: int, number: int) -> list[list[str]]:
    """Rows of one section, more than one batch of them when there are thousands."""
    kind = KINDS[section % len(KINDS)]
    return [meta(kind, f"h.{section}.{n}", DESCRIPTION="x" * 90) for n in range(number)]


def written_by_threads(output: Path, sizes: list[int], seed: int) -> Path:
    """Sections opened in order, then filled by a thread each, in any order and interleaved."""
    staging = Staging(output, "shop")
    order = list(range(len(sizes)))
    random.Random(seed).shuffle(order)
    with ExtractWriter(staging, DAY, HEAD) as writer:
        sections = [writer.section(META) for _ in sizes]
        together = threading.Barrier(len(sizes))

        def fill(index: int) -> None:
            together.wait()
            for fields in many(index, sizes[index]):
                sections[index].add(fields)
            writer.warn("seen", f"section {index}", sizes[index])
            sections[index].close()

        threads = [threading.Thread(target=fill, args=(index,)) for index in order]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        writer.commit()
    return staging.run_folder(DAY)


@pytest.mark.parametrize("seed", range(4))
def test_sections_filled_by_threads_at_once_give_the_bytes_of_one_after_the_other(
    tmp_path: Path, seed: int
) -> None:
    sizes = [3000, 1, 0, 2500, 4000, 17]
    folder = written_by_threads(tmp_path, sizes, seed)
    data = next(folder.glob("META*")).read_bytes()
    in_order = [fields for index, size in enumerate(sizes) for fields in many(index, size)]
    assert data == header(META) + b"".join(map(encode_row, in_order))
    manifest = read_manifest(folder)
    assert manifest.rows == {META: sum(sizes), LINKAGE: 0}
    assert manifest.counts == Counter(fields[0] for fields in in_order)
    assert [(w.code, w.count) for w in manifest.warnings] == [("seen", sum(sizes))]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.lists(st.sampled_from(KINDS), max_size=5), max_size=5),
    rows_of(LINKAGE),
    st.booleans(),
)
def test_the_manifest_says_what_the_files_hold(
    sections: list[list[str]], links: list[list[str]], compress: bool
) -> None:
    with memory_folder() as output:
        staging = Staging(output, "shop")
        head = ExtractHead("postgres", "shop", "h", (META, LINKAGE), compress)
        with ExtractWriter(staging, DAY, head) as writer:
            for index, kinds in enumerate(sections):
                rows_ = (meta(kind, f"{index}.{n}") for n, kind in enumerate(kinds))
                writer.add_rows(META, rows_)
            writer.add_rows(LINKAGE, links)
            manifest = writer.commit()
        folder = staging.run_folder(DAY)
        assert read_manifest(folder) == manifest
        assert manifest.counts == Counter(kind for kinds in sections for kind in kinds)
        for file in manifest.files:
            path = folder / file.file
            data = path.read_bytes()
            assert (file.bytes, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())
            assert file.rows == sum(1 for _ in rows(path, len(file.columns))) - 1
            assert file.columns == COLUMNS[file.family]
        assert check_extract(folder, min_share_of_last=0)[0].passed


def test_a_family_without_rows_is_a_file_with_a_header(tmp_path: Path) -> None:
    folder = write(tmp_path, dict.fromkeys(FAMILIES, ()))
    for family in FAMILIES:
        assert next(folder.glob(f"{family}_*")).read_bytes() == header(family)
    assert set(read_manifest(folder).rows.values()) == {0}
    assert {path.name for path in folder.iterdir()} == {
        MANIFEST_NAME, *[f"{family}_20240102000000.csv" for family in FAMILIES],
    }  # fmt: skip


def test_warnings_are_counted_by_code_with_their_first_sample(tmp_path: Path) -> None:
    with ExtractWriter(Staging(tmp_path, "shop"), DAY, HEAD) as writer:
        writer.warn("hidden", "first")
        writer.warn("denied", "only")
        writer.warn("hidden", "second", 41)
        manifest = writer.commit()
    assert manifest.warnings == (Warning("denied", 1, "only"), Warning("hidden", 42, "first"))


def test_what_is_no_text_is_taken_out_counted_and_named(tmp_path: Path) -> None:
    bad = meta("TABLE", "h.t1", DESCRIPTION="nul \0 inside", OWNER="half \ud83d pair")
    with ExtractWriter(Staging(tmp_path, "shop"), DAY, HEAD) as writer:
        writer.add_rows(META, [meta("TABLE", "h.t0", DESCRIPTION="😀"), bad, bad])
        manifest = writer.commit()
    assert manifest.warnings == (Warning("not_text", 4, "TABLE h.t1"),)
    folder = tmp_path / "shop" / DAY.folder
    found = list(rows(folder / manifest.files[0].file, 18))
    cleaned = meta("TABLE", "h.t1", DESCRIPTION="nul  inside", OWNER="half \ufffd pair")
    assert found[1:] == [meta("TABLE", "h.t0", DESCRIPTION="😀"), cleaned, cleaned]
    assert read_manifest(folder) == manifest


def test_a_sample_that_is_no_text_cannot_stop_the_commit(tmp_path: Path) -> None:
    with ExtractWriter(Staging(tmp_path, "shop"), DAY, HEAD) as writer:
        writer.warn("odd", "half \udfff pair\0")
        writer.commit()
    manifest = read_manifest(tmp_path / "shop" / DAY.folder)
    assert manifest.warnings == (Warning("odd", 1, "half \ufffd pair"),)


def test_a_row_of_the_wrong_width_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    for fields in (["TABLE"], [*meta("TABLE", "h.t"), "more"], []):
        with pytest.raises(ExtractError, match=f"{len(fields)} fields in a row of 18"):
            write(tmp_path, {META: [fields]})
    assert list((tmp_path / "shop").glob("[!.]*")) == []
    assert hidden(tmp_path / "shop") == []


def test_an_error_of_the_source_is_not_blamed_on_the_disk(tmp_path: Path) -> None:
    def lost() -> None:
        with ExtractWriter(Staging(tmp_path, "shop"), DAY, HEAD) as writer:
            writer.add_rows(META, [meta("TABLE", "h.t")])
            raise ConnectionResetError("the source hung up")

    with pytest.raises(ConnectionResetError, match="hung up"):
        lost()
    assert hidden(tmp_path / "shop") == []


def test_a_writer_left_without_a_commit_leaves_nothing(tmp_path: Path) -> None:
    with ExtractWriter(Staging(tmp_path, "shop"), DAY, HEAD) as writer:
        writer.add_rows(META, [meta("TABLE", "h.t")])
    assert Staging(tmp_path, "shop").runs() == {}
    assert hidden(tmp_path / "shop") == []


_KILLED = """
import sys
from pathlib import Path
from kada_dagster.extracts.contract import META
from kada_dagster.extracts.staging import Staging
from kada_dagster.extracts.writer import ExtractWriter
from kada_dagster_tests.extracts.samples import DAY, meta
from kada_dagster_tests.extracts.test_writer import HEAD

with ExtractWriter(Staging(Path(sys.argv[1]), "shop"), DAY, HEAD) as writer:
    section = writer.section(META)
    for number in range(5000):
        section.add(meta("TABLE", f"h.{number}", DESCRIPTION="x" * 90))
    print("writing", flush=True)
    sys.stdin.read()
"""


def test_a_process_killed_while_it_writes_leaves_the_earlier_run_and_the_next_one_clears_up(
    tmp_path: Path,
) -> None:
    folder = write(tmp_path, shop())
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    command = [sys.executable, "-c", _KILLED, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"writing\n"
        assert hidden(tmp_path / "shop") != [], "it was at work"
        os.kill(child.pid, signal.SIGKILL)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert list(Staging(tmp_path, "shop").runs()) == [DAY]
    assert hidden(tmp_path / "shop") != []
    write(tmp_path, shop(tables=2))
    assert hidden(tmp_path / "shop") == []
    assert read_manifest(folder).counts["TABLE"] == 2


def test_a_record_already_in_the_dialect_is_written_as_it_is(tmp_path: Path) -> None:
    raw = b'"TABLE"|"h.""t"""' + b'|""' * 16 + b"\n"
    with ExtractWriter(Staging(tmp_path, "shop"), DAY, HEAD) as writer:
        section = writer.section(META)
        assert section.write(raw) == len(raw)
        section.count("TABLE", 1)
        section.close()
        section.close()
        manifest: Manifest = writer.commit()
    assert (manifest.counts, manifest.rows[META]) == ({"TABLE": 1}, 1)
    file = tmp_path / "shop" / DAY.folder / manifest.files[0].file
    assert file.read_bytes() == header(META) + raw
    with file.open(newline="", encoding="utf-8") as text:
        assert list(csv.reader(text, delimiter="|"))[1][:2] == ["TABLE", 'h."t"']


def test_rows_taken_back_are_neither_written_nor_counted(tmp_path: Path) -> None:
    with ExtractWriter(Staging(tmp_path, "shop"), DAY, HEAD) as writer:
        section = writer.section(META)
        for fields in many(section=1, number=5_000):
            section.add(fields)
        section.clear()
        section.add(meta("TABLE", "h.t"))
        section.close()
        manifest = writer.commit()
    assert (manifest.counts, manifest.rows[META]) == ({"TABLE": 1}, 1)
    file = tmp_path / "shop" / DAY.folder / manifest.files[0].file
    assert file.read_bytes() == header(META) + encode_row(meta("TABLE", "h.t"))


def test_a_full_disk_is_said_by_the_write_that_meets_it(tmp_path: Path) -> None:
    record = encode_row(meta("TABLE", "h.t", DESCRIPTION="x" * 900))
    with file_size_limit(100_000), ExtractWriter(Staging(tmp_path, "shop"), DAY, HEAD) as writer:
        section = writer.section(META)
        with pytest.raises(StagingError, match="output_path: cannot write"):
            section.write(record * 1_000)
    assert hidden(tmp_path / "shop") == []


def test_links_are_not_counted_as_objects(tmp_path: Path) -> None:
    folder = write(tmp_path, {META: [meta("TABLE", "h.a")], LINKAGE: [edge("h.a", "h.b")]})
    assert read_manifest(folder).counts == {"TABLE": 1}
