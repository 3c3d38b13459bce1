"""Setup tests of connections: their results and what they say of a connection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["PASSED", "SKIPPED", "WARNING", "FAILED", "JOB_FAILED"]


@dataclass(frozen=True)
class SetupTest:
    """The result of a test.

    Attributes:
        title: what was tested.
        status: how it came out; other words are allowed, as the vendor may add some.
        message: more of it.
    """

    title: str
    status: Status | str = "PASSED"
    message: str = ""

    def payload(self) -> dict[str, Any]:
        """The result as the API has it."""
        return {"title": self.title, "status": self.status, "message": self.message, "details": {}}


PASSED = (
    SetupTest("Connecting to host"),
    SetupTest("Validating certificate", "SKIPPED", "The connection is not encrypted"),
    SetupTest("Checking permissions"),
)
"""What comes out unless it is scripted."""


def let_in(results: Sequence[SetupTest]) -> bool:
    """Whether a connection with these results works."""
    return all(one.status not in ("FAILED", "JOB_FAILED") for one in results)
