"""XLSX workbooks: dates are dates, numbers numbers, formulas results; nothing is lost unsaid."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from kada_dagster.errors import ConfigError
from kada_dagster.loader.definition.sources import FilesSource
from kada_dagster.loader.errors import SchemaMismatchError, SourceReadError
from kada_dagster.loader.source.base import Selection
from kada_dagster.loader.source.files.folder import Folder
from kada_dagster.loader.source.files.source import FolderSource
from kada_dagster_tests.loader.source.landing import Landing

MOMENT = datetime.fromisoformat


def book(path: Path, *rows: list[Any], sheet: str = "Orders", **more: list[list[Any]]) -> None:
    """Write a workbook of one sheet, or of several."""
    made = Workbook()
    made.remove(made.active)
    for title, content in {sheet: rows, **more}.items():
        page = made.create_sheet(title)
        for row in content:
            page.append(row)
    path.parent.mkdir(exist_ok=True)
    made.save(path)


def change(path: Path, change: Callable[[str], str]) -> None:
    """Change the XML of the first sheet."""
    parts = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    with zipfile.ZipFile(path, "w") as made:
        for name in parts.namelist():
            data = parts.read(name)
            if name.endswith("sheet1.xml"):
                data = change(data.decode()).encode()
            made.writestr(name, data)


def selection(**options: Any) -> Selection:
    files = FilesSource.model_validate({"pattern": "*.xlsx", **options})
    return Selection(options={"files": files})


def load(landing: Landing, folder: Path, columns: str = "", **options: Any) -> list[Any]:
    with FolderSource(Folder(folder, "files")) as source:
        landing.load(source, selection(**options), columns)
    return landing.rows()


def test_cells_arrive_as_what_they_are(landing: Landing, tmp_path: Path) -> None:
    book(
        tmp_path / "a.xlsx",
        ["whole", "number", "text", "day", "moment", "clock", "span", "truth", "none"],
        [1, 1.25, " 007 ", date(2026, 3, 2), MOMENT("2026-03-02T10:30:15"), time(9, 30)]
        + [timedelta(hours=30), True, None],
        [2, 3, "b", date(1999, 12, 31), MOMENT("1900-03-01T00:00:01"), time(0, 0, 1)]
        + [timedelta(days=2, seconds=1), False, None],
    )
    assert load(landing, tmp_path) == [
        (1, Decimal("1.25"), " 007 ", date(2026, 3, 2), MOMENT("2026-03-02T10:30:15"))
        + (time(9, 30), timedelta(hours=30), True, None),
        (2, Decimal(3), "b", date(1999, 12, 31), MOMENT("1900-03-01T00:00:01"))
        + (time(0, 0, 1), timedelta(days=2, seconds=1), False, None),
    ]
    assert landing.types() == [
        *("bigint", "numeric", "text", "date"),
        *("timestamp without time zone", "time without time zone", "interval", "boolean", "text"),
    ]


def test_dates_go_into_columns_of_dates(landing: Landing, tmp_path: Path) -> None:
    """dapu lost those behind the first that was written in another way."""
    days = [date(2026, month, day) for month in (1, 6, 12) for day in (1, 2, 13, 31) if day < 31]
    book(tmp_path / "a.xlsx", ["id", "day"], *[[at, day] for at, day in enumerate(days)])
    assert load(landing, tmp_path, "id int, day date") == list(enumerate(days))


def test_a_day_of_the_1904_calendar_is_the_day_it_shows(landing: Landing, tmp_path: Path) -> None:
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    made = Workbook()
    made.epoch = CALENDAR_MAC_1904
    made.active.append(["day"])
    made.active.append([date(2026, 3, 2)])
    made.save(tmp_path / "a.xlsx")
    assert load(landing, tmp_path, "day date") == [(date(2026, 3, 2),)]


def test_formulas_arrive_as_their_results(landing: Landing, tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    book(file, ["n", "t"], ["=1+6", '="a"&"b"'])
    results = iter(["<v>7</v>", "<v>ab</v>"])

    def compute(xml: str) -> str:
        made = re.sub(r"<v\s*/>|<v></v>", lambda _: next(results), xml)
        return re.sub(r'<c r="B2"', '<c r="B2" t="str"', made)

    change(file, compute)
    assert load(landing, tmp_path) == [(7, "ab")]


def test_a_formula_that_was_never_computed_is_an_error_and_no_null(
    landing: Landing, tmp_path: Path
) -> None:
    book(tmp_path / "a.xlsx", ["n", "m"], [1, 2], [3, "=A2+1"])
    with pytest.raises(SourceReadError, match=r"a\.xlsx, sheet Orders, cell B3: a formula"):
        load(landing, tmp_path)


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="B3"><f>A2+1</f></c>',
        '<c s="0" r="B3"><f>A2+1</f></c>',
        "<c r='B3'><f>A2+1</f><v/></c>",
        '<c r="B3">\n <f>A2+1</f>\n <v>\n</v>\n</c>',
        '<c r="B3" t="n"><f t="shared" si="0" />\t<v /></c>',
        '<c r="B3"><f><![CDATA[A2<1]]></f></c>',
        '<c r="B3"><f>A2+1</f><extLst/></c>',
        f'<c r="B3"><f>{"&quot;" * 8_192}</f></c>',
        "<c><f>A2+1</f></c>",
    ],
)
@pytest.mark.parametrize("prefix", ["", "x:", "a-1:"])
@pytest.mark.parametrize("before", [0, 1_048_200])
def test_a_formula_without_a_result_is_found_however_it_is_written(
    tmp_path: Path, cell: str, prefix: str, before: int
) -> None:
    def written(xml: str) -> str:
        xml = re.sub(r'<c r="B3".*?</c>', lambda _: f"<!--{' ' * before}-->{cell}", xml)
        xml = re.sub(r"<(/?)(?=\w)", rf"<\1{prefix}", xml)
        return xml.replace("xmlns=", f"xmlns:{prefix[:-1]}=") if prefix else xml

    book(tmp_path / "a.xlsx", ["n", "m"], [1, 2], [3, "=A2+1"])
    change(tmp_path / "a.xlsx", written)
    place = ", cell B3" if "B3" in cell else ""
    with (
        FolderSource(Folder(tmp_path, "files")) as source,
        pytest.raises(SourceReadError, match=rf"a\.xlsx, sheet Orders{place}: a formula without"),
    ):
        source.columns(selection())


@pytest.mark.parametrize("result", ['t="str"><f>A2</f><v></v>', "t='str'><f>A2</f>", "><v/>"])
def test_an_empty_text_is_a_result(landing: Landing, tmp_path: Path, result: str) -> None:
    book(tmp_path / "a.xlsx", ["n", "m"], [1, "=A2"])
    change(tmp_path / "a.xlsx", lambda xml: re.sub(r'(<c r="B2").*?</c>', rf"\1 {result}</c>", xml))
    assert load(landing, tmp_path) == [(1, None)]


def test_empty_rows_at_the_end_are_none_and_others_are_rows(
    landing: Landing, tmp_path: Path
) -> None:
    none: list[Any] = [None, ""]
    book(tmp_path / "a.xlsx", ["a", "b"], [1, "x"], none, [2, "y"], *[none] * 50)
    assert load(landing, tmp_path) == [(1, "x"), (None, None), (2, "y")]


def test_characters_that_xml_cannot_hold_arrive(landing: Landing, tmp_path: Path) -> None:
    book(
        tmp_path / "a.xlsx", ["a_x000D_\nb"], ["1_x000d_\n2"], ["_x005F_x000D_ x_x y"], ["_x2014_"]
    )
    with FolderSource(Folder(tmp_path, "files")) as source:
        wanted = selection(nulls=["\u2014"])
        assert [column.name for column in source.columns(wanted)] == ["a\r\nb"]
        into = landing.create("t text")
        named = Selection(columns=("a\r\nb",), options=wanted.options)
        landing.take(source.stream(named, into), into)
    assert landing.rows() == [("1\r\n2",), ("_x000D_ x_x y",)]


@pytest.mark.parametrize(("wanted", "found"), [("B", 2), (2, 2), (1, 1), ("A", 1)])
def test_a_sheet_is_chosen_by_name_or_number(
    landing: Landing, tmp_path: Path, wanted: str | int, found: int
) -> None:
    book(tmp_path / "a.xlsx", ["a"], [1], sheet="A", B=[["a"], [2]])
    assert load(landing, tmp_path, sheet=wanted) == [(found,)]


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({}, "a.xlsx: sheet: say which one: A, B"),
        ({"sheet": "C"}, "there is no 'C'; it has A, B"),
        ({"sheet": 3}, "there is no 3"),
    ],
)
def test_a_sheet_that_is_not_clear_is_an_error(
    landing: Landing, tmp_path: Path, options: dict[str, Any], what: str
) -> None:
    book(tmp_path / "a.xlsx", ["a"], sheet="A", B=[["a"]])
    with pytest.raises(ConfigError, match=what):
        load(landing, tmp_path, **options)


def test_rows_may_begin_further_down_and_have_no_names(landing: Landing, tmp_path: Path) -> None:
    book(tmp_path / "a.xlsx", ["Report"], [None], ["a", "b"], [1, 2])
    assert load(landing, tmp_path, skip_rows=2) == [(1, 2)]
    assert load(landing, tmp_path, '"A" int, "B" int', skip_rows=3, header=False) == [(1, 2)]


def test_a_column_that_is_empty_can_be_named_by_its_letter(
    landing: Landing, tmp_path: Path
) -> None:
    book(tmp_path / "a.xlsx", [1, 2], [3, None])
    for asks_first in (False, True):
        with FolderSource(Folder(tmp_path, "files")) as source:
            wanted = selection(header=False)
            if asks_first:
                assert [one.name for one in source.columns(wanted)] == ["A", "B"]
            into = landing.create("b int, z text")
            named = Selection(columns=("B", "AZ"), options=wanted.options)
            landing.take(source.stream(named, into), into)
            assert landing.rows() == [(2, None), (None, None)]
            named = Selection(columns=("B", "other"), options=wanted.options)
            with pytest.raises(SourceReadError, match="no record has other"):
                landing.take(source.stream(named, into), into)


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ([["a", None, "b"], [1, 5, 2]], r"row 2, column B: .*without a name"),
        ([["a"], [1, 5]], r"row 2, column B: .*without a name"),
        ([["a", "b", "a"], [1, 5, 2]], "the column a is there more than once"),
        ([[None], [1]], "names no columns"),
        ([["a"], [1], ["#N/A"]], r"row 3, column A: the cell holds the error #N/A"),
    ],
)
def test_what_would_be_lost_is_an_error_with_its_cell(
    landing: Landing, tmp_path: Path, rows: list[list[Any]], what: str
) -> None:
    book(tmp_path / "a.xlsx", *rows)
    with pytest.raises((SchemaMismatchError, SourceReadError), match=rf"a\.xlsx, sheet .*{what}"):
        load(landing, tmp_path)


def test_texts_that_stand_for_nothing_are_nulls_and_empty_columns_need_no_name(
    landing: Landing, tmp_path: Path
) -> None:
    book(tmp_path / "a.xlsx", ["a", None, "b"], [1, None, "#N/A"], ["-", "", 2])
    assert load(landing, tmp_path, nulls=["", "-", "#N/A"]) == [(1, None), (None, 2)]


def test_workbooks_of_a_pattern_are_one_stream_with_the_row_of_each_sheet(
    landing: Landing, tmp_path: Path
) -> None:
    book(tmp_path / "a.xlsx", ["n"], [1])
    book(tmp_path / "b.xlsx", ["title"], ["n"], [2], sheet="Q")
    book(tmp_path / "~$a.xlsx", ["n"], [9])
    with FolderSource(Folder(tmp_path, "files")) as source:
        landing.load(source, selection(pattern="a.xlsx"))
    book(tmp_path / "a.xlsx", ["title"], ["n"], ["x"])
    with pytest.raises(Exception, match="integer") as caught:
        load(landing, tmp_path, "n int", skip_rows=1)
    assert "line 1" in str(caught.value)
    with FolderSource(Folder(tmp_path, "files")) as source:
        into = landing.create("n int")
        wanted = Selection(columns=("n",), options=selection(skip_rows=1).options)
        stream = source.stream(wanted, into)
        with pytest.raises(Exception, match="integer"):
            landing.take(stream, into)
        assert stream.place(1) == "a.xlsx, sheet Orders, row 3"
        assert stream.place(2) == "b.xlsx, sheet Q, row 3"


@pytest.mark.parametrize("data", [b"", b"a,b\n", b"PK\x03\x04 damaged"])
def test_what_is_no_workbook_is_an_error_that_names_it(
    landing: Landing, tmp_path: Path, data: bytes
) -> None:
    (tmp_path / "a.xlsx").write_bytes(data)
    with pytest.raises(SourceReadError, match=r"a\.xlsx: this is no XLSX workbook"):
        load(landing, tmp_path)


def test_a_damaged_sheet_is_an_error_that_names_it(landing: Landing, tmp_path: Path) -> None:
    book(tmp_path / "a.xlsx", ["a"], *[[number] for number in range(50)])
    change(tmp_path / "a.xlsx", lambda xml: xml[: len(xml) // 2])
    with pytest.raises(SourceReadError, match=r"a\.xlsx, sheet Orders: the sheet is damaged"):
        load(landing, tmp_path)
