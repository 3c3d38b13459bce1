"""Ranges and marks of SQLite hold what they mean, however a value is stored."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.loader.definition.parts import SplitSettings
from kada_dagster.loader.definition.profiles import PROFILE
from kada_dagster.loader.engine.split import parts_of
from kada_dagster.loader.errors import SourceReadError
from kada_dagster.loader.source.base import Bound, Selection, TargetColumn
from kada_dagster.loader.source.registry import open_source

ID = [TargetColumn("id", "bigint")]
START = datetime.fromisoformat("2026-01-01")
ZONES = ("", "Z", "+02:00", "-05:30", " +00:00")


def profiles(file: Path) -> list[dict[str, Any]]:
    """The same file, read directly and by SQLAlchemy."""
    return [
        {"type": "sqlite", "path": str(file)},
        {"type": "sqlalchemy", "url": f"sqlite:///{file}"},
    ]


def ids(profile: dict[str, Any], bound: Bound, query: str | None = None) -> list[int]:
    """The rows of a range, by number."""
    place = Selection(query=query) if query else Selection(table=("t",))
    selection = Selection(place.table, place.query, (bound,), ("id",))
    data = io.BytesIO()
    with open_source(PROFILE.validate_python(profile), "shop") as source:
        source.stream(selection, ID).write(data)
        assert source.count(selection) == data.getvalue().count(b"\n")
    return sorted(map(int, data.getvalue().split()))


def make(file: Path, columns: str, values: Sequence[Any]) -> None:
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as raw:
        raw.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, {columns})")
        raw.executemany("INSERT INTO t VALUES (?, ?)", enumerate(values, 1))
        raw.commit()


@st.composite
def spelled(draw: st.DrawFn) -> tuple[datetime, str]:
    """A moment in UTC, and one of the texts that mean it."""
    span = timedelta(days=3) // timedelta(microseconds=1)
    step = draw(st.sampled_from([1, 1_000, 1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000]))
    moment = START + timedelta(microseconds=draw(st.integers(0, span // step - 1)) * step)
    zone = draw(st.sampled_from(ZONES))
    local = moment
    if zone[:1] in "+-" and zone:
        sign = 1 if zone[0] == "+" else -1
        local += sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[4:]))
    text = local.isoformat(draw(st.sampled_from(" T")))
    if text.endswith(":00") and not local.second and draw(st.booleans()):
        text = text[:-3]
    if not zone and local.time() == datetime.min.time() and draw(st.booleans()):
        return moment, text[:10]
    return moment, text + zone


@given(
    rows=st.lists(spelled(), min_size=1, max_size=12),
    every=st.sampled_from(["hour", "day"]),
    mark=st.integers(0, 11),
)
@settings(max_examples=20, deadline=None)
def test_a_moment_is_in_the_range_it_belongs_to_however_it_is_spelled(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[datetime, str]],
    every: str,
    mark: int,
) -> None:
    file = tmp_path_factory.mktemp("ranges") / "shop.db"
    make(file, "at DATETIME", [text for _, text in rows])
    split = SplitSettings.model_validate(
        {"by": "at", "every": every, "start": "2026-01-01", "end": "2026-01-04"}
    )
    ranges = parts_of(split, datetime(2026, 2, 1, tzinfo=timezone.utc))
    moments = [moment for moment, _ in rows]
    since = moments[mark % len(rows)]
    for profile in profiles(file):
        for part in (ranges[0], ranges[len(ranges) // 2], ranges[-1]):
            lower, upper = (datetime.fromisoformat(str(end)) for end in (part.lower, part.upper))
            assert ids(profile, Bound("at", part.lower, part.upper)) == [
                at for at, moment in enumerate(moments, 1) if lower <= moment < upper
            ]
        assert ids(profile, Bound("at", since.isoformat(" "))) == [
            at for at, moment in enumerate(moments, 1) if moment >= since
        ]


def test_digits_behind_the_sixth_count_as_the_target_rounds_them(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    texts = ["2026-01-01 03:04:05.1234564", "2026-01-01 03:04:05.1234567", "2026-01-01 03:04:06"]
    make(file, "at DATETIME", texts)
    for profile in profiles(file):
        assert ids(profile, Bound("at", "2026-01-01 03:04:05.123457")) == [2, 3]
        assert ids(profile, Bound("at", None, "2026-01-01 03:04:05.123457")) == [1]


@pytest.mark.parametrize("day", ["2026-01-02", "2026-01-02 00:00:00", "2026-01-02T00:00:00Z"])
def test_days_are_in_the_range_of_their_day(tmp_path: Path, day: str) -> None:
    file = tmp_path / "shop.db"
    make(file, "day DATE", ["2026-01-01", day, "2026-01-03", None])
    for profile in profiles(file):
        assert ids(profile, Bound("day", "2026-01-02 00:00:00", "2026-01-03 00:00:00")) == [2]
        assert ids(profile, Bound("day", "2026-01-02")) == [2, 3]
        assert ids(profile, Bound("day", "2026-01-03", includes_null=True)) == [3, 4]


@pytest.mark.parametrize("declared", ["n", "n NUMERIC", "n INTEGER", "n REAL"])
@pytest.mark.parametrize("query", [None, "SELECT id, n + 0 AS n FROM t"])
def test_a_mark_of_numbers_is_compared_as_a_number(
    tmp_path: Path, declared: str, query: str | None
) -> None:
    file = tmp_path / "shop.db"
    make(file, declared, [1, 2, 3, 30, None])
    assert ids(profiles(file)[0], Bound("n", "3"), query) == [3, 4]
    assert ids(profiles(file)[0], Bound("n", "2", "30"), query) == [2, 3]


def test_great_numbers_lose_no_digit(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    make(file, "n", [2**53, 2**53 + 1, 2**53 + 2])
    assert ids(profiles(file)[0], Bound("n", str(2**53 + 1))) == [2, 3]


@pytest.mark.parametrize("value", ["02.01.2026", "20260102", "soon", 1_700_000_000])
def test_a_value_that_is_no_moment_is_an_error_and_not_left_out(
    tmp_path: Path, value: object
) -> None:
    file = tmp_path / "shop.db"
    make(file, "at DATETIME", ["2026-01-01 03:00:00", value])
    with pytest.raises(SourceReadError, match="a value of the column its range") as caught:
        ids(profiles(file)[0], Bound("at", "2026-01-01", "2026-01-02"))
    assert str(value) not in str(caught.value)
