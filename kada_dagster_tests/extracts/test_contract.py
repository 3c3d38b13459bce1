"""The dialect and the cells: what goes in comes out, through our reader and through others."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kada_dagster.extracts.contract import (
    COLUMNS,
    EVENTS,
    LINKAGE,
    META,
    clean,
    encode_row,
    flag,
    header,
    json_cell,
    timestamp,
)
from kada_dagster.extracts.manifest import read_manifest
from kada_dagster.extracts.reader import decode_record, rows
from kada_dagster_tests.extracts.samples import rows_of, texts, write
from kada_dagster_tests.hwm.faults import memory_folder


def plain_bytes(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def csv_rows(data: bytes) -> list[list[str]]:
    """How Python's csv module, told no more than the delimiter, understands a file."""
    return list(csv.reader(io.StringIO(data.decode(), newline=""), delimiter="|", strict=True))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows_of(META), rows_of(LINKAGE), st.booleans())
def test_any_text_survives_the_way_through_a_file_and_both_readers(
    objects: list[list[str]], links: list[list[str]], compress: bool
) -> None:
    with memory_folder() as output:
        folder = write(output, {META: objects, LINKAGE: links}, compress=compress)
        for file, wanted in zip(read_manifest(folder).files, (objects, links)):
            path = folder / file.file
            expected = [list(COLUMNS[file.family]), *wanted]
            assert csv_rows(plain_bytes(path)) == expected
            assert list(rows(path, len(file.columns))) == expected


@given(st.lists(texts, min_size=1, max_size=20))
@example(["", '"', '""', '"|"', "\n", "\r\n", "a\n"])
def test_a_record_is_quoted_everywhere_ends_with_a_newline_and_is_read_back(
    fields: list[str],
) -> None:
    record = encode_row(fields)
    assert record.startswith(b'"')
    assert record.endswith(b'"\n')
    assert decode_record(record.decode()) == fields
    assert record.count(b'"') == 2 * len(fields) + 2 * sum(field.count('"') for field in fields)


def test_the_dialect_is_the_vendors_to_the_byte() -> None:
    assert header(LINKAGE) == (
        b'"SOURCE_OBJECT_TYPE"|"SOURCE_OBJECT_ID"|"TARGET_OBJECT_TYPE"|"TARGET_OBJECT_ID"'
        b'|"RELATIONSHIP"|"CONFIDENCE"|"ATTRIBUTES"\n'
    )
    assert encode_row(["a|b", "", 'say "no"', "two\nlines", "é"]) == (
        '"a|b"|""|"say ""no"""|"two\nlines"|"é"\n'.encode()
    )


@given(st.text(st.characters(codec=None), max_size=20))
@example("\ud800")
@example("a\0b\udfff")
def test_what_no_extract_may_hold_is_taken_out_and_nothing_else(text: str) -> None:
    cleaned = clean(text)
    encode_row([cleaned])
    assert "\0" not in cleaned
    assert clean(cleaned) == cleaned
    kept = [character for character in text if character != "\0"]
    assert len(cleaned) == len(kept)
    for before, after in zip(kept, cleaned):
        assert after == ("\ufffd" if "\ud800" <= before <= "\udfff" else before)


def test_half_a_surrogate_pair_is_never_written_silently() -> None:
    with pytest.raises(UnicodeEncodeError):
        encode_row(["\ud800"])


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), texts),
    lambda part: st.lists(part),
    max_leaves=5,
)


@given(st.dictionaries(texts, values, max_size=6))
def test_a_json_cell_is_one_spelling_of_what_is_present(value: dict[str, object]) -> None:
    cell = json_cell(value)
    present = {key: item for key, item in value.items() if item is not None}
    assert (json.loads(cell) if cell else {}) == present
    assert cell == json_cell(dict(reversed(value.items())))
    assert bool(cell) == bool(present)


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)),  # noqa: DTZ001 - Hypothesis wants so
    st.integers(-14 * 60, 14 * 60),
)
def test_a_timestamp_is_the_same_moment_in_utc(moment: datetime, minutes: int) -> None:
    local = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    text = timestamp(local)
    form = "%Y-%m-%d %H:%M:%S" + (".%f" if moment.microsecond else "")
    assert datetime.strptime(text, form).replace(tzinfo=timezone.utc) == local


def test_an_absent_value_is_an_empty_cell() -> None:
    assert [timestamp(None), flag(None), flag(True), flag(False), json_cell({"a": None})] == [
        "", "", "Y", "N", "",
    ]  # fmt: skip


def test_meta_is_uploaded_first_and_every_family_names_its_own_columns() -> None:
    assert next(iter(COLUMNS)) == META
    assert COLUMNS[META][:10] == (
        "OBJECT_TYPE", "OBJECT_ID", "TOOL_OBJECT_TYPE", "NAME", "DESCRIPTION", "URL", "PATH",
        "QUERY_CODE", "CREATED_AT", "UPDATED_AT",
    )  # fmt: skip
    for family in (*COLUMNS, EVENTS):
        assert len(set(COLUMNS[family])) == len(COLUMNS[family])
