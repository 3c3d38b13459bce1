"""Answers of shapes nobody promised: each is read as far as it can be, and no run fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kada_dagster.sandbox.hightouch.faults import Ids
from kada_dagster.sandbox.hightouch.payload import as_json
from kada_dagster.sandbox.hightouch.runs import Run
from kada_dagster_tests.hightouch.extracted import serving
from kada_dagster_tests.hightouch.test_windows import moment, workspace

VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=8),
        st.sampled_from(
            ["mappings", "standard", "a.b", '"', "9999-12-31T23:59:59Z", "{{ row.x }}"]
        ),
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["from", "to", "type", "template", "sql", "name", "object", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
_CONFIGURATION = ("mappings", "externalIdMapping", "object", "database", "mode", "tableName")
CHANGES = {
    "sources": ("name", "slug", "type", "configuration", "createdAt", "updatedAt"),
    "destinations": ("name", "slug", "type", "configuration", "createdAt"),
    "models": (
        *("name", "raw", "table", "dbt", "dbt_cloud", "visual", "custom", "queryType", "tags"),
        *("sourceId", "primaryKey", "isSchema", "lastRunSize", "folderId", "description"),
    ),
    "syncs": (
        *("slug", "configuration", "schedule", "status", "disabled", "lastRunAt", "tags"),
        *("referencedColumns", "primaryKey", "modelId", "destinationId"),
    ),
}
RUN_KEYS = (
    *("id", "createdAt", "startedAt", "finishedAt", "querySize", "status", "error"),
    *("plannedRows", "successfulRows", "failedRows"),
)


def changes(*keys: str) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the keys with values of any kind."""
    return st.dictionaries(st.sampled_from(keys), VALUES, max_size=4)


@dataclass(frozen=True, kw_only=True)
class OddRun(Run):
    """A run with other values than it should have."""

    changes: dict[str, Any] = field(default_factory=dict[str, Any])

    def body(self, ids: Ids, now: datetime) -> bytes:
        return as_json({**self.payload(now), **self.changes})


@given(
    st.fixed_dictionaries({kind: changes(*keys) for kind, keys in CHANGES.items()}),
    changes(*_CONFIGURATION),
    changes(*RUN_KEYS),
)
@settings(max_examples=60, deadline=None)
def test_any_value_anywhere_is_survived(
    odd: dict[str, dict[str, Any]], configuration: dict[str, Any], odd_run: dict[str, Any]
) -> None:
    estate = workspace(
        OddRun(
            id=1,
            created_at=moment(0),
            started_at=moment(1),
            finished_at=moment(2),
            changes=odd_run,
        )
    )
    odd["syncs"] = {"configuration": configuration, **odd["syncs"]}
    for kind, changed in odd.items():
        for entity in list(estate.entities(kind).values()):  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
            object.__setattr__(entity, "changes", changed)
    with serving(estate) as site, TemporaryDirectory() as output:
        found = site.extract(Path(output))
    names = [fact.tool_object_type for fact in found.meta]
    assert {"HIGHTOUCH_SOURCE", "HIGHTOUCH_MODEL", "HIGHTOUCH_SYNC"} <= set(names)
