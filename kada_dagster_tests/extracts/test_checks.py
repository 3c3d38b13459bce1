"""The checks: every kind of damage is found by the check that is named for it, and said where."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kada_dagster.errors import StagingError
from kada_dagster.extracts import file_scan, id_index, reader
from kada_dagster.extracts.checks import CHECK_NAMES, CheckResult, check_extract, failures
from kada_dagster.extracts.contract import DATABASE_LOG, EVENTS, LINKAGE, META, encode_row, header
from kada_dagster.extracts.manifest import MANIFEST_NAME, read_manifest
from kada_dagster_tests.extracts.samples import (
    FAMILIES,
    Rows,
    edge,
    event,
    meta,
    row,
    shop,
    statement,
    write,
)
from kada_dagster_tests.hwm.faults import memory_folder

both = pytest.mark.parametrize("compress", [False, True], ids=["plain", "gzip"])


def check(folder: Path, share: float = 0.5) -> dict[str, CheckResult]:
    """The results by name, all of them."""
    results = check_extract(folder, min_share_of_last=share)
    assert tuple(result.name for result in results) == CHECK_NAMES
    return {result.name: result for result in results}


def failed(folder: Path) -> dict[str, str]:
    """The messages of the checks that failed."""
    return {name: result.message for name, result in check(folder).items() if not result.passed}


def file_of(folder: Path, family: str) -> Path:
    return next(folder.glob(f"{family}_*"))


def edit(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change the text of a file, compressed or not."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(change(gzip.decompress(data)), mtime=0))
    else:
        path.write_bytes(change(data))


def edit_manifest(folder: Path, change: Callable[[Any], object]) -> None:
    path = folder / MANIFEST_NAME
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def sign(folder: Path) -> None:
    """Make size and checksum in the manifest those of the files, as a faulty writer would."""

    def change(data: Any) -> None:
        for file in data["files"]:
            content = (folder / file["file"]).read_bytes()
            file.update(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())

    edit_manifest(folder, change)


@both
def test_a_sound_extract_passes_and_says_how_much_was_looked_at(
    tmp_path: Path, compress: bool
) -> None:
    results = check(write(tmp_path, shop(tables=12, events=3), compress=compress))
    assert all(result.passed for result in results.values())
    assert results["contract"].facts == {"files": 4, "rows": 14 + 11 + 3 + 3}
    assert results["unique_ids"].facts == {"ids": 14 + 11 + 3 + 3}
    assert results["parents_resolve"].facts == {"parents": 2}
    assert results["volume"].facts == {"min_share_of_last": 0.5, "rows": 14}
    assert failures(list(results.values())) == ""


# --- damage to the bytes -------------------------------------------------------------------


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.booleans(), st.sampled_from(FAMILIES), st.floats(0, 1, exclude_max=True), st.integers(1, 255)
)
def test_any_byte_of_any_file_that_changed_is_found_and_the_file_named(
    compress: bool, family: str, where: float, mask: int
) -> None:
    with memory_folder() as output:
        folder = write(output, shop(tables=3, events=1), compress=compress)
        path = file_of(folder, family)
        data = bytearray(path.read_bytes())
        data[int(where * len(data))] ^= mask
        path.write_bytes(data)
        wrong = failed(folder)
        assert path.name in wrong["contract"]
        assert set(wrong) == {"contract", "unique_ids", "parents_resolve"}
        assert "not checked" in wrong["unique_ids"]


@both
@pytest.mark.parametrize("family", FAMILIES)
def test_a_file_cut_or_grown_anywhere_is_found(tmp_path: Path, family: str, compress: bool) -> None:
    folder = write(tmp_path, shop(tables=3, events=1), compress=compress)
    path = file_of(folder, family)
    whole = path.read_bytes()
    shorter = [whole[:length] for length in range(0, len(whole), 7)]
    longer = [
        whole + more for more in (b"\n", b"\0", b"\0" * 300_000, b'"', whole, gzip.compress(b""))
    ]
    for data in [*shorter, whole[:-1], *longer]:
        path.write_bytes(data)
        assert path.name in failed(folder)["contract"]
    path.write_bytes(whole)
    assert failed(folder) == {}


@both
def test_files_that_changed_places_or_came_from_another_run_are_found(
    tmp_path: Path, compress: bool
) -> None:
    folder = write(tmp_path / "one", shop(), compress=compress)
    other = write(tmp_path / "other", shop(tables=13), compress=compress)
    shutil.copy(file_of(other, META), folder)
    assert file_of(folder, META).name in failed(folder)["contract"]
    sign(folder)
    assert "rows 15, but the manifest says 14" in failed(folder)["contract"]
    folder = write(tmp_path / "third", shop(), compress=compress)
    one, two = file_of(folder, META), file_of(folder, EVENTS)
    data = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(data)
    sign(folder)
    assert f"{one.name}: its header is not that of META" in failed(folder)["contract"]


def test_missing_and_foreign_files_are_found_and_named(tmp_path: Path) -> None:
    folder = write(tmp_path, shop())
    (folder / "notes.txt").write_text("mine")
    assert "notes.txt: in the folder, but not in the manifest" in failed(folder)["contract"]
    (folder / "notes.txt").unlink()
    path = file_of(folder, LINKAGE)
    path.unlink()
    assert f"{path.name}: in the manifest, but not in" in failed(folder)["contract"]
    path.mkdir()
    assert path.name in failed(folder)["contract"]


# --- damage a checksum does not see: the writer itself went wrong ---------------------------

RECORD = encode_row(meta("TABLE", "h.d.s.t3", "h.d.s", QUERY_CODE='select "a"|"b"'))
FIRST = len(header(META))
DAMAGE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "byte order mark": (lambda d: b"\xef\xbb\xbf" + d, "its header is not that of META"),
    "no header": (lambda d: d[FIRST:], "its header is not that of META"),
    "empty": (lambda _: b"", "its header is not that of META"),
    "lower-case header": (
        lambda d: d[:FIRST].lower() + d[FIRST:],
        "its header is not that of META",
    ),
    "columns in another order": (
        lambda d: d.replace(b'"OBJECT_TYPE"|"OBJECT_ID"', b'"OBJECT_ID"|"OBJECT_TYPE"', 1),
        "its header is not that of META",
    ),
    "unquoted header": (lambda d: d[:FIRST].replace(b'"', b"") + d[FIRST:], "its header"),
    "carriage returns": (lambda d: d.replace(b'"\n"', b'"\r\n"'), "its header"),
    "carriage returns in the body": (
        lambda d: d[:FIRST] + d[FIRST:].replace(b'"\n"', b'"\r\n"'),
        f"byte {FIRST}: not a record",
    ),
    "an unquoted field": (lambda d: d.replace(b'"h.d.s.t3"', b"h.d.s.t3", 1), "not a record of 18"),
    "an unquoted empty field": (lambda d: d.replace(b'|""|', b"||", 1), "not a record of 18"),
    "a quote not doubled": (lambda d: d.replace(b'""a""', b'"a""', 1), "not a record of 18"),
    "another delimiter": (
        lambda d: d[:FIRST] + d[FIRST:].replace(b"|", b","),
        "not a record of 18",
    ),
    "a field too many": (lambda d: d + RECORD.replace(b"\n", b'|""\n'), "not a record of 18"),
    "a field too few": (lambda d: d + RECORD.replace(b'|""\n', b"\n"), "not a record of 18"),
    "no newline at the end": (lambda d: d[:-1], "not a record of 18"),
    "an empty line at the end": (lambda d: d + b"\n", "not a record of 18"),
    "half a record at the end": (lambda d: d + RECORD[:20], "not a record of 18"),
    "not UTF-8": (lambda d: d.replace(b"h.d.s.t3", b"h.d.s.\xe9", 1), "not UTF-8"),
    "a NUL byte": (lambda d: d.replace(b"h.d.s.t3", b"h.d\0s.t3", 1), "a NUL byte"),
    "a record more": (lambda d: d + RECORD, "rows 15, but the manifest says 14"),
    "a record less": (lambda d: d.replace(RECORD, b""), "rows 13, but the manifest says 14"),
    "header twice": (lambda d: header(META) + d, "rows 15, but the manifest says 14"),
    "another type": (
        lambda d: d.replace(b'"TABLE"', b'"VIEW"', 1),
        "counts 12 objects of type TABLE, but META holds 11",
    ),
}


@both
@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_outside_the_contract_is_found_though_the_checksum_is_right(
    tmp_path: Path, damage: str, compress: bool
) -> None:
    folder = write(tmp_path, shop(tables=12), compress=compress)
    path = file_of(folder, META)
    change, complaint = DAMAGE[damage]
    before = path.read_bytes()
    edit(path, change)
    assert path.read_bytes() != before, "nothing was damaged"
    sign(folder)
    message = failed(folder)["contract"]
    assert complaint in message
    assert (MANIFEST_NAME if damage == "another type" else path.name) in message


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda m: m["files"][0].update(rows=13), "rows 14, but the manifest says 13"),
        (lambda m: m["files"][0].update(bytes=1), "but the manifest says 1"),
        (lambda m: m["files"][0].update(sha256="0" * 64), "but the manifest says 000"),
        (lambda m: m["files"][0]["columns"].reverse(), "its header is not that of META"),
        (lambda m: m["files"][0].update(file="../../x.csv"), "not the name of a META file"),
        (lambda m: m["files"][0].update(family="OTHER"), "not the name of a OTHER file"),
        (lambda m: m["files"][0].update(family=LINKAGE), "not the name of a LINKAGE file"),
        (lambda m: m["files"].pop(), "in the folder, but not in the manifest"),
        (lambda m: m["files"].append(m["files"][0]), "names no file, or one twice"),
        (lambda m: m["files"].clear(), "names no file, or one twice"),
        (lambda m: m["counts"].update(TABLE=13), "counts 13 objects of type TABLE"),
        (lambda m: m["counts"].update(VIEW=1), "counts 1 objects of type VIEW, but META holds 0"),
        (lambda m: m["counts"].pop("SCHEMA"), "counts 0 objects of type SCHEMA"),
        (lambda m: m.update(start_hwm="2023-12-31 00:00:00"), "is of [2023-12-31 00:00:00, "),
    ],
)
def test_a_manifest_that_does_not_fit_its_files_is_found(
    tmp_path: Path, change: Callable[[Any], object], complaint: str
) -> None:
    folder = write(tmp_path, shop(tables=12))
    edit_manifest(folder, change)
    assert complaint in failed(folder)["contract"]


@settings(max_examples=150, deadline=None)
@given(st.floats(0, 1, exclude_max=True), st.integers(1, 255))
def test_a_changed_byte_of_the_manifest_never_lets_other_files_pass(
    where: float, mask: int
) -> None:
    with memory_folder() as output:
        folder = write(output, shop(tables=3, events=1))
        before = read_manifest(folder)
        path = folder / MANIFEST_NAME
        data = bytearray(path.read_bytes())
        data[int(where * len(data))] ^= mask
        path.write_bytes(data)
        try:
            passed = "contract" not in failed(folder)
        except StagingError:  # no manifest any more; test_manifest says what it says
            return
        after = read_manifest(folder)
        same = (after.files, after.window, after.counts) == (
            before.files, before.window, before.counts,
        )  # fmt: skip
        assert passed == same


def test_without_a_manifest_there_is_nothing_to_check(tmp_path: Path) -> None:
    folder = write(tmp_path, shop())
    (folder / MANIFEST_NAME).unlink()
    with pytest.raises(StagingError, match="not a whole extract"):
        check_extract(folder, min_share_of_last=0)


# --- ids -----------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    ("family", "again", "sample"),
    [
        (META, meta("VIEW", "h.d.s.t7", "h.d.s"), "h.d.s.t7"),
        (LINKAGE, edge("h.d.s.t4", "h.d.s.t5"), "TABLE h.d.s.t4 TABLE h.d.s.t5 LINEAGE"),
        (EVENTS, event(1), "run-1"),
        (DATABASE_LOG, statement(2), "log-2"),
    ],
)
def test_an_id_that_occurs_twice_is_found_and_shown(
    tmp_path: Path, family: str, again: list[str], sample: str, compress: bool
) -> None:
    source = shop()
    source[family].append(again)
    folder = write(tmp_path, source, compress=compress)
    wrong = failed(folder)
    assert wrong == {"unique_ids": f"{file_of(folder, family).name}: more than once: {sample}"}
    assert check(folder)["unique_ids"].facts == {"duplicates": 1}


def test_many_duplicates_far_apart_are_found_and_five_are_shown(tmp_path: Path) -> None:
    ids = [meta("TABLE", f"h.{number}") for number in range(3000)]
    folder = write(tmp_path, {META: [*ids, *ids]})
    wrong = failed(folder)["unique_ids"]
    assert wrong.count(";") == 4
    assert check(folder)["unique_ids"].facts == {"duplicates": 3000}


def test_ids_that_only_look_alike_when_joined_are_no_duplicates(tmp_path: Path) -> None:
    links = [edge("h.a b", "h.c"), edge("h.a", "b h.c"), edge('h."|"x', "y"), edge("h.", '"|"xy')]
    folder = write(tmp_path, {META: [meta("TABLE", "OBJECT_ID")], LINKAGE: links})
    assert failed(folder) == {}


@pytest.mark.parametrize("at_once", [1, 2, 1000])
@pytest.mark.parametrize("different", [1, 3, 5, 7])
def test_ids_that_collide_in_the_index_are_no_duplicates_and_real_ones_are_still_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, different: int, at_once: int
) -> None:
    def poor_hash(value: bytes) -> int:
        return sum(value) % different

    for module in (id_index, file_scan):
        monkeypatch.setattr(module, "hash", poor_hash, raising=False)
    monkeypatch.setattr(file_scan, "_AT_ONCE", at_once)
    folder = write(tmp_path / "sound", shop())
    result = check(folder)["unique_ids"]
    assert result.passed
    source = shop()
    source[META].insert(3, meta("TABLE", 'h.d.s."twice"'))
    source[META].append(meta("TABLE", 'h.d.s."twice"'))
    wrong = failed(write(tmp_path / "twice", source))
    assert wrong["unique_ids"].endswith('more than once: h.d.s."twice"')


@both
def test_a_parent_that_is_no_object_is_found_and_shown(tmp_path: Path, compress: bool) -> None:
    source = shop()
    source[META].append(meta("COLUMN", "h.d.x.t.c", 'h.d."x".t'))
    source[META].append(meta("COLUMN", "h.d.x.t.d", 'h.d."x".t'))
    folder = write(tmp_path, source, compress=compress)
    name = file_of(folder, META).name
    assert failed(folder) == {"parents_resolve": f'{name}: PARENT_ID without an object: h.d."x".t'}
    assert check(folder)["parents_resolve"].facts == {"missing": 1}


def test_a_parent_may_come_after_its_child_and_links_may_end_outside(tmp_path: Path) -> None:
    objects = [meta("COLUMN", "h.t.c", "h.t"), meta("TABLE", "h.t")]
    folder = write(tmp_path, {META: objects, LINKAGE: [edge("h.t", "elsewhere.t")]})
    assert failed(folder) == {}


ids = st.sampled_from(["a", "b", "c", 'd"', "e|", "", "OBJECT_ID"])


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(ids, st.one_of(st.just(""), ids)), max_size=8), st.integers(1, 300))
def test_the_checks_of_ids_say_what_the_definition_says(
    pairs: list[tuple[str, str]], chunk: int
) -> None:
    with memory_folder() as output, pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "_CHUNK_BYTES", chunk)
        folder = write(output, {META: [meta("TABLE", *pair) for pair in pairs]})
        results = check(folder, share=0)
        own = Counter(id_ for id_, _ in pairs)
        assert results["contract"].passed
        assert results["unique_ids"].passed == all(count == 1 for count in own.values())
        assert results["parents_resolve"].passed == all(p in own for _, p in pairs if p)


@pytest.mark.parametrize("chunk", [1, 17, 100, 4096])
@both
def test_the_answer_does_not_depend_on_where_chunks_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, compress: bool
) -> None:
    monkeypatch.setattr(reader, "_CHUNK_BYTES", chunk)
    source: Rows = shop(tables=6, events=2)
    assert failed(write(tmp_path / "sound", source, compress=compress)) == {}
    big = row(META, OBJECT_TYPE="TABLE", OBJECT_ID="h.big", QUERY_CODE='"x|\n' * 3000)
    folder = write(tmp_path / "big", {META: [*source[META], big, big]}, compress=compress)
    assert failed(folder)["unique_ids"].endswith("more than once: h.big")
    edit(file_of(folder, META), lambda data: data[:-1] + b"x")
    sign(folder)
    size = len(encode_row(big))
    whole = len(header(META)) + sum(len(encode_row(r)) for r in source[META]) + size
    assert f"byte {whole}: not a record" in failed(folder)["contract"]
