"""The strict reader: the same answer wherever a chunk ends, and no damage read as data."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kada_dagster.errors import CheckFailedError
from kada_dagster.extracts import reader
from kada_dagster.extracts.contract import LINKAGE, META, encode_row
from kada_dagster.extracts.reader import rows, scan
from kada_dagster_tests.extracts.samples import rows_of, shop, write


def read_in(size: int, data: bytes, columns: int) -> tuple[list[bytes], str]:
    """The records read with chunks of `size` bytes, and the error."""
    found: list[bytes] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "_CHUNK_BYTES", size)
        try:
            for batch in scan(io.BytesIO(data), columns, [(0, columns)]):
                found += [record + b"\n" for record, _ in batch]
        except CheckFailedError as error:
            return found, str(error)
    return found, ""


def parse(data: bytes, columns: int) -> tuple[list[bytes], int | None]:
    """The dialect spelled out one byte at a time: records, and where the first bad one begins."""
    found: list[bytes] = []
    start = 0
    while start < len(data):
        position, fields = start, 0
        while fields < columns:
            if data[position : position + 1] != b'"':
                return found, start
            position += 1
            while True:
                here = data[position : position + 1]
                if not here:
                    return found, start
                if here == b'"':
                    if data[position + 1 : position + 2] != b'"':
                        break
                    position += 1
                position += 1
            fields += 1
            ending = b"\n" if fields == columns else b"|"
            if data[position + 1 : position + 2] != ending:
                return found, start
            position += 2
        found.append(data[start:position])
        start = position
    return found, None


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.lists(st.sampled_from([b'"', b'""', b"|", b'"|"', b"\n", b'"\n', b"a", b"\r"])),
        st.lists(st.sampled_from([b'"a"|""\n', b'"""|"|"\n"\n', b'"', b"|", b"\n"])),
    ).map(b"".join),
    st.integers(1, 3),
    st.integers(1, 9),
)
@example(b'"a"|"b"', 2, 1)
@example(b'"a"|"b"\n\n', 2, 3)
def test_any_bytes_are_read_as_the_dialect_says_wherever_the_chunks_end(
    data: bytes, columns: int, size: int
) -> None:
    wanted, bad = parse(data, columns)
    found, error = read_in(size, data, columns)
    assert found == wanted
    if bad is None:
        assert error == ""
    else:
        assert error == f"byte {bad}: not a record of {columns} quoted fields"


@settings(max_examples=60, deadline=None)
@given(rows_of(LINKAGE), st.integers(1, 40))
def test_records_longer_than_a_chunk_and_cut_anywhere_are_read_whole(
    records: list[list[str]], size: int
) -> None:
    encoded = [encode_row(fields) for fields in records]
    assert read_in(size, b"".join(encoded), 7) == (encoded, "")


def test_a_record_of_several_real_chunks_is_read_whole(tmp_path: Path) -> None:
    code = 'say "yes"|\n' * 300_000
    source = shop(tables=2)
    source[META][2][7] = code
    for compress in (False, True):
        folder = write(tmp_path / str(compress), source, compress=compress)
        path = next(folder.glob("META*"))
        assert [fields[7] for fields in rows(path, 18)][3] == code


class Counting(io.BytesIO):
    """A stream that knows how much was asked of it, and how often."""

    taken = calls = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        self.calls += 1
        return data


def test_a_long_record_is_not_looked_at_again_for_every_chunk_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reader, "_CHUNK_BYTES", 100)
    source = Counting(encode_row(["x" * 1_000_000]))
    assert len(list(scan(source, 1, [(0, 1)]))) == 1
    assert source.calls < 20, "each look takes in twice as much as the one before"


def test_a_bad_record_is_found_when_it_is_met_not_after_the_rest_was_read() -> None:
    good = encode_row(["x"] * 7)
    source = Counting(good + b'"a"|b\n' + good * 200_000)
    with pytest.raises(CheckFailedError, match=rf"byte {len(good)}: "):
        list(scan(source, 7, [(0, 1)]))
    assert source.taken <= reader._CHUNK_BYTES


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b'"\xff"\n', "byte 1: not UTF-8"),
        (b'"ok"\n"\xed\xa0\x80"\n', "byte 6: not UTF-8"),  # half a surrogate pair
        (b'"ok"\n"\xc0\xaf"\n', "byte 6: not UTF-8"),  # a longer spelling of "/"
        (b'"ok"\n"\xe2\x82"\n', "byte 6: not UTF-8"),  # a character cut short
        (b'"ok"\n"a\0b"\n', "byte 7: a NUL byte"),
    ],
)
@pytest.mark.parametrize("size", [1, 4, 1024])
def test_bytes_that_are_no_text_are_an_error_at_their_place(
    data: bytes, complaint: str, size: int
) -> None:
    assert read_in(size, data, 1)[1].startswith(complaint)


def test_captured_columns_are_exactly_those_asked_for() -> None:
    data = encode_row(['a"', "b|c", "", "d\ne"]) + encode_row(["1", "2", "3", "4"])
    spans = [(0, 1), (1, 3)]
    batches = list(scan(io.BytesIO(data), 4, spans))
    assert [record for batch in batches for record in batch] == [
        (b'"a"""', b'"b|c"|""', b""),
        (b'"1"', b'"2"|"3"', b""),
    ]


def test_millions_of_quotes_in_one_field_are_read() -> None:
    field = '"' * 2_000_000
    data = encode_row(["a", field, "b"])
    assert list(scan(io.BytesIO(data), 3, [(2, 3)])) == [[(b'"b"', b"")]]
