"""What a task.yaml may say, and what does not go together."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kada_dagster.loader.definition.parts import RunSettings, SplitSettings
from kada_dagster.loader.definition.spans import span_of
from kada_dagster.loader.definition.task import TaskDefinition

TABLE = {"source": {"table": "s.t"}}


def refusal(fields: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as caught:
        TaskDefinition.model_validate(fields)
    (error,) = caught.value.errors()
    below = error.get("ctx", {}).get("below", ())
    return f"{'.'.join(map(str, below))} {error['msg']}".strip()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"mode": "full"}, "source is required"),
        ({"mode": "sql", "sql": "a.sql", **TABLE}, "source mode sql reads the target"),
        ({"mode": "sql"}, "sql is required for mode sql"),
        ({"mode": "full", "sql": "a.sql", **TABLE}, "sql is for mode sql only"),
        ({"mode": "upsert", **TABLE}, "key is required for mode upsert"),
        ({"mode": "diff", **TABLE}, "key is required for mode diff"),
        ({"mode": "history", **TABLE}, "key is required for mode history"),
        ({"mode": "full", "deletes": "hard", **TABLE}, "key is required for deletes"),
        ({"mode": "incremental", **TABLE}, "cursor is required for mode incremental"),
        ({"mode": "full", "cursor": "x", **TABLE}, "cursor is for mode incremental only"),
        ({"mode": "full", "lag": "5 minutes", **TABLE}, "lag is for mode incremental only"),
        ({"mode": "full", "write": "append", **TABLE}, "write is for modes file and http only"),
        ({"mode": "file", **TABLE}, "source.files is what mode file needs"),
        ({"mode": "http", **TABLE}, "source.http is what mode http needs"),
        (
            {
                "mode": "diff",
                "key": "a",
                "split": {"by": "a", "size": 5, "start": 0, "end": 9},
                **TABLE,
            },
            "split is for modes full and upsert only",
        ),
    ],
)
def test_what_does_not_go_together_is_said_at_the_field(fields: dict[str, Any], said: str) -> None:
    assert said in refusal(fields)


def test_a_source_is_one_thing() -> None:
    both = {"mode": "full", "source": {"table": "a", "query": "b.sql"}}
    with pytest.raises(ValidationError, match="give one of table, query, files, http"):
        TaskDefinition.model_validate(both)


def test_a_table_name_with_a_dot_in_a_part_is_written_as_a_list() -> None:
    plain = TaskDefinition.model_validate({"mode": "full", "source": {"table": "a.b"}})
    listed = TaskDefinition.model_validate({"mode": "full", "source": {"table": ["a", "b.c"]}})
    tables = [task.source.table for task in (plain, listed) if task.source]
    assert tables == [("a", "b"), ("a", "b.c")]


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30 seconds", timedelta(seconds=30)),
        ("23 hours", timedelta(hours=23)),
        ("1 day 12 hours", timedelta(hours=36)),
        ("1.5 minutes", timedelta(seconds=90)),
        ("2 WEEKS", timedelta(weeks=2)),
        (90, timedelta(seconds=90)),
    ],
)
def test_spans_are_read_as_people_write_them(text: object, span: timedelta) -> None:
    assert span_of(text) == span


@pytest.mark.parametrize("text", ["", "soon", "5 parsecs", "5", "0 hours", "-1 hours", "5 h", True])
def test_what_is_no_span_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="span of time"):
        span_of(text)


@given(st.integers(1, 5_000), st.sampled_from(["second", "minute", "hour", "day", "week"]))
def test_a_span_of_one_unit_is_as_long_as_so_many_of_them(number: int, unit: str) -> None:
    assert span_of(f"{number} {unit}s") == number * span_of(f"1 {unit}")


@pytest.mark.parametrize("hours", ["22:00-06:00", "00:00-24:00", "08:30-09:00"])
def test_hours_of_a_day_are_taken(hours: str) -> None:
    assert RunSettings(windows=[hours]).windows == [hours]


@pytest.mark.parametrize("hours", ["8-9", "25:00-26:00", "08:00-08:00", "08:00", "24:30-01:00"])
def test_what_is_no_hours_of_a_day_is_refused(hours: str) -> None:
    with pytest.raises(ValidationError, match="must be hours of a day like 22:00-06:00"):
        RunSettings(windows=[hours])


def test_a_split_is_by_time_or_by_numbers() -> None:
    with pytest.raises(ValidationError, match="give `every` for ranges of time, or `size`"):
        SplitSettings(by="id", start=0)
    with pytest.raises(ValidationError, match="start: must be a number"):
        SplitSettings(by="id", size=10, start="2020-01-01", end=5)
