"""Dates and times of CSV: what COPY would read as something else is spelled anew, or refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kada_dagster.loader.definition.sources import FilesSource
from kada_dagster.loader.errors import SourceReadError
from kada_dagster.loader.source.base import Selection, TargetColumn
from kada_dagster.loader.source.csv_dialect import CsvDialect
from kada_dagster.loader.source.files.folder import Folder
from kada_dagster.loader.source.files.source import FolderSource
from kada_dagster.loader.source.spelling import spelled
from kada_dagster.loader.source.unfit import UnfitError
from kada_dagster_tests.loader.source.landing import Landing

STAMP, ZONED = "timestamp without time zone", "timestamp with time zone"
TARGETS = ["date", STAMP, ZONED, "time without time zone", "time with time zone"]
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
PARTS = [
    *("2026-07-01", "03.02.2026", "0044-03-15", " ", "T", "10:00", "00:00:00", "12:00:00 AM", ".5"),
    *(
        "Z",
        "z",
        "Z CET",
        "+03",
        "-05:30",
        " CET",
        " UTC",
        " BC",
        "now",
        "TODAY",
        "yesterday",
        "infinity",
    ),
]


def stream(folder: Path, into: Sequence[TargetColumn], **options: Any) -> Any:
    names = tuple(column.name for column in into)
    files = FilesSource.model_validate({"pattern": "a.csv", **options})
    source = FolderSource(Folder(folder, "drop"))
    return source.stream(Selection(columns=names, options={"files": files}), into)


class Sent(list[bytes]):
    """A pipe that keeps what it is given."""

    def write(self, data: bytes, /) -> int:
        """Keep it."""
        self.append(data)
        return len(data)

    @property
    def text(self) -> str:
        """Rows behind the line that stands for a header."""
        return b"".join(self[1:]).decode()


def sent(folder: Path, csv: str, *into: TargetColumn, **options: Any) -> str:
    """What COPY is given of a file."""
    (folder / "a.csv").write_bytes(csv.encode())
    pipe = Sent()
    stream(folder, into, **options).write(pipe)
    return pipe.text


def load(landing: Landing, folder: Path, csv: str, columns: str, **options: Any) -> list[Any]:
    (folder / "a.csv").write_text(csv)
    into = landing.create(columns)
    landing.take(stream(folder, into, **options), into)
    texts = ", ".join(f"{column.name}::text" for column in into)
    return landing.rows(f"SELECT {texts} FROM t")


@pytest.mark.parametrize(
    ("kind", "value", "arrived"),
    [
        ("timestamp", "2026-07-01T10:00:00+03:00", "2026-07-01 07:00:00"),
        ("timestamp", "2026-07-01T10:00:00Z", "2026-07-01 10:00:00"),
        ("timestamp", "7/1/2026 10:00Z", "2026-07-01 10:00:00"),
        ("timestamp", "2026-07-01 10:00:00 UTC", "2026-07-01 10:00:00"),
        ("timestamp", "7/1/2026 10:00:00 PM", "2026-07-01 22:00:00"),
        ("timestamp(0)", '"2026-07-01 10:00:00.4+03:00"', "2026-07-01 07:00:00"),
        ("timestamptz", "2026-07-01T10:00:00+03:00", "2026-07-01 07:00:00+00"),
        ("timestamptz", "2026-07-01 10:00:00 Europe/Tallinn", "2026-07-01 07:00:00+00"),
        ("date", "2026-07-01 00:00:00", "2026-07-01"),
        ("date", "7/1/2026 12:00:00 AM", "2026-07-01"),
        ("date", "7/1/2026 0:00", "2026-07-01"),
        ("date", "-infinity", "-infinity"),
        ("time", "10:00:00", "10:00:00"),
    ],
)
@pytest.mark.parametrize("form", ["id,at\n1,{}\n2,\n", "at,id\n{},1\n,2\n", 'id,at\n"1",{}\n2,\n'])
def test_a_moment_arrives_as_what_it_says(
    landing: Landing, tmp_path: Path, kind: str, value: str, arrived: str, form: str
) -> None:
    options = {"dates": "mdy"} if "/" in value else {}
    found = load(landing, tmp_path, form.format(value), f"id int, at {kind}", **options)
    assert found == [("1", arrived), ("2", None)]


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("timestamp", "2026-07-01 10:00:00 CET", "a moment with a zone would lose it"),
        ("date", "2026-07-01 23:30:00", "a date with a time of day would lose it"),
        ("date", "2026-07-01 12:00", "a date with a time of day would lose it"),
        ("time", "2026-07-01 10:00", "a date with a time is no time"),
        ("time", "10:00:00Z", "a moment with a zone would lose it"),
        ("date", "yesterday", "a word for the day of the load is no date"),
        ("timestamp", "Today", "a word for the day of the load is no date"),
        ("timestamp", "today 10:00", "a word for the day of the load is no date"),
        ("timestamptz", '"now"', "a word for the day of the load is no date"),
        ("a_day", "tomorrow", "a word for the day of the load is no date"),
    ],
)
@pytest.mark.parametrize("names", [["id", "at"], ["at", "id"]])
def test_what_copy_would_misread_is_an_error_with_its_line_and_column(
    landing: Landing, tmp_path: Path, kind: str, value: str, reason: str, names: list[str]
) -> None:
    with landing.raw.cursor() as cursor:
        cursor.execute("DROP DOMAIN IF EXISTS a_day CASCADE; CREATE DOMAIN a_day AS date")
    good = "10:00" if kind == "time" else "2026-07-01"
    csv = f'id,at\n"1\n2",{good}\n3,\n4,{value}\n5,x\n'
    columns = ", ".join({"id": "id text", "at": f"at {kind}"}[name] for name in names)
    with pytest.raises(SourceReadError, match=rf"^a\.csv, line 5, column at: {reason}"):
        load(landing, tmp_path, csv, columns)


@given(
    st.lists(st.lists(st.sampled_from(PARTS), max_size=4).map("".join), min_size=1, max_size=4),
    st.sampled_from(TARGETS),
    st.sampled_from([",", ";", " ", "T", ":"]),
    st.sampled_from(['"', "'", "", "-", "0"]),
    st.booleans(),
)
@settings(max_examples=300, deadline=None, suppress_health_check=QUIET)
def test_any_text_of_csv_means_what_it_means_in_other_files(
    tmp_path: Path, texts: list[str], target: str, between: str, around: str, turned: bool
) -> None:
    def written(text: str) -> str:
        return around + text.replace(around, around * 2) + around if around else text

    if not around and any(between in text or not text for text in texts):
        return
    rows = [(f"{number}", text) for number, text in enumerate(texts) if text]
    csv = "".join(f"{written(a)}{between}{written(b)}\n" for a, b in [("id", "at"), *rows])
    into = [TargetColumn("id", "integer"), TargetColumn("at", target)]
    options = {"delimiter": between, "quote": around}
    wanted = [spelled_or_not(text, target) for _, text in rows]
    if unfit := [one for one in wanted if isinstance(one, UnfitError)]:
        with pytest.raises(SourceReadError, match=re.escape(str(unfit[0]))):
            sent(tmp_path, csv, *(into[::-1] if turned else into), **options)
        return
    made = sent(tmp_path, csv, *(into[::-1] if turned else into), **options)
    dialect = CsvDialect(between, around)
    found = [dialect.text(row[0 if turned else 1]) for row in dialect.rows(made.encode())]
    assert found == wanted


def spelled_or_not(text: str, target: str) -> str | UnfitError:
    """What it is in other files."""
    try:
        return spelled(text, target)
    except UnfitError as error:
        return error


def test_texts_that_stand_for_no_value_are_none_in_columns_of_moments(
    landing: Landing, tmp_path: Path
) -> None:
    csv = "id,at\n1,today\n2,NULL\n3,2026-07-01T10:00:00+03:00\n"
    arrived = [("1", None), ("2", None), ("3", "2026-07-01 07:00:00")]
    columns = "id int, at timestamp"
    assert load(landing, tmp_path, csv, columns, nulls=["NULL", "today"]) == arrived
    with pytest.raises(SourceReadError, match="line 2, column at: a word"):
        load(landing, tmp_path, csv, columns, nulls=["NULL"])
    csv = csv.replace("1,today\n", "").replace("id,at", "at,id").replace("2,NULL", "NULL,2")
    csv = csv.replace("3,2026-07-01T10:00:00+03:00", "2026-07-01T10:00:00+03:00,3")
    assert load(landing, tmp_path, csv, columns, nulls=["NULL"]) == arrived[1:]


def test_the_order_of_dates_is_that_of_the_task(landing: Landing, tmp_path: Path) -> None:
    with landing.raw.cursor() as cursor:
        cursor.execute("SET datestyle = 'ISO, DMY'")
        try:
            csv = "a,b\n03.02.2026,03.02.2026 10:00\n3 Feb 2026,2026-02-03T12:00:00+02:00\n"
            found = load(landing, tmp_path, csv, "a date, b timestamp", dates="dmy")
            assert found == [("2026-02-03", "2026-02-03 10:00:00")] * 2
            csv = "a,b\n,03.02.2026 10:00:00+02\n"
            with pytest.raises(SourceReadError, match=r"line 2, column b: a moment with a zone"):
                load(landing, tmp_path, csv, "a date, b timestamp", dates="dmy")
        finally:
            cursor.execute("SET datestyle = 'ISO, MDY'")


def test_one_column_of_a_file_may_fill_several(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("at,other\n2026-07-01T10:00:00+03:00,1\n")
    into = [TargetColumn("a", "text"), TargetColumn("b", STAMP), TargetColumn("c", ZONED)]
    files = FilesSource.model_validate({"pattern": "a.csv"})
    pipe = Sent()
    with FolderSource(Folder(tmp_path, "drop")) as source:
        wanted = Selection(columns=("at", "at", "at"), options={"files": files})
        source.stream(wanted, into).write(pipe)
    zoned = "2026-07-01T10:00:00+03:00"
    assert pipe.text == f'{zoned},"2026-07-01 07:00:00",{zoned}\n'


def test_bytes_go_on_as_they_are_where_nothing_must_be_spelled_anew(tmp_path: Path) -> None:
    csv = 'id,at,day\n"1",2026-07-01T10:00:00Z,"2026-07-01"\n2,,now\n'
    into = [TargetColumn("id", "integer"), TargetColumn("at", STAMP), TargetColumn("day", "text")]
    assert sent(tmp_path, csv, *into) == csv.partition("\n")[2]


@pytest.mark.parametrize("row", ["1,today,2", "today", '1,"today",2', "1"])
def test_a_row_that_is_cut_in_another_way_is_told_as_such(
    landing: Landing, tmp_path: Path, row: str
) -> None:
    csv = f"id,at\n1,2026-07-01\n{row}\n2,today\n"
    with pytest.raises(
        (SourceReadError, psycopg2.DataError), match=r"line 3: the row has|missing data|extra data"
    ):
        load(landing, tmp_path, csv, "id text, at date")
