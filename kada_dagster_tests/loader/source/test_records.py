"""Records of any shape become columns and rows: nothing is lost, nothing becomes something else."""

from __future__ import annotations

import json
import tempfile
import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kada_dagster.loader.errors import SourceReadError
from kada_dagster.loader.source.base import Column
from kada_dagster.loader.source.places import Places
from kada_dagster.loader.source.records import BATCH, Records
from kada_dagster_tests.loader.source.landing import Landing

ZONE = timezone(timedelta(hours=2))
NAIVE = datetime.fromisoformat("2026-01-01")
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.decimals(-1000, 1000, places=3)
    | TEXT
    | st.dates().map(date.isoformat),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)


def records(*given: Any, **options: Any) -> Records:
    return Records("api", lambda: iter(given), **options)


def types(*values: Any) -> list[str]:
    with records(*[{"c": value} for value in values]) as made:
        return [column.target_type for column in made.columns()]


def load(
    landing: Landing, made: Records, columns: str = "", names: Sequence[str] | None = None
) -> int:
    """Into a table of these columns, or of those that are proposed."""
    wanted = names or [column.name for column in made.columns()]
    proposed = columns or ", ".join(f'"{one.name}" {one.target_type}' for one in made.columns())
    into = landing.create(proposed)
    return landing.take(made.stream(wanted, into), into)


@given(st.lists(st.dictionaries(st.sampled_from("abcd"), VALUE, min_size=1), min_size=1))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_records_arrive_as_they_are(landing: Landing, given: list[dict[str, Any]]) -> None:
    with records(*given) as made:
        assert load(landing, made) == len(given)
        names = [column.name for column in made.columns()]
        kinds = {column.name: column.target_type for column in made.columns()}
    assert names == list(dict.fromkeys(name for record in given for name in record))
    for record, row in zip(given, landing.rows()):
        for name, value in zip(names, row):
            sent = record.get(name)
            assert value == as_stored(sent, kinds[name]), (name, kinds[name])


def as_stored(value: Any, kind: str) -> Any:
    """What the driver gives for a value in a column of that type."""
    if value is None:
        return None
    if kind == "jsonb":
        return json.loads(json.dumps(value, default=float))
    if kind == "date":
        return date.fromisoformat(value)
    if kind == "text" and not isinstance(value, str):
        return format(value, "f") if isinstance(value, Decimal) else str(value).lower()
    return value


@pytest.mark.parametrize(
    ("values", "target"),
    [
        ([1, None, -5], "bigint"),
        ([2**63 - 1, -(2**63)], "bigint"),
        ([1, 2**63], "numeric"),
        ([1, 1.5], "numeric"),
        ([Decimal("0.10")], "numeric"),
        ([True, None], "boolean"),
        ([True, 1], "text"),
        (["a"], "text"),
        ([1, "a"], "text"),
        ([None], "text"),
        ([[1]], "jsonb"),
        ([{"a": 1}, "text", 1], "jsonb"),
        ([b"x"], "bytea"),
        ([date(2026, 1, 1)], "date"),
        ([time(1, 2)], "time without time zone"),
        ([timedelta(hours=30)], "interval"),
        ([UUID(int=1)], "uuid"),
        ([NAIVE], "timestamp without time zone"),
        ([NAIVE, date(2026, 1, 2)], "timestamp without time zone"),
        ([datetime(2026, 1, 1, tzinfo=ZONE)], "timestamp with time zone"),
        ([datetime(2026, 1, 1, tzinfo=ZONE), NAIVE], "text"),
    ],
)
def test_the_type_of_a_column_holds_all_its_values(values: list[Any], target: str) -> None:
    assert types(*values) == [target]


@pytest.mark.parametrize(
    ("texts", "target"),
    [
        (["2026-02-28", None], "date"),
        (["2026-02-29"], "text"),
        (["2026-02-28", "tomorrow"], "text"),
        (["2026-02-28", "2026-02-28T10:00:00"], "text"),
        (["2026-02-28T10:00:00.123456", "2026-02-28 10:00"], "timestamp without time zone"),
        (["2026-02-28T10:00:00.1234567"], "text"),
        (["2026-02-28T10:00:00Z", "2026-02-28T10:00:00.5+05:30"], "timestamp with time zone"),
        (["2026-02-28T10:00:00Z", "2026-02-28T10:00:00"], "text"),
        (["2026-02-28T10:00:00+16:00"], "text"),
        (["28.02.2026"], "text"),
        (["2026"], "text"),
        (["٢٠٢٦-٠٢-٢٨"], "text"),
        ([""], "text"),
    ],
)
def test_texts_are_moments_only_where_all_are_written_as_such(
    landing: Landing, texts: list[Any], target: str
) -> None:
    made = records(*[{"c": text} for text in texts])
    assert [column.target_type for column in made.columns()] == [target]
    assert load(landing, made) == len(texts)


