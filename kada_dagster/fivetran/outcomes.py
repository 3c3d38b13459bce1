"""What an action came to. Moments are the server's, in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from kada_dagster.api.values import list_of, object_of, text


@dataclass(frozen=True)
class SyncOutcome:
    """A sync that succeeded, or that was not started because the connection is paused.

    Attributes:
        connection_id: of the connection.
        schema: its name.
        status: which of the two.
        succeeded_at: of the connection, after that.
        failed_at: of the connection, after that.
        started_at: when the sync began, by the history; else when it was asked for; None where
            it was attached to and there is no history.
        sync_id: of the sync, by the history; None if it is not known.
        attached: whether it ran before it was asked for.
        rescheduled_for: the last moment that Fivetran put it off to; None: it did not.
        polls: reads of the connection while waiting.
        calls: requests in all.
        seconds: the whole action took.
        extract_mb: what was read, by the history.
        load_mb: what was written, by the history.
    """

    connection_id: str
    schema: str
    status: Literal["succeeded", "skipped"]
    succeeded_at: datetime | None = None
    failed_at: datetime | None = None
    started_at: datetime | None = None
    sync_id: str | None = None
    attached: bool = False
    rescheduled_for: datetime | None = None
    polls: int = 0
    calls: int = 0
    seconds: float = 0.0
    extract_mb: float | None = None
    load_mb: float | None = None


Told = tuple[str, str]
"""Title and message of a setup test."""


@dataclass(frozen=True)
class TestOutcome:
    """The setup tests of a connection, by how they ended.

    Attributes:
        passed: those that did.
        failed: FAILED, JOB_FAILED, and any status that is not known.
        skipped: those that were not run.
        warnings: those that passed with a remark.
        connection_id: of the connection.
        setup_state: of the connection, after that.
    """

    passed: tuple[Told, ...] = ()
    failed: tuple[Told, ...] = ()
    skipped: tuple[Told, ...] = ()
    warnings: tuple[Told, ...] = ()
    connection_id: str = ""
    setup_state: str = ""

    __test__ = False  # pytest: this is no test

    @property
    def ok(self) -> bool:
        """Whether none failed."""
        return not self.failed

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> TestOutcome:
        """The outcome in the answer to a request for tests."""
        ended: dict[str, list[Told]] = {name: [] for name in {*_KINDS.values(), "failed"}}
        for one in map(object_of, list_of(answer.get("setup_tests"))):
            status = text(one.get("status")).upper()
            told = (text(one.get("title")), text(one.get("message")))
            ended[_KINDS.get(status, "failed")].append(told)
        return cls(
            **{name: tuple(tests) for name, tests in ended.items()},
            connection_id=text(answer.get("id")),
            setup_state=text(object_of(answer.get("status")).get("setup_state")).lower(),
        )


_KINDS = {"PASSED": "passed", "SKIPPED": "skipped", "WARNING": "warnings"}
