"""What the keys of single modes may say, and what does not go with which mode."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from kada_dagster.loader.definition.parts import HistorySettings
from kada_dagster.loader.definition.task import TaskDefinition

KEYED = {"source": {"table": "s.t"}, "key": ["id"]}
FILES = {"source": {"files": {"pattern": "*.csv"}}, "key": ["id"]}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"mode": "sql", "sql": ["a.sql", "b.sql"]}, "give one SELECT"),
        ({"mode": "full", "compare": True, **KEYED}, "is for mode sql only"),
        ({"mode": "full", "history": {"track": "a"}, **KEYED}, "is for mode history only"),
        ({"mode": "full", "deletes": "hard", **KEYED}, "mode full does not know it"),
        ({"mode": "diff", "deletes": "none", **KEYED}, "mode diff does not know it"),
        ({"mode": "history", "deletes": {"column": "g"}, **KEYED}, "mode history does not know"),
        (
            {
                "mode": "file",
                "source": {"files": {"pattern": "*.csv", "after": "delete"}},
                "checks": {"schema_drift": True},
            },
            "needs files that stay",
        ),
        ({"mode": "incremental", "cursor": "at", **FILES}, "files and answers are read whole"),
        (
            {"mode": "full", "split": {"by": "d", "every": "day", "start": "2026-01-01"}, **FILES},
            "whole",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        TaskDefinition.model_validate(fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"mode": "sql", "before": "a.sql"},
        {"mode": "sql", "sql": "a.sql", "compare": True},
        {"mode": "diff", **KEYED},
        {"mode": "history", "deletes": "none", **KEYED},
        {"mode": "history", **FILES},
        {"mode": "incremental", "cursor": "at", "deletes": {"column": "gone"}, **KEYED},
    ],
)
def test_what_goes_together_is_taken(fields: dict[str, Any]) -> None:
    assert TaskDefinition.model_validate(fields).mode == fields["mode"]


def test_columns_of_time_have_the_names_of_a_style_unless_they_are_given() -> None:
    assert HistorySettings().names == ("valid_from", "valid_to", "is_current")
    given = HistorySettings(style="dwh", valid_to="until")
    assert given.names == ("dwh_effective_from", "until", "dwh_effective_current")
