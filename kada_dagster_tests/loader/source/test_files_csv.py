"""CSV files: what a file says arrives, and what COPY would read as something else is told."""

from __future__ import annotations

import csv
import gzip
import io
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from kada_dagster.loader.definition.sources import FilesSource
from kada_dagster.loader.errors import SchemaMismatchError, SourceReadError
from kada_dagster.loader.source.base import Selection
from kada_dagster.loader.source.csv_blocks import CsvBlocks
from kada_dagster.loader.source.csv_dialect import CsvDialect
from kada_dagster.loader.source.files.folder import Folder
from kada_dagster.loader.source.files.source import FolderSource
from kada_dagster.sandbox.postgres_server import PostgresServer
from kada_dagster_tests.loader.source.landing import Landing, new_landing

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\1"), max_size=6)
ODD = st.sampled_from(
    ["", '"', '""', "\\.", "\\N", "\n", "\r\n", "\r", ",", "NULL", "'", "{}", " "]
)
TABLE = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(TEXT | ODD, min_size=width, max_size=width), max_size=6)
)


def selection(pattern: str = "*.csv", columns: Sequence[str] = (), **options: Any) -> Selection:
    files = FilesSource.model_validate({"pattern": pattern, **options})
    return Selection(columns=tuple(columns) or None, options={"files": files})


def opened(folder: Path) -> FolderSource:
    return FolderSource(Folder(folder, "files"))


def load(
    landing: Landing, folder: Path, columns: str = "", *, names: Sequence[str] = (), **options: Any
) -> int:
    """Load the CSV files of a folder into a table of these columns, or of all, as text."""
    with opened(folder) as source:
        wanted = names or [column.name for column in source.columns(selection(**options))]
        into = landing.create(columns or ", ".join(f"c{at} text" for at in range(len(wanted))))
        stream = source.stream(selection(columns=wanted, **options), into)
        return landing.take(stream, into)


def write(folder: Path, **files: str | bytes) -> Path:
    for name, text in files.items():
        data = text.encode() if isinstance(text, str) else text
        (folder / f"{name}.csv").write_bytes(data)
    return folder


DIALECTS = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from(",;\t|:^"),
        "quotechar": st.sampled_from("\"'`"),
        "lineterminator": st.sampled_from(["\n", "\r\n", "\r"]),
        "quoting": st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
    }
)


@given(TABLE, DIALECTS, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]), st.booleans())
@example([["\\."], ["a"]], {"quoting": csv.QUOTE_MINIMAL}, "utf-8", False)
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_table_of_texts_comes_back_whatever_dialect_it_was_written_in(
    landing: Landing,
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[str]],
    dialect: dict[str, Any],
    encoding: str,
    is_turned: bool,
) -> None:
    folder = tmp_path_factory.mktemp("csv")
    width = len(rows[0]) if rows else 2
    header = [f"name {number}" for number in range(width)]
    text = io.StringIO(newline="")
    csv.writer(text, **dialect).writerows([header, *rows])
    again = csv.reader(io.StringIO(text.getvalue(), newline=""), **dialect)
    assume(list(again)[1:] == rows)  # before Python 3.13 it leaves some line ends without quotes
    write(folder, t=text.getvalue().encode(encoding))
    names = header[::-1] if is_turned else header
    options = {
        "delimiter": dialect.get("delimiter", ","),
        "quote": dialect.get("quotechar", '"'),
        "encoding": encoding,
        "nulls": [],
    }
    assert load(landing, folder, names=names, **options) == len(rows)
    wanted = [tuple(row[::-1] if is_turned else row) for row in rows]
    assert landing.rows() == wanted


