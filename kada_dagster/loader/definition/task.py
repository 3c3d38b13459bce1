"""The model of task.yaml: one table of the target, and how it is filled."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import Self

from kada_dagster.config.fields import Text
from kada_dagster.loader.definition.parts import (
    Defaults,
    Deletes,
    HistorySettings,
    Names,
    SoftDeletes,
    SplitSettings,
    shared,
)
from kada_dagster.loader.definition.sources import TaskSource

ModeName = Literal["full", "upsert", "incremental", "diff", "history", "sql", "file", "http"]
_KEYED = ("upsert", "diff", "history")


class TaskDefinition(Defaults):
    """What one task.yaml says; what it leaves out, its route's `defaults` may say."""

    status: Literal["active", "draft", "old"] = Field(
        default="active", description="Only active tasks are there."
    )
    description: Text = Field(default="", description="Shown in the catalogue of assets.")
    owners: list[Text] = Field(default=[], description="E-mail addresses, or teams as `team:name`.")
    tags: dict[str, Text] = Field(default={}, description="Tags of the asset.")
    mode: ModeName = Field(description="How the table is filled.")
    source: TaskSource | None = Field(default=None, description="Where its rows come from.")
    columns: dict[str, Text] = Field(
        default={}, description="Columns of the target, and what they are called at the source."
    )
    key: Names = Field(default=[], description="Columns that tell rows apart.")
    cursor: Text | None = Field(
        default=None, description="Of mode incremental: a moment or number that only grows."
    )
    lag: Text | int | None = Field(
        default=None, description="How far before the mark to begin: '5 minutes', or a number."
    )
    write: Literal["full", "upsert", "append"] = Field(
        default="full", description="Of modes file and http: how rows meet those that are there."
    )
    deletes: Deletes = Field(
        default="none", description="What becomes of rows that are gone at the source."
    )
    history: HistorySettings = Field(
        default_factory=shared(HistorySettings()),
        description="Of mode history: columns of time, and what counts.",
    )
    compare: bool = Field(
        default=False, description="Of mode sql: a result that is the same changes nothing."
    )
    block: int = Field(
        default=2000, ge=1, le=1_000_000, description="Of mode diff: rows that share a hash."
    )
    split: SplitSettings | None = Field(default=None, description="Ranges to load it in.")
    sql: Names = Field(default=[], description="Of mode sql: the file with the SELECT.")
    before: Names = Field(default=[], description="SQL files to run before, on the target.")
    after: Names = Field(default=[], description="SQL files to run after, on the target.")
    depends: list[Text] = Field(default=[], description="Tasks that run before, as schema.table.")

    @property
    def is_read(self) -> bool:
        """Whether its rows come from files or an API."""
        return self.mode in ("file", "http")

    @property
    def replaces_all(self) -> bool:
        """Whether the rows of a load take the place of all that are there."""
        return self.mode in ("full", "sql") or (self.is_read and self.write == "full")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for field, message in _misfits(self):
            raise PydanticCustomError("misfit", "{what}", {"what": message, "below": (field,)})
        return self


def _misfits(task: TaskDefinition) -> list[tuple[str, str]]:
    """What does not go together, as field and message."""
    needs_source = task.mode != "sql"
    is_keyed = task.mode in _KEYED or task.write == "upsert" or task.deletes != "none"
    is_incremental = task.mode == "incremental"
    found = [
        ("source", "is required", needs_source and task.source is None),
        ("source", "mode sql reads the target; leave it out", not needs_source and task.source),
        ("sql", "is required for mode sql", _has_nothing_to_run(task)),
        ("sql", "give one SELECT; what runs before it belongs below before", len(task.sql) > 1),
        ("compare", "is for mode sql only", task.compare and task.mode != "sql"),
        ("history", "is for mode history only", _was_given(task, "history", "history")),
        ("sql", "is for mode sql only", task.mode != "sql" and task.sql),
        ("key", f"is required for {_keyed_by(task)}", is_keyed and not task.key),
        ("key", "is required for checks.unique", task.checks.unique and not task.key),
        ("checks.schema_drift", "mode http does not know it", _drifts_unseen(task)),
        ("checks", "what is compared with files needs files that stay", _compares_gone(task)),
        ("cursor", "is required for mode incremental", _lacks_cursor(task)),
        ("cursor", "is for mode incremental only", not is_incremental and task.cursor),
        (
            "lag",
            "is for mode incremental only",
            task.mode != "incremental" and task.lag is not None,
        ),
        ("split", "is for modes full and upsert only", task.split and task.mode not in _SPLIT),
        ("write", "is for modes file and http only", task.write != "full" and not task.is_read),
        ("source.files", "is what mode file needs", _lacks(task, "file", "files")),
        ("source.http", "is what mode http needs", _lacks(task, "http", "http")),
        ("source", "files and answers are read whole, not from a mark or in ranges", _cut(task)),
        ("deletes", f"mode {task.mode} does not know it", _has_odd_deletes(task)),
    ]
    return [(field, message) for field, message, is_wrong in found if is_wrong]


_SPLIT = ("full", "upsert")


def _has_nothing_to_run(task: TaskDefinition) -> bool:
    return task.mode == "sql" and not (task.sql or task.before or task.after)


def _was_given(task: TaskDefinition, field: str, mode: str) -> bool:
    return field in task.model_fields_set and task.mode != mode


def _has_odd_deletes(task: TaskDefinition) -> bool:
    """Where all rows are replaced none is deleted; a diff without deletes would never end."""
    if task.mode == "diff":
        return task.deletes == "none" and "deletes" in task.model_fields_set
    if task.mode == "history":
        return isinstance(task.deletes, SoftDeletes)
    is_merged = task.mode in ("upsert", "incremental") or task.write == "upsert"
    return task.deletes != "none" and not is_merged


def _keyed_by(task: TaskDefinition) -> str:
    if task.mode in _KEYED:
        return f"mode {task.mode}"
    return "write: upsert" if task.write == "upsert" else "deletes"


def _drifts_unseen(task: TaskDefinition) -> bool:
    """Columns of an API are known only when all of it is read."""
    return task.mode == "http" and task.checks.schema_drift


def _compares_gone(task: TaskDefinition) -> bool:
    """Checks look at the source again, behind the load."""
    files = task.source.files if task.source else None
    counts = task.checks.row_count is not None and task.mode != "file"  # it knows what was read
    return bool(files and files.after != "keep" and (counts or task.checks.schema_drift))


def _cut(task: TaskDefinition) -> bool:
    """Whether only some rows of files or answers are asked for."""
    is_read = task.source is not None and bool(task.source.files or task.source.http)
    return is_read and (task.mode == "incremental" or task.split is not None)


def _lacks_cursor(task: TaskDefinition) -> bool:
    return task.mode == "incremental" and task.cursor is None


def _lacks(task: TaskDefinition, mode: str, field: str) -> bool:
    return task.mode == mode and (task.source is None or getattr(task.source, field) is None)