def test_names_come_in_the_order_they_first_appear_and_late_ones_count(landing: Landing) -> None:
    given: list[dict[str, Any]] = [{"b": 1} for _ in range(BATCH)]
    given += [{"a": 2, "b": 1}, {"late": 3}]
    with records(*given) as made:
        assert made.columns() == tuple(Column(name, "int", "bigint") for name in ("b", "a", "late"))
        assert made.count() == len(given)
        load(landing, made)
    sums = "SELECT sum(b), sum(a), sum(late), count(*) FROM t"
    assert landing.rows(sums) == [(BATCH + 1, 2, 3, BATCH + 2)]


def test_no_records_are_no_columns_and_no_rows(landing: Landing) -> None:
    with records() as made:
        assert made.columns() == ()
        assert load(landing, made, "a int, b text", ["a", "b"]) == 0


def test_what_is_read_is_read_once_where_columns_are_asked_for(landing: Landing) -> None:
    reads: list[int] = []

    def read() -> Iterator[dict[str, int]]:
        reads.append(1)
        yield {"a": 1}

    with Records("api", read) as made:
        load(landing, made)
        load(landing, made)
        assert made.count() == 1
    assert len(reads) == 1


def test_columns_that_are_named_are_read_straight_away(landing: Landing) -> None:
    made = records({"a": 1, "b": 2}, {"b": 3, "c": 4})
    assert load(landing, made, "x int, y int", ["b", "a"]) == 2
    assert landing.rows() == [(2, 1), (3, None)]


@pytest.mark.parametrize("asks_first", [True, False])
def test_a_name_no_record_has_is_an_error_and_no_column_of_nulls(
    landing: Landing, asks_first: bool
) -> None:
    made = records({"idd": 1, "b": 2}, {"idd": 2})
    if asks_first:
        made.columns()
    with pytest.raises(SourceReadError, match=r"api: no record has id; they have idd, b\..*rows"):
        load(landing, made, "id int, b int", ["id", "b"])


@pytest.mark.parametrize("value", [1, "text", [1, 2], None])
def test_what_is_no_object_is_told_with_its_place_and_type(value: Any) -> None:
    made = records({"a": 1}, value, place="page 3, row {}".format)
    with pytest.raises(SourceReadError, match=r"api: page 3, row 2 is of type .*rows"):
        made.columns()


def test_objects_by_their_ids_are_no_columns() -> None:
    with pytest.raises(SourceReadError, match=r"more than 1600 .*values\(@\)"):
        records({str(number): {} for number in range(2000)}).columns()


def test_a_text_in_a_column_of_json_is_a_text_of_json_unless_it_was_json(landing: Landing) -> None:
    given = {"a": "12", "b": ["x", None, Decimal("1.10")]}
    load(landing, records(given), "a jsonb, b jsonb", ["a", "b"])
    assert landing.rows("SELECT a::text, b::text FROM t") == [('"12"', '["x", null, 1.10]')]
    load(landing, records({"a": "12"}, has_texts=False), "a jsonb", ["a"])
    assert landing.rows("SELECT a::text FROM t") == [("12",)]


def test_a_list_goes_into_an_array_where_the_table_has_one(landing: Landing) -> None:
    load(landing, records({"a": [1, None], "b": ["x,y", '"']}), "a int[], b text[]", ["a", "b"])
    assert landing.rows() == [([1, None], ["x,y", '"'])]


def test_a_value_that_fits_nowhere_is_told_with_document_row_and_column(landing: Landing) -> None:
    places = Places()

    def read() -> Iterator[dict[str, Any]]:
        for number, name in enumerate(["a.json", "b.json"]):
            places.begin(name, number * 2)
            yield from ({"v": 1}, {"v": {"x": 1} if number else 2})

    made = Records("files", read, place=places)
    with pytest.raises(SourceReadError, match=r"files: b\.json, row 2, column v: .* no integer"):
        load(landing, made, "v int", ["v"])


def test_places_are_found_for_documents_without_rows_and_for_a_second_pass() -> None:
    places = Places()
    for _ in range(2):
        places.begin("empty.csv", 0)
        places.begin("a.csv", 0, unit="line", first=3)
        places.begin("none.csv", 2)
        places.begin("b.csv", 2)
    found = ["a.csv, line 3", "a.csv, line 4", "b.csv, row 1", "b.csv, row 98"]
    assert [places(row) for row in (1, 2, 3, 100)] == found
    assert Places()(5) == "row 5"


def test_no_room_for_what_must_be_kept_is_told_with_the_cure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/not/there")
    with pytest.raises(
        SourceReadError, match=r"api: its rows cannot be kept in /not/there.*TMPDIR"
    ):
        records(*[{"a": "x" * 10_000} for _ in range(2 * BATCH)]).columns()


@pytest.mark.parametrize("asks_first", [True, False])
def test_memory_does_not_grow_with_records(landing: Landing, asks_first: bool) -> None:
    text = "x" * 1_000
    made = Records("api", lambda: ({"a": number, "b": text} for number in range(20_000)))
    tracemalloc.start()
    try:
        if asks_first:
            made.columns()
        load(landing, made, "a int, b text", ["a", "b"])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        made.close()
    assert landing.rows("SELECT count(*), sum(length(b)) FROM t") == [(20_000, 20_000_000)]
    assert peak < 10_000_000