class Dribble:
    """Bytes that come a few at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        self._file, self._step = io.BytesIO(data), step

    def read(self, size: int, /) -> bytes:
        return self._file.read(self._step)


PIECES = st.sampled_from(["a", ",", '"', "\n", "\r", "\\", ".", '","', '"\n"', "\r\n", "\n\\.\n"])


@given(st.lists(PIECES, max_size=14).map("".join), st.integers(1, 3))
@settings(max_examples=250, deadline=None)
def test_any_text_is_read_as_python_does_wherever_it_is_cut_or_refused(
    text: str, step: int
) -> None:
    dialect = CsvDialect(nulls=())
    found: list[tuple[bytes, int]] = []
    for stream in (Dribble(text.encode(), step), io.BytesIO(text.encode())):
        try:
            blocks = list(CsvBlocks(stream, dialect, "t.csv"))
        except SourceReadError:
            assert '"' in text
            continue
        found.append((b"".join(block for block, _ in blocks), sum(rows for _, rows in blocks)))
    assume(found)
    assert len(found) == 2
    assert found[0] == found[1]
    read = [[dialect.text(value) for value in row] for row in dialect.rows(found[0][0])]
    assert len(read) == found[0][1]
    wanted = [row or [""] for row in csv.reader(io.StringIO(text, newline=""))]
    blank = len(wanted) - len(read)  # lines at the end
    assert wanted == read + [[""]] * blank


@pytest.mark.parametrize(
    ("nulls", "given"),
    [
        (None, [(None, "", "NA"), ("x", None, "")]),
        ([], [("", "", "NA"), ("x", "", "")]),
        (["NA"], [("", "", None), ("x", "", "")]),
        (["", "NA"], [(None, "", None), ("x", None, "")]),
        (["never,this", '"', ""], [(None, "", "NA"), ("x", None, "")]),
    ],
)
def test_a_text_stands_for_no_value_only_without_quotes(
    landing: Landing, tmp_path: Path, nulls: list[str] | None, given: list[Any]
) -> None:
    write(tmp_path, t='a,b,c\n,"",NA\nx,,""\n')
    options = {} if nulls is None else {"nulls": nulls}
    load(landing, tmp_path, **options)
    assert landing.rows() == given


def test_a_file_without_quotes_keeps_them_as_they_are(landing: Landing, tmp_path: Path) -> None:
    write(tmp_path, t='a\tb\n5" pipe\t"x\n')
    load(landing, tmp_path, delimiter="\t", quote="")
    assert landing.rows() == [('5" pipe', '"x')]
    write(tmp_path, t='a\x01b\n5" pipe\x01"x\n')  # as Hive writes them
    load(landing, tmp_path, delimiter="\x01", quote="")
    assert landing.rows() == [('5" pipe', '"x')]
    write(tmp_path, t="a\tb\n\x01\t2\n")
    with pytest.raises(SourceReadError, match=r"t\.csv, line 2: it holds U\+0001"):
        load(landing, tmp_path, delimiter="\t", quote="")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a,b\n1,5" pipe\n2,6" pipe\n', 2),
        ('a,b\n"1\n2",3\n4,"x"y\n', 4),
        ('a,b\n1, "2"\n', 2),
        ('a,b\n1,2\n3,"4\n', 3),
    ],
)
@pytest.mark.parametrize("names", [["a", "b"], ["b"]])
def test_a_quote_that_could_swallow_rows_is_an_error_with_its_line(
    landing: Landing, tmp_path: Path, text: str, line: int, names: list[str]
) -> None:
    write(tmp_path, t=text)
    with pytest.raises(SourceReadError, match=rf"t\.csv, line {line}: .*quote"):
        load(landing, tmp_path, names=names, columns=", ".join(f"{name} text" for name in names))


@pytest.mark.parametrize("text", ["a\n1\n\n\n", "a\r\n1\r\n\r\n", "a\r1\r\r", "a\n1"])
def test_blank_lines_at_the_end_are_no_rows(landing: Landing, tmp_path: Path, text: str) -> None:
    write(tmp_path, t=text)
    assert load(landing, tmp_path) == 1
    assert landing.rows() == [("1",)]


def test_a_blank_line_between_rows_is_a_row_of_its_own(landing: Landing, tmp_path: Path) -> None:
    write(tmp_path, t="a\n1\n\n2\n", u="b\n")
    assert load(landing, tmp_path, pattern="t.csv") == 3
    assert landing.rows() == [("1",), (None,), ("2",)]
    assert load(landing, tmp_path, pattern="u.csv") == 0


def test_files_with_other_line_ends_and_orders_are_one_stream(
    landing: Landing, tmp_path: Path
) -> None:
    write(tmp_path, a="x,y\r\n1,2\r\n", b="y,x\n4,3\n", c="x,y\r5,6")
    write(tmp_path, d=gzip.compress(b'x,y\n7,"8\r\n9"\n'))
    assert load(landing, tmp_path) == 4
    assert landing.rows() == [("1", "2"), ("3", "4"), ("5", "6"), ("7", "8\r\n9")]


@pytest.mark.parametrize(
    ("second", "what"),
    [
        ("x\n1\n", r"b\.csv: there is no column y; it has x"),
        ("x,y,z\n1,2,3\n", r"b\.csv: the column z is not in a\.csv.*columns"),
        ("x,y,x\n1,2,3\n", r"b\.csv: the column x is there more than once"),
        ("", r"b\.csv: the file is empty"),
        ("y\n", r"b\.csv: there is no column x"),
    ],
)
def test_a_file_with_other_columns_is_an_error_that_names_it(
    landing: Landing, tmp_path: Path, second: str, what: str
) -> None:
    write(tmp_path, a="x,y\n1,2\n", b=second)
    with pytest.raises((SchemaMismatchError, SourceReadError), match=what):
        load(landing, tmp_path)


def test_named_columns_are_read_and_others_may_differ(landing: Landing, tmp_path: Path) -> None:
    write(tmp_path, a='x,y\n1,2\n"\\.",5\n', b="z,y,x\n9,8,7\n")
    assert load(landing, tmp_path, "x text", names=["x"]) == 3
    assert landing.rows() == [("1",), ("\\.",), ("7",)]


@pytest.mark.parametrize("header", ["x,,y", "x,y,x"])
def test_a_header_names_each_column_once(tmp_path: Path, header: str) -> None:
    write(tmp_path, a=f"{header}\n1,2,3\n")
    with opened(tmp_path) as source, pytest.raises(SchemaMismatchError, match=r"a\.csv: .*columns"):
        source.columns(selection())


def test_without_a_header_columns_have_numbers(landing: Landing, tmp_path: Path) -> None:
    write(tmp_path, a="1,2\n3,4\n", b="")
    with opened(tmp_path) as source:
        found = source.columns(selection(header=False))
    assert [column.name for column in found] == ["column_1", "column_2"]
    assert load(landing, tmp_path, header=False) == 2
    assert load(landing, tmp_path, "x int", names=["column_2"], header=False) == 2
    assert landing.rows() == [(2,), (4,)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_before_the_header_are_left_out(landing: Landing, tmp_path: Path, end: str) -> None:
    write(tmp_path, a=end.join(['Report "x', "", "a,b", "1,2"]))
    assert load(landing, tmp_path, skip_rows=2) == 1
    assert landing.rows() == [("1", "2")]
    write(tmp_path, a="only")
    with pytest.raises(SourceReadError, match="is empty"):
        load(landing, tmp_path, skip_rows=2)


def test_another_encoding_than_is_said_is_an_error(landing: Landing, tmp_path: Path) -> None:
    write(tmp_path, a="a\nx\ny\u00fc\n".encode("cp1252"))
    with pytest.raises(SourceReadError, match=r"a\.csv, line 3: this is not UTF-8.*encoding"):
        load(landing, tmp_path)
    assert load(landing, tmp_path, encoding="cp1252") == 2
    assert landing.rows() == [("x",), ("y\u00fc",)]
    with pytest.raises(SourceReadError, match=r"a\.csv: about byte 4: this is not cp1252"):
        load(landing, write(tmp_path, a=b"a\nbc\x81"), encoding="cp1252")


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"delimiter": "||"}, "delimiter: must be one ASCII"),
        ({"delimiter": "\u00a6"}, "delimiter: must be one ASCII"),
        ({"quote": ","}, "quote: must be one ASCII"),
        ({"quote": "\u00bb"}, "quote: must be one ASCII"),
        ({"encoding": "utf-9"}, "encoding: 'utf-9' is none"),
        ({"pattern": "../x"}, "must name files below"),
    ],
)
def test_a_dialect_that_cannot_be_read_is_an_error_of_the_definition(
    options: dict[str, str], what: str
) -> None:
    with pytest.raises(ValidationError, match=what):
        selection(**options)


def test_rows_are_counted_as_they_are_read(tmp_path: Path) -> None:
    write(tmp_path, a='a\n"1\n2"\n3\n\n', b="a\n")
    with opened(tmp_path) as source:
        assert source.count(selection()) == 2


def test_the_line_of_a_row_is_known_behind_values_of_many_lines(
    landing: Landing, tmp_path: Path
) -> None:
    rows = "".join(f'"a\nb",{number}\n' for number in range(100_000))
    write(tmp_path, a=f"t,n\n{rows}x,y\n")
    with opened(tmp_path) as source:
        for names, columns in ((["t", "n"], "t text, n int"), (["n"], "n int")):
            into = landing.create(columns)
            stream = source.stream(selection(columns=names), into)
            with pytest.raises(psycopg2.DataError, match="column n") as caught:
                landing.take(stream, into)
            line = int(str(caught.value).partition("line ")[2].partition(",")[0])
            assert stream.place(line).startswith("a.csv, line ")
            far = abs(int(stream.place(line).rpartition(" ")[2]) - 200_002)
            assert far == 0 if len(names) == 2 else far < 40_000


def test_a_stream_that_is_stopped_ends_with_an_error(landing: Landing, tmp_path: Path) -> None:
    write(tmp_path, a="a\n1\n")
    into = landing.create("a int")
    with opened(tmp_path) as source:
        stream = source.stream(selection(columns=["a"]), into)
        stream.cancel()
        with pytest.raises(SourceReadError, match="broken off"):
            landing.take(stream, into)


def test_a_row_of_an_end_mark_ends_no_data_on_any_server(
    every_postgres: PostgresServer, tmp_path: Path
) -> None:
    write(tmp_path, a='a\n1\n\\.\n"\n\\.\n"\n\\.')
    with new_landing(every_postgres) as landing:
        assert load(landing, tmp_path) == 4
        assert landing.rows() == [("1",), ("\\.",), ("\n\\.\n",), ("\\.",)]


def test_a_dialect_says_what_copy_must_know() -> None:
    assert CsvDialect("\t", "'", ("'", "it''s", "NA")).nulls == ("NA",)
    options = CsvDialect("'", '"', ("\\N",)).copy_options
    assert options == "csv, HEADER, DELIMITER '''', QUOTE '\"', NULL '\\N'"


@pytest.mark.parametrize("names", [["id", "text"], ["text", "id"]])
def test_memory_does_not_grow_with_rows(landing: Landing, tmp_path: Path, names: list[str]) -> None:
    count, size = (200_000, 80) if names[0] == "id" else (40_000, 400)
    rows = "".join(f'{number},"text, {number} {"x" * size}"\n' for number in range(count))
    write(tmp_path, a=f"id,text\n{rows}")
    tracemalloc.start()
    try:
        columns = ", ".join({"id": "id int", "text": "text text"}[name] for name in names)
        assert load(landing, tmp_path, columns, names=names) == count
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000
