"""What came of one load of several, or of the checks behind it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from kada_dagster.errors import KadaError
from kada_dagster.loader.engine.result import LoadResult
from kada_dagster.loader.quality import Quality
from kada_dagster.loader.runs.choice import Load


@dataclass(frozen=True)
class Outcome:
    """How a load ended.

    Attributes:
        load: what it was.
        result: what it did; None where it failed, did not begin, or is no load.
        checks: what the checks found.
        error: why it failed; None where it did not.
        attempts: how often it was begun.
        because: why it did not begin.
    """

    load: Load
    result: LoadResult | None = None
    checks: tuple[Quality, ...] = ()
    error: Exception | None = None
    attempts: int = 0
    because: str = ""

    @property
    def status(self) -> str:
        """`loaded`, `checked`, `failed` or `not run`."""
        if self.is_done:
            return "loaded" if self.result else "checked"
        return "failed" if self.error or self.checks else "not run"

    @property
    def is_done(self) -> bool:
        """Whether the table is loaded, or is as its checks want it."""
        return self.result is not None or (
            bool(self.checks) and all(check.passed for check in self.checks)
        )

    @property
    def holds_others(self) -> bool:
        """Whether what waits for the task cannot run."""
        if self.load.checks:
            return not self.is_done and self.load.task.definition.checks.blocking
        return not self.is_done

    @property
    def exit_code(self) -> int:
        """What it means for the command."""
        if self.is_done:
            return 0
        return self.error.exit_code if isinstance(self.error, KadaError) else 1

    @property
    def reason(self) -> str:
        """Why nothing was loaded; of an error nobody foresaw only its kind, as it may show rows."""
        if isinstance(self.error, KadaError):
            return str(self.error)
        if self.checks:
            return "; ".join(f"{c.name}: {c.message}" for c in self.checks if not c.passed)
        if self.error is not None:
            return f"{type(self.error).__name__}, which nobody foresaw; --debug shows where"
        return self.because

    def facts(self) -> dict[str, Any]:
        """All of it, for scripts."""
        task, result = self.load.task, self.result
        facts: dict[str, Any] = {
            "task": task.id,
            "route": task.route,
            "mode": task.definition.mode,
            "part": self.load.part.name if self.load.part else None,
            "status": self.status,
            "attempts": self.attempts,
        }
        if self.checks:
            return {**facts, "checks": [asdict(check) for check in self.checks]}
        if result is None:
            return {**facts, "error": self.reason}
        return {
            **facts,
            **asdict(result.counts),
            "bytes": result.size,
            "seconds": round(result.seconds, 3),
            "mark_before": result.mark_before,
            "mark_after": result.mark_after,
            "notes": result.notes,
        }
